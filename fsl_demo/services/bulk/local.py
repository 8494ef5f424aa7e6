"""The engine of one machine: pictures are decoded in other processes while the networks have those before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice

import pyarrow

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.streams import Item, Stream
from fsl_demo.services.bulk.decoding import Read, Reader, cores
from fsl_demo.services.bulk.pace import OnPace, Pacing
from fsl_demo.services.bulk.parts import Parts, groups
from fsl_demo.services.bulk.task import Described, Row, Task

CHUNK_BYTES = 96_000_000
"""Pixels that are handed to the networks at once."""


class Local:
    """One task in this process.

    Attributes:
        described: the task.
    """

    def __init__(self, task: Task) -> None:
        self._task, self.described = task, Described.of(task)

    def carry_out(self, stream: Stream, parts: Parts, schema: pyarrow.Schema, on_pace: OnPace) -> None:
        """As of `Engine`."""
        missing = parts.missing()
        pacing = Pacing.of(parts, missing, on_pace)
        reader = Reader(items_of(stream, parts, missing), cores())
        try:
            reads = iter(reader)
            for number in missing:
                rows = part_rows(self._task, reads, reader, number=number, length=parts.length(number))
                if len(rows) < parts.length(number):
                    raise UserError("bulk_changed", source=stream.name)
                parts.write(number, pyarrow.Table.from_pylist(rows, schema))
                pacing.add(len(rows))
        finally:
            reader.close()


def part_rows(task: Task, reads: Iterator[Read], reader: Reader, number: int, length: int) -> list[Row]:
    """The rows of a part, in the order of its items; those of pictures that cannot be read say why."""
    heads: list[Row] = []
    following = iter(list(task.answer(_chunks(islice(reads, length), reader, number=number, heads=heads))))
    return [head if head["error"] is not None else head | next(following) for head in heads]


def _chunks(reads: Iterable[Read], reader: Reader, number: int, heads: list[Row]) -> Iterator[list[Picture]]:
    """The pictures that can be read, so many at a time; the head of each row is put into `heads`.

    Answers of other parts, which a run that goes on does not have at hand, must not come into those of this one, not
    even by their rounding: in each part a picture has an identity of its own.
    """
    chunk: list[Picture] = []
    count = held = 0
    for read in reads:
        heads.append(_head(read))
        count, held = count + 1, held + read.held
        if read.picture is not None:
            chunk.append(replace(read.picture, sha256=f"{read.picture.sha256} {number}"))
        if held >= CHUNK_BYTES and chunk:
            yield chunk
            reader.release(count, held)
            chunk, count, held = [], 0, 0
    if chunk:
        yield chunk
    reader.release(count, held)


def _head(read: Read) -> Row:
    name = read.name.encode("utf-8", "backslashreplace").decode()
    error = None if read.error is None else str(read.error).encode("utf-8", "backslashreplace").decode()
    return {"file": name, "sha256": read.picture.sha256 if read.picture else None, "error": error}


def items_of(stream: Stream, parts: Parts, missing: list[int]) -> Iterator[Item]:
    """The items of parts."""
    return chain.from_iterable(
        islice(stream.items(group.start * parts.size), len(group) * parts.size) for group in groups(missing)
    )
