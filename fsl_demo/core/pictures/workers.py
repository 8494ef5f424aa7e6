"""Decoding in a process of its own, which time and memory bound; one that a picture has ended is replaced."""

from __future__ import annotations

import json
import os
import queue
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

import fsl_demo
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import limits
from fsl_demo.core.pictures.budget import PixelBudget

AT_ONCE, PIXELS_AT_ONCE = 2, 26_000_000
"""Pictures that are decoded at the same time, and pixels of them all: two of 12 megapixels, or a larger one alone."""
REQUEST, LEAVE, LENGTH_BYTES = struct.Struct(">?Q"), b"\1", 8
"""As `worker` has them, which this process does not load."""
_ENDED_SECONDS = 2.0
"""What a picture counts whose process the kernel has ended."""
_PIPE_BYTES = 1 << 20
_ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(str(folder) for folder in Path(fsl_demo.__file__).resolve().parents[1:2]),
    "MALLOC_ARENA_MAX": "1",  # an arena takes 64 MB of what the process may take
    "MALLOC_MMAP_THRESHOLD_": "4000000",  # the room of pixels goes back to the system with them
    "MALLOC_TRIM_THRESHOLD_": "8000000",
    "OPENBLAS_NUM_THREADS": "1",
}


def allow(at_once: int) -> None:
    """Decode so many pictures at the same time from now on, where that is more than before."""
    global _allowed, _budget
    if at_once > _allowed:
        for _ in range(at_once - _allowed):
            _free.put(None)
        _allowed, _budget = at_once, PixelBudget(PIXELS_AT_ONCE * at_once // AT_ONCE)


@dataclass(frozen=True)
class Decoded:
    """A picture that was decoded, wherever its pixels are.

    Attributes:
        sha256: of its size and pixels.
    """

    width: int
    height: int
    sha256: str


def decode(data: bytes) -> tuple[Decoded, Image.Image]:
    """Decode a file.

    Raises:
        UserError: `picture_*`, without the file's name.
    """
    with _worker() as worker, worker.decoding(data, encoded=False) as decoded:
        image, top = Image.new("RGB", (decoded.width, decoded.height), None), 0
        for block in worker.blocks():  # the pixels are not here twice
            strip = Image.frombytes("RGB", (image.width, len(block) // image.width // 3), block)
            image.paste(strip, (0, top))
            top += strip.height
    return decoded, image


def encode(data: bytes, out: BinaryIO) -> tuple[Decoded, Image.Image]:
    """Write a file's picture as PNG; its pixels stay in the other process. Gives its preview.

    Raises:
        UserError: `picture_*`, without the file's name.
    """
    with _worker() as worker, worker.decoding(data, encoded=True) as decoded:
        preview = Image.open(BytesIO(b"".join(worker.blocks())), formats=("PNG",))
        preview.load()
        for block in worker.blocks():
            out.write(block)
    return decoded, preview


@contextmanager
def _worker() -> Iterator[_Worker]:
    """A process for one picture. Where something fails, what else it was about to say is not for the next one."""
    worker = _free.get()
    try:
        if worker is None or not worker.is_alive():
            worker = _Worker()
        try:
            yield worker
        except UserError:
            raise
        except BaseException:
            worker.end()
            raise
    except (EOFError, BrokenPipeError) as error:  # the kernel has ended it
        limits.count(_ENDED_SECONDS)
        raise UserError("picture_costly") from error
    finally:
        _free.put(worker)


class _Worker:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "fsl_demo.core.pictures.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=_PIPE_BYTES,
            env={**os.environ, **_ENVIRONMENT},
        )
        try:
            self._read_line()
        except EOFError as error:
            raise RuntimeError("the process that decodes pictures does not start") from error

    def is_alive(self) -> bool:
        return self._process.poll() is None

    @contextmanager
    def decoding(self, data: bytes, *, encoded: bool) -> Iterator[Decoded]:
        """Send a file, and give leave to decode it when there is room. The answer's blocks are to be read inside."""
        self._write(REQUEST.pack(encoded, len(data)), data)
        answer = self._read_line()
        with ExitStack() as leave:
            if "pixels" in answer:
                leave.enter_context(_budget.taken(answer["pixels"]))
                self._write(LEAVE)
                answer = self._read_line()
            if "error" in answer:
                limits.count(answer["seconds"])
                raise UserError(answer["error"], **answer["params"])
            width, height = answer["size"]
            yield Decoded(width, height, answer["sha256"])
            limits.count(self._read_line()["seconds"])

    def blocks(self) -> Iterator[bytes]:
        """Those up to the next empty one."""
        while length := int.from_bytes(self._read(LENGTH_BYTES), "big"):
            yield self._read(length)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _write(self, *parts: bytes) -> None:
        assert self._process.stdin is not None
        for part in parts:
            self._process.stdin.write(part)
        self._process.stdin.flush()

    def _read_line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _read(self, length: int) -> bytes:
        assert self._process.stdout is not None
        content = self._process.stdout.read(length)
        if len(content) < length:
            raise EOFError
        return content


def _places() -> queue.LifoQueue[_Worker | None]:
    places: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
    for _ in range(AT_ONCE):
        places.put(None)
    return places


def _start_over() -> None:
    """A fork has workers of its own: those that it knows are its parent's."""
    global _free, _budget, _allowed
    _free, _budget, _allowed = _places(), PixelBudget(PIXELS_AT_ONCE), AT_ONCE


_free, _budget, _allowed = _places(), PixelBudget(PIXELS_AT_ONCE), AT_ONCE
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_start_over)
