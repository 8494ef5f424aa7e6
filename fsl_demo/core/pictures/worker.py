"""The process that decodes: files come in on standard input, pixels go out on standard output.

It loads Pillow and numpy and nothing else of weight. The kernel ends it when a picture takes too long, and denies it
memory beyond a bound, so a file can do no more than be refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import struct
import sys
import time
from pathlib import Path
from typing import BinaryIO

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures.decoding import decode

CPU_SECONDS = 1.8
"""What decoding may take. A photograph of 40 megapixels takes half of it, in the slowest of the formats."""
_WHOLE_SECONDS = 20.0
"""What a picture may take with its way to sRGB, which is long for 40 megapixels but the same for all of them."""
_WALL_SECONDS = 120.0
MEMORY_BYTES = 420_000_000
"""On top of what the process takes before its first picture."""
LENGTH = struct.Struct(">Q")
SECONDS = struct.Struct(">d")
_NICENESS = 5


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Decode until the other end hangs up.

    A request is a length and so many bytes of a file. An answer is a line of JSON, `{"size": [width, height]}`, then
    three bytes a pixel, the hash of the picture, and the seconds that it took; or only a line,
    `{"error": code, "params": {…}, "seconds": …}`.
    """
    _write_line(answers, ready=True)
    while length := requests.read(LENGTH.size):
        _set_clocks(CPU_SECONDS, _WALL_SECONDS)
        _answer(requests.read(*LENGTH.unpack(length)), answers)
        answers.flush()
        _set_clocks(0, 0)


def _answer(data: bytes, answers: BinaryIO) -> None:
    began = time.process_time()

    def refuse(code: str, **params: object) -> None:
        _write_line(answers, error=code, params=params, seconds=time.process_time() - began)

    try:
        raster = decode(data)
        _set_clocks(_WHOLE_SECONDS, _WALL_SECONDS)
        strips = (strip.tobytes() for strip in raster.strips())
        pixels = next(strips)
    except UserError as error:
        refuse(error.code, **error.params)
    except MemoryError:
        refuse("picture_costly")
    except Exception:
        refuse("picture_broken")
    else:
        _write_line(answers, size=raster.size)
        digest = hashlib.sha256(b"RGB %d %d\n" % raster.size)
        while pixels:
            answers.write(pixels)
            digest.update(pixels)
            pixels = next(strips, b"")
        answers.write(digest.digest())
        answers.write(SECONDS.pack(time.process_time() - began))


def _write_line(answers: BinaryIO, **content: object) -> None:
    answers.write(json.dumps(content).encode() + b"\n")
    answers.flush()


if sys.platform == "win32":

    def _set_clocks(cpu: float, wall: float) -> None:
        """Windows has no such clocks."""

    def _bound() -> None:
        """Windows has no such bounds."""

else:

    def _set_clocks(cpu: float, wall: float) -> None:
        """Let the kernel end this process after so many seconds; 0: never."""
        signal.setitimer(signal.ITIMER_PROF, cpu)
        signal.setitimer(signal.ITIMER_REAL, wall)

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
