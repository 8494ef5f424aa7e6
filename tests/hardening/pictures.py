"""Mutated pictures: every one is read or refused in words, in bounded time and memory, and the process lives on.

python -m tests.hardening.pictures --count 100000 --minutes 60
"""

from __future__ import annotations

import argparse
import io
import json
import os
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest

MAX_SECONDS, MAX_MEGABYTES = 2.0, 300
SEEDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("JPEG", "RGB", {"quality": 80}),
    ("JPEG", "RGB", {"progressive": True}),
    ("JPEG", "CMYK", {"restart_marker_rows": 1}),
    ("PNG", "RGBA", {}),
    ("PNG", "P", {"transparency": 3}),
    ("PNG", "I;16", {}),
    ("WEBP", "RGB", {"quality": 80}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("GIF", "P", {}),
    ("GIF", "P", {"save_all": True, "interlace": 0}),
    ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    ("TIFF", "L", {}),
    ("TIFF", "RGBA", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", "RGB", {"compression": "jpeg"}),
    ("BMP", "RGB", {}),
    ("BMP", "P", {}),
    ("HEIF", "RGB", {}),
    ("AVIF", "RGB", {"speed": 10}),
    ("PPM", "RGB", {}),
    ("PPM", "1", {}),
)
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 6_324, 0x7FFFFFFF, 0xFFFFFFFF)
"""What headers lie with."""

Mutation = Callable[[bytes, list[bytes], np.random.Generator], bytes]


@dataclass
class Report:
    """What the mutations did.

    Attributes:
        answers: how many were read, and how many were refused, by code.
        faults: those that did what they must not, each with the bytes that did it.
    """

    answers: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, bytes]] = field(default_factory=list)
    slowest: float = 0.0
    megabytes: float = 0.0


def seeds() -> list[bytes]:
    """Small valid files of nine formats."""
    pillow_heif.register_heif_opener()
    side = np.linspace(0, 255, 64)
    photo = Image.fromarray(
        np.stack([np.add.outer(side, side) / 2, np.outer(side, side) / 255, side[None].repeat(64, 0)], -1).astype(
            np.uint8
        )
    )
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[274] = 6
    files = []
    for number, (kind, mode, options) in enumerate(SEEDS):
        image = (
            Image.fromarray(np.asarray(photo.convert("L"), np.uint16) * 257) if mode == "I;16" else photo.convert(mode)
        )
        buffer = io.BytesIO()
        told = (
            {"icc_profile": profile, "exif": exif.tobytes()}
            if number % 2 and kind in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
            else {}
        )
        image.save(buffer, kind, **options, **told)
        files.append(buffer.getvalue())
    return files


def flip_bits(data: bytes, _: list[bytes], random: np.random.Generator) -> bytes:
    """Turn a few bits over."""
    changed = bytearray(data)
    for at in random.integers(len(data), size=random.integers(1, 12)):
        changed[at] ^= 1 << random.integers(8)
    return bytes(changed)


def cut(data: bytes, _: list[bytes], random: np.random.Generator) -> bytes:
    """End too early, or with zeros."""
    kept = int(random.integers(1, len(data)))
    return data[:kept] + bytes((len(data) - kept) * int(random.integers(2)))


def splice(data: bytes, files: list[bytes], random: np.random.Generator) -> bytes:
    """Put a piece of any file into another, in place of something or between."""
    other = files[random.integers(len(files))]
    start = int(random.integers(len(other)))
    piece = other[start : start + int(random.integers(1, 400))]
    at = int(random.integers(len(data)))
    return data[:at] + piece + data[at + len(piece) * int(random.integers(2)) :]


def repeat_piece(data: bytes, _: list[bytes], random: np.random.Generator) -> bytes:
    """Say a piece many times."""
    start = int(random.integers(len(data)))
    end = start + int(random.integers(1, 300))
    return data[:end] + data[start:end] * int(random.integers(1, 200)) + data[end:]


def lie(data: bytes, files: list[bytes], random: np.random.Generator) -> bytes:
    """Write another number where headers have theirs."""
    changed = bytearray(data)
    for _ in range(int(random.integers(1, 4))):
        form = ("B", "<H", ">H", "<I", ">I")[random.integers(5)]
        size = struct.calcsize(form)
        number = NUMBERS[random.integers(len(NUMBERS))] & (1 << 8 * size) - 1
        at = int(random.integers(min(max(len(data) - size, 1), 400)))
        changed[at : at + size] = struct.pack(form, number)
    return bytes(changed)


MUTATIONS: tuple[Mutation, ...] = (flip_bits, cut, splice, repeat_piece, lie)


def run(count: int, seconds: float, first: int = 0) -> Report:
    """Read so many mutated files, or as many as the time allows.

    Args:
        first: number of the first mutation; each is made from its number alone.
    """
    report, files = Report(), seeds()
    for file in files:
        ingest(file)
    ends = time.monotonic() + seconds
    with _Memory() as memory:
        for number in range(first, first + count):
            if time.monotonic() > ends:
                break
            data = mutated(files, number)
            started = time.process_time(), time.monotonic()
            report.answers[_answer(data, report)] += 1
            spent = time.monotonic() - started[1]
            report.slowest = max(report.slowest, spent)
            if spent > MAX_SECONDS:
                report.faults.append((f"{number}: {spent:.1f} s", data))
        report.megabytes = memory.megabytes
    return report


def mutated(files: list[bytes], number: int) -> bytes:
    """The mutation of that number."""
    random = np.random.default_rng(number)
    data = files[number % len(files)]
    for _ in range(int(random.integers(1, 3))):
        data = MUTATIONS[random.integers(len(MUTATIONS))](data, files, random)
    return data


def _answer(data: bytes, report: Report) -> str:
    try:
        return "read" if ingest(data).image().mode == "RGB" else "not RGB"
    except UserError as error:
        str(error)
        return error.code
    except Exception as error:
        report.faults.append((repr(error), data))
        return "raw error"


class _Memory:
    """Watches what this process and its children take together, beyond what they took at first."""

    def __enter__(self) -> _Memory:
        self.megabytes = 0.0
        self._first = resident(os.getpid())
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self.megabytes = max(self.megabytes, (resident(os.getpid()) - self._first) / 1e6)


def resident(process: int) -> int:
    """Bytes in memory of a process and its children; 0 where the system does not say."""
    own = Path("/proc", str(process))
    if not own.exists():
        return 0
    children = [child for listed in own.glob("task/*/children") for child in listed.read_text().split()]
    total = 0
    for each in (str(process), *children):
        try:
            total += int(Path("/proc", each, "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="mutations (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=30, help="stop after so long (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (default: %(default)s)")
    parser.add_argument("--keep", type=Path, help="folder for the files that did what they must not")
    chosen = parser.parse_args()
    report = run(chosen.count, chosen.minutes * 60, chosen.first)
    for number, (fault, data) in enumerate(report.faults):
        print(f"fault: {fault} ({len(data)} bytes)", file=sys.stderr)
        if chosen.keep:
            chosen.keep.mkdir(parents=True, exist_ok=True)
            (chosen.keep / f"{number}.bin").write_bytes(data)
    done = sum(report.answers.values())
    print(json.dumps({"mutations": done, "answers": dict(report.answers.most_common()), "faults": len(report.faults)}))
    print(json.dumps({"slowest seconds": round(report.slowest, 2), "peak megabytes": round(report.megabytes)}))
    return 1 if report.faults or report.megabytes > MAX_MEGABYTES else 0


if __name__ == "__main__":
    sys.exit(main())
