"""Decoding in a process of its own, which time and memory bound; one that a picture has ended is replaced."""

from __future__ import annotations

import json
import os
import queue
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsl_demo
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures.limits import Work

AT_ONCE = 1
"""Pictures that are decoded at the same time: each may take much memory, and storing one takes longer."""
_DIGEST_BYTES = 32
_LENGTH_BYTES = 8
_SECONDS = struct.Struct(">d")
_ENDED_SECONDS = 2.0
"""What a picture counts whose process the kernel has ended."""
_PIPE_BYTES = 1 << 20
_ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(str(folder) for folder in Path(fsl_demo.__file__).resolve().parents[1:2]),
    "MALLOC_ARENA_MAX": "1",  # an arena takes 64 MB of what the process may take
    "OPENBLAS_NUM_THREADS": "1",
}


@dataclass(frozen=True)
class Pixels:
    """A decoded picture: three bytes a pixel, and the hash of them and their size."""

    width: int
    height: int
    rgb: bytes
    sha256: str


def decode(data: bytes, work: Work) -> Pixels:
    """Decode a file.

    Args:
        work: takes what it costs, whatever comes of it.

    Raises:
        UserError: `picture_*`, without the file's name.
    """
    worker = _free.get()
    try:
        if worker is None or not worker.is_alive():
            worker = _Worker()
        return worker.decode(data, work)
    except (EOFError, BrokenPipeError) as error:  # the kernel has ended it
        work.seconds += _ENDED_SECONDS
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

    def decode(self, data: bytes, work: Work) -> Pixels:
        """Raises: UserError; EOFError or BrokenPipeError when the process has been ended."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(len(data).to_bytes(_LENGTH_BYTES, "big"))
            self._process.stdin.write(data)
            self._process.stdin.flush()
            answer = self._read_line()
            if "error" in answer:
                work.seconds += answer["seconds"]
                raise UserError(answer["error"], **answer["params"])
            width, height = answer["size"]
            rgb = self._read(3 * width * height)
            digest = self._read(_DIGEST_BYTES).hex()
            work.seconds += _SECONDS.unpack(self._read(_SECONDS.size))[0]
            return Pixels(width, height, rgb=rgb, sha256=digest)
        except UserError:
            raise
        except BaseException:  # whatever else it was about to say is not for the next picture
            self.end()
            raise

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

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
    global _free
    _free = _places()


_free = _places()
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_start_over)
