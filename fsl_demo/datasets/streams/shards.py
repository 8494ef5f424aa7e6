"""Several files as one source: `photos-{000..099}.tar`, `part-*.zip`."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.streams.stream import Item, Stream

MAX_SHARDS = 100_000
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})")


def is_pattern(source: str) -> bool:
    """Whether it stands for several files, and is none itself."""
    return bool(re.search(r"[*?\[{]", source)) and not os.path.lexists(source)


def open_shards(pattern: str, open_file: Callable[[Path], Stream]) -> Stream:
    """The items of all files, one file after another; each is called by its file and its name in there.

    Args:
        open_file: opens one of them.

    Raises:
        UserError: `source_missing`, `shards_many`, and what is wrong with a file.
    """
    paths = shard_files(pattern)
    digest, counts = hashlib.sha256(), []
    left_out: list[UserError] = []
    for path in paths:
        stream = open_file(path)
        digest.update(f"{path.name}\0{stream.count}\0{stream.fingerprint}\n".encode("utf-8", "surrogateescape"))
        counts.append(stream.count)
        left_out += stream.left_out

    def items(start: int) -> Iterator[Item]:
        for path, count in zip(paths, counts, strict=True):
            if start < count:
                yield from (_Inside(f"{path.name}/{item.name}", item) for item in open_file(path).items(start))
            start = max(start - count, 0)

    name = Path(pattern).name
    return Stream(name, sum(counts), digest.hexdigest(), items=items, left_out=tuple(left_out))


@dataclass(frozen=True)
class _Inside:
    """An item of one of the files."""

    name: str
    item: Item

    @property
    def held(self) -> int:
        return self.item.held

    def read(self) -> bytes:
        return self.item.read()


def shard_files(pattern: str) -> list[Path]:
    """The files that a pattern stands for: braces in the order in which they are written, the others by name.

    Raises:
        UserError: `source_missing`, `shards_many`.
    """
    files: list[str] = []
    for name in _expanded(pattern):
        matching = [name] * os.path.lexists(name)
        if glob.has_magic(name):
            matching = sorted(islice(glob.iglob(name), MAX_SHARDS + 1))  # noqa: PTH207 (it may be absolute)
        if not matching:
            raise UserError("source_missing", source=name)
        files += matching
        if len(files) > MAX_SHARDS:
            raise UserError("shards_many", pattern=pattern, limit=MAX_SHARDS)
    return [Path(name) for name in files]


def _expanded(pattern: str) -> Iterator[str]:
    """The names that braces stand for, `{a,b}` and `{000..099}`."""
    braces = _BRACES.search(pattern)
    if braces is None:
        yield pattern
        return
    before, after = pattern[: braces.start()], pattern[braces.end() :]
    for choice in _choices(braces[1]):
        for rest in _expanded(after):
            yield f"{before}{choice}{rest}"


def _choices(inside: str) -> Sequence[str] | Iterator[str]:
    ends = _RANGE.fullmatch(inside)
    if ends is None:
        return inside.split(",")
    width = len(ends[1]) if ends[1].startswith("0") else 0
    return (f"{number:0{width}d}" for number in range(int(ends[1]), int(ends[2]) + 1))
