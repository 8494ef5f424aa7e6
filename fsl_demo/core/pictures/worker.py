"""The process that decodes: files come in on standard input, canonical pictures go out on standard output.

It loads Pillow and numpy and nothing else of weight. The kernel ends it when a picture takes too long, and denies it
memory beyond a bound, so a file can do no more than be refused.
"""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures.canonical import bands, pixel_hash, preview, write_png
from fsl_demo.core.pictures.decoding import Allow, decode

CPU_SECONDS = 1.8
"""What decoding may take. A photograph of 40 megapixels takes half of it, in the slowest of the formats."""
_WHOLE_SECONDS = 20.0
"""What a picture may take with its way to sRGB and PNG: long for 40 megapixels, but the same for all of them."""
_WALL_SECONDS = 120.0
MEMORY_BYTES = 420_000_000
"""On top of what the process takes before its first picture."""
REQUEST, LENGTH = struct.Struct(">?Q"), struct.Struct(">Q")
_BLOCK_BYTES = 1 << 20
_NICENESS = 5


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Decode until the other end hangs up.

    A request says whether the picture is to be encoded, how long its file is, and so many bytes of it. The answer
    begins with a line of JSON, `{"pixels": number}`, that asks for leave to decode them, which is a byte. Then come a
    line, `{"size": [width, height], "sha256": hash}`, and blocks with their lengths, up to an empty one: three bytes a
    pixel; or, encoded, the preview as PNG, and after the empty block the picture likewise. The last line is
    `{"seconds": …}` of computing. In place of either of the first two lines, `{"error": code, "params": {…},
    "seconds": …}` may end the answer.
    """
    _write_line(answers, ready=True)
    while head := requests.read(REQUEST.size):
        encoded, length = REQUEST.unpack(head)
        _set_clocks(CPU_SECONDS, _WALL_SECONDS)
        _answer(requests.read(length), answers, allow=_Leave(requests, answers), encoded=encoded)
        answers.flush()
        _set_clocks(0, 0)


class _Leave:
    """Leave to decode a picture, for which the other end is asked once; the wall clock stands meanwhile."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests, self._answers = requests, answers
        self._given = False

    def __call__(self, pixels: int) -> None:
        if not self._given:
            _set_wall_clock(0)
            _write_line(self._answers, pixels=pixels)
            if not self._requests.read(1):
                sys.exit()
            _set_wall_clock(_WALL_SECONDS)
            self._given = True


def _answer(data: bytes, answers: BinaryIO, *, allow: Allow, encoded: bool) -> None:
    began = time.process_time()

    def refuse(code: str, **params: object) -> None:
        _write_line(answers, error=code, params=params, seconds=time.process_time() - began)

    try:
        image = _upright(data, allow)
    except UserError as error:
        refuse(error.code, **error.params)
    except MemoryError:
        refuse("picture_costly")
    except Exception:
        refuse("picture_broken")
    else:
        _write_line(answers, size=image.size, sha256=pixel_hash(image))
        if encoded:
            _write_png(preview(image), answers)
            _write_png(image, answers)
        else:
            for box in bands(image.size):
                _write_block(answers, image.crop(box).tobytes())
            _write_block(answers, b"")
        del image  # as the other end takes its leave back with the next line
        _write_line(answers, seconds=time.process_time() - began)


def _upright(data: bytes, allow: Allow) -> Image.Image:
    raster = decode(data, allow)
    _set_clocks(_WHOLE_SECONDS, _WALL_SECONDS)
    return raster.upright()


def _write_png(image: Image.Image, answers: BinaryIO) -> None:
    with io.BufferedWriter(_Blocks(answers), _BLOCK_BYTES) as file:
        write_png(image, file)
    _write_block(answers, b"")


class _Blocks(io.RawIOBase):
    """A file of which every write is a block."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        _write_block(self._answers, content)
        return len(content)


def _write_line(answers: BinaryIO, **content: object) -> None:
    answers.write(json.dumps(content).encode() + b"\n")
    answers.flush()


def _write_block(answers: BinaryIO, content: bytes) -> None:
    answers.write(LENGTH.pack(len(content)))
    answers.write(content)


if sys.platform == "win32":

    def _set_clocks(cpu: float, wall: float) -> None:
        """Windows has no such clocks."""

    def _set_wall_clock(seconds: float) -> None:
        """Nor this one."""

    def _bound() -> None:
        """Windows has no such bounds."""

else:

    def _set_clocks(cpu: float, wall: float) -> None:
        """Let the kernel end this process after so many seconds; 0: never."""
        signal.setitimer(signal.ITIMER_PROF, cpu)
        _set_wall_clock(wall)

    def _set_wall_clock(seconds: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _bound() -> None:
        """Give way to everyone else, leave interruptions to the parent, and take no more than `MEMORY_BYTES`."""
        os.nice(_NICENESS)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if sys.platform == "linux":
            import resource

            taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY_BYTES, taken + MEMORY_BYTES))


if __name__ == "__main__":
    _bound()
    serve(sys.stdin.buffer, sys.stdout.buffer)
