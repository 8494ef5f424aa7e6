"""The folder of a run beside the file that it makes: what was asked for, and the answers so far, a file for each part.

answers.parquet.parts/manifest.json         what the run was asked for
answers.parquet.parts/part-00000000.parquet the first so many pictures

A part is there whole or not at all, so a run that was killed goes on with the parts that are missing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from fsl_demo.core import durable
from fsl_demo.core.errors import UserError, disk_trouble
from fsl_demo.core.exports import folder_within
from fsl_demo.services.bulk.request import Request, differences

if TYPE_CHECKING:
    import pyarrow

PART = 128
"""Pictures of a part: what is computed again, at most, after a kill."""
_KIND = "fsl_demo bulk"
_MANIFEST, _LOCK, _TEMPORARY = "manifest.json", "run.lock", "writing.tmp"


class Parts:
    """The parts of a run. One process at a time has them, see `opened`.

    Attributes:
        size: pictures of a part; the last one may have fewer.
        pictures: in all.
        count: of parts, when all are there.
        temporary: what is being written.
    """

    def __init__(self, folder: Path, request: Request) -> None:
        self.folder, self._request = folder, request
        self.size, self.pictures = PART, int(request["source"]["pictures"])
        self.count = -(-self.pictures // self.size)
        self.temporary = folder / _TEMPORARY

    @classmethod
    @contextmanager
    def opened(cls, out: Path, request: Request) -> Iterator[Parts]:
        """The parts of the run that makes this file, begun where there are none.

        Raises:
            UserError: `bulk_other` where another run has left parts, `bulk_busy`, `export_outside`, `disk_full`,
                `folder_unwritable`.
        """
        folder = out.with_name(f"{out.name}.parts")
        with disk_trouble(out.parent):
            folder_within(folder)
        try:
            with FileLock(folder / _LOCK, timeout=0):
                parts = cls(folder, request)
                parts._begin()
                yield parts
        except Timeout as error:
            raise UserError("bulk_busy", file=out) from error

    def path(self, number: int) -> Path:
        """Where a part is."""
        return self.folder / f"part-{number:08d}.parquet"

    def length(self, number: int) -> int:
        """How many pictures a part has."""
        return min(self.size, self.pictures - number * self.size)

    def missing(self) -> list[int]:
        """The numbers of the parts that are to be made."""
        there = {path.name for path in self.folder.glob("part-*.parquet")}
        return [number for number in range(self.count) if self.path(number).name not in there]

    def write(self, number: int, table: pyarrow.Table) -> None:
        """Keep the answers of a part.

        Raises:
            UserError: `disk_full`, `folder_unwritable`.
        """
        from pyarrow.parquet import write_table

        with disk_trouble(self.folder), durable.replacing(self.path(number), self.temporary) as file:
            write_table(table, file)

    def remove(self) -> None:
        """Remove the folder: the file that it was for is there."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self) -> None:
        manifest = self.folder / _MANIFEST
        if not manifest.exists():
            document = {"kind": _KIND, "pictures of a part": self.size, "request": self._request}
            with disk_trouble(self.folder), durable.replacing(manifest, self.temporary) as file:
                file.write(json.dumps(document, indent=1).encode())
            return
        try:
            document = json.loads(manifest.read_bytes())
            stored = dict(document["request"])
            if document["kind"] != _KIND:
                raise ValueError(document["kind"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise UserError("bulk_manifest", file=manifest, reason=f"{type(error).__name__}: {error}"[:200]) from error
        stored |= {"pictures of a part": document.get("pictures of a part")}
        if different := differences({**self._request, "pictures of a part": self.size}, stored):
            raise UserError("bulk_other", folder=self.folder, different=different)


def groups(numbers: Sequence[int]) -> Iterator[range]:
    """Numbers in their order, those that follow each other together."""
    start = 0
    for end in range(1, len(numbers) + 1):
        if end == len(numbers) or numbers[end] != numbers[end - 1] + 1:
            yield range(numbers[start], numbers[end - 1] + 1)
            start = end
