"""Archives with anything wrong in them, and bombs: a sentence or classes, no raw error, bounded work and memory.

python -m tests.hardening.archives --count 20000
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import struct
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from fsl_demo.core.episodes import quiet
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.class_pictures import pictures_by_class
from fsl_demo.datasets.file_source import open_source
from fsl_demo.services import reading

SLOWEST = 2.0
"""Seconds of CPU time that one mutated archive may take."""
MEGABYTES = 300
"""That reading may add to the process's peak."""


def picture(number: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((16, 16), 50 + number).convert("RGB").save(out, "PNG")
    return out.getvalue()


NAMES = ("cat/1.png", "cat/in/2.png", "猫/3.png", "cover.png", "notes.txt", "cat/")


def plain(method: int) -> bytes:
    """A zip of two classes with names in several scripts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for number, name in enumerate(NAMES):
            archive.writestr(name, picture(number) if name.endswith("png") else b"words " * 50)
    return out.getvalue()


def plain_tar(kind: int) -> bytes:
    """The same as a tar, with a long name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for number, name in enumerate((*NAMES[:-1], f"cat/{'long' * 40}.png")):
            _add(archive, name, picture(number) if name.endswith("png") else b"words " * 50)
    return out.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def mutated_tar(data: bytes, chance: random.Random) -> bytes:
    """The same with a few bytes of its headers changed, half of the time with sums that are right again; or cut."""
    changed = bytearray(data)
    headers = [place for place in range(0, len(data), tarfile.BLOCKSIZE) if data.startswith(b"ustar", place + 257)]
    for _ in range(chance.randint(1, 4)):
        start = chance.choice(headers)
        place = start + chance.randrange(tarfile.BLOCKSIZE)
        match chance.randint(0, 3):
            case 0:
                changed[place] = chance.randrange(256)
            case 1:
                changed[start + 124 : start + 136] = chance.choice((b"7" * 12, b"\x80" + b"\xff" * 11, b"\xff" * 12))
            case 2:
                changed[start + 156] = chance.choice(b"0123456789xgLKSDMNVA\0")
            case _:
                changed[place : place + 40] = chance.randbytes(40)
        if chance.random() < 0.5:
            changed[start + 148 : start + 156] = b" " * 8
            changed[start + 148 : start + 156] = b"%06o\0 " % (sum(changed[start : start + 512]) & 0o777777)
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.1 else changed)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The same with a few bytes changed, cut out, doubled or taken from elsewhere in it; headers more often."""
    changed = bytearray(data)
    marks = [place for mark in (b"PK\1\2", b"PK\3\4", b"PK\5\6") for place in _places(data, mark)]
    for _ in range(chance.randint(1, 6)):
        near = chance.choice(marks) + chance.randint(0, 45)
        place = min(near if chance.random() < 0.7 else chance.randrange(len(data)), len(changed) - 1)
        match chance.randint(0, 4):
            case 0:
                changed[place] = chance.randrange(256)
            case 1:
                changed[place : place + 4] = struct.pack("<L", chance.choice((0, 1, 2**31 - 1, 2**32 - 1, len(data))))
            case 2:
                del changed[place : place + chance.randint(1, 30)]
            case 3:
                changed[place:place] = changed[place : place + chance.randint(1, 60)]
            case _:
                changed = changed[: max(place, 4)]
    return bytes(changed)


def _places(data: bytes, mark: bytes) -> list[int]:
    return [place for place in range(len(data)) if data.startswith(mark, place)]


def nested(depth: int) -> bytes:
    """A zip in a zip in a zip, of zeros."""
    data, name = bytes(10_000_000), "cat/1.png"
    for level in range(depth):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        data, name = out.getvalue(), f"{level}.zip"
    return data


def overlapping() -> bytes:
    """A thousand entries that share one megabyte of zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cat/1.png", bytes(10_000_000))
        (info,) = archive.infolist()
        archive.filelist += [info] * 999
    return out.getvalue()


def declared(size: int) -> bytes:
    """Entries that say they are huge."""
    data = plain(zipfile.ZIP_STORED)
    start = data.index(b"PK\1\2")
    stated = struct.pack("<L", len(picture(0)))
    return data[:start] + data[start:].replace(stated, struct.pack("<L", size))


def many(count: int) -> bytes:
    """An end record that promises so many entries."""
    data = bytearray(plain(zipfile.ZIP_STORED))
    end = data.rindex(b"PK\5\6")
    data[end + 8 : end + 16] = struct.pack("<HHL", 65_535, 65_535, min(count * 60, 2**32 - 1))
    return bytes(data)


def zeros(method: int) -> bytes:
    """Pictures of 19 MB each that are zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for number in range(20):
            archive.writestr(f"cat/{number}.png", bytes(19_000_000))
    return out.getvalue()


def header(name: str, kind: bytes, size: int) -> bytes:
    """A tar that begins with a header, of what is not there."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT) + plain_tar(tarfile.GNU_FORMAT)


def links() -> bytes:
    """Long names before long names: each asks for the next one."""
    info = tarfile.TarInfo("long")
    info.type = tarfile.GNUTYPE_LONGNAME
    return info.tobuf(tarfile.GNU_FORMAT) * 20_000 + plain_tar(tarfile.GNU_FORMAT)


BOMBS: dict[str, Callable[[], bytes]] = {
    "nested": lambda: nested(5),
    "overlapping": overlapping,
    "declared huge": lambda: declared(2**32 - 2),
    "ten million entries": lambda: many(10_000_000),
    "zeros": lambda: zeros(zipfile.ZIP_DEFLATED),
    "zeros in bzip2": lambda: zeros(zipfile.ZIP_BZIP2),
    "tar, a name of 8 GB": lambda: header("long", tarfile.GNUTYPE_LONGNAME, 8_000_000_000),
    "tar, attributes of 8 GB": lambda: header("long", tarfile.XHDTYPE, 8_000_000_000),
    "tar, a file with a hole of 8 GB": lambda: header("cat/1.png", tarfile.GNUTYPE_SPARSE, 8_000_000_000),
    "tar, names before names": links,
    "tar, 100,000 entries": lambda: tarfile.TarInfo("x").tobuf() * 100_000 + bytes(1_024),
}


def told(path: Path) -> str:
    """What reading an archive as classes and as pictures comes to: codes of what is refused.

    Raises:
        Exception: whatever is raised that is no sentence.
    """
    codes = []
    for read in (_classes, _pictures):
        try:
            read(path)
            codes.append("read")
        except UserError as error:
            assert str(error)
            codes.append(error.code)
    return " ".join(codes)


def _classes(path: Path) -> None:
    with open_source(path) as source:
        pictures_by_class(source, quiet, lambda error: None)


def _pictures(path: Path) -> None:
    reading.queries(path, quiet, lambda error: None)


def run(count: int, bombs: bool, seed: int = 0) -> Counter[str]:
    """Try mutated zips and tars, and bombs after them; what they came to, and how often.

    Raises:
        AssertionError: where one took too long, or too much memory.
    """
    chance, outcomes = random.Random(seed), Counter[str]()
    zips = [plain(method) for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)]
    tars = [plain_tar(kind) for kind in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)]
    wholes = [*((mutated, whole) for whole in zips), *((mutated_tar, whole) for whole in tars)]
    before = _peak()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in.zip")
        for number in range(count):
            mutate, whole = wholes[number % len(wholes)]
            path.write_bytes(mutate(whole, chance))
            began = time.process_time()
            outcomes[told(path)] += 1
            assert time.process_time() - began < SLOWEST, number
        for name, build in BOMBS.items() if bombs else ():
            path.write_bytes(build())
            began = time.process_time()
            outcomes[f"{name}: {told(path)} in {time.process_time() - began:.1f} s"] += 1
    assert _peak() - before < MEGABYTES, (before, _peak())
    return outcomes


def _peak() -> float:
    """The process's largest size so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=20_000)
    for outcome, times in run(options.parse_args().count, bombs=True).most_common():
        print(f"{times:7} {outcome}")


if __name__ == "__main__":
    main()
