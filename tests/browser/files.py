"""Pictures as files, the way a person has them."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.browser.stored import NAMES, SIDE, colour
from tests.colours import painted


def queries(folder: Path, ways: int, count: int, seed: int = 500_000) -> list[Path]:
    """Query `n` is of class `n % ways`; other seeds give other pictures, whose first names a workbench keeps."""
    folder.mkdir(exist_ok=True)
    files = [folder / f"{NAMES[n % ways]}-{n:04}.png" for n in range(count)]
    for n, file in enumerate(files):
        painted(colour(n % ways, ways), seed + n, SIDE).save(file)
    return files


def class_zip(file: Path, ways: int, shots: int) -> Path:
    """A zip of class folders."""
    with zipfile.ZipFile(file, "w") as archive:
        for c in range(ways):
            for shot in range(shots):
                picture = file.with_name(f"{c}-{shot}.png")
                painted(colour(c, ways), 700_000 + 100 * c + shot, SIDE).save(picture)
                archive.write(picture, f"plants/{NAMES[c]}/{shot}.png")
    return file
