"""Where a checkpoint's files lie. Names stay within the folder of checkpoints, and so do links."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from fsl_demo.core import shipped
from fsl_demo.core.errors import UserError

FOLDER = shipped.CHECKPOINTS
"""What the app ships, and where training writes unless it is told otherwise."""

Source = str | Path
"""A name in the folder of checkpoints, or any checkpoint's own folder, which a person has named: the version in use is
meant, or one that is named behind it, as in NAME@3."""

WEIGHTS, CARD, VERSIONS, IN_USE = "model.safetensors", "card.json", "versions", "in_use"
LONGEST_NAME = 100
LARGEST_WEIGHTS = 4 << 30
"""Bytes of `model.safetensors`."""
REMEMBERED = 100
"""Lines of `in_use`."""
_PINNED = re.compile("(?P<name>[^@]+)@(?P<version>[1-9][0-9]{0,8})")
_NAME = re.compile(rf"\w(?:[\w .+-]{{0,{LONGEST_NAME - 2}}}[\w+-])?")


def pinned(source: Source) -> tuple[Source, int | None]:
    """The checkpoint, and the version of it that is named; None for the one in use."""
    match = _PINNED.fullmatch(source.name if isinstance(source, Path) else source)
    if match is None or (isinstance(source, Path) and source.is_dir()):
        return source, None
    name = match["name"]
    return source.with_name(name) if isinstance(source, Path) else name, int(match["version"])


def home(source: Source, folder: Path) -> Path:
    """The folder of a checkpoint, which may not be there.

    Raises:
        UserError: `checkpoint_name`, `checkpoint_outside`.
    """
    source, _ = pinned(source)
    if isinstance(source, Path):
        return source
    if not _NAME.fullmatch(source):
        raise UserError("checkpoint_name", name=ascii(source[:LONGEST_NAME])[1:-1], limit=LONGEST_NAME)
    place = folder / source
    if place.is_symlink():
        raise UserError("checkpoint_outside", name=source)
    return place


def is_transformers(home: Path) -> bool:
    """Whether it is a model's folder as transformers writes them, which a captioner may speak with."""
    return (home / "config.json").is_file()


def versions(home: Path) -> list[int]:
    """Numbers of the versions that are there, whole or not."""
    numbers = {1} if any((home / file).is_file() for file in (WEIGHTS, CARD)) else set()
    if (home / VERSIONS).is_dir():
        names = (entry.name for entry in os.scandir(home / VERSIONS) if entry.is_dir())
        numbers |= {int(name) for name in names if re.fullmatch("[1-9][0-9]{0,8}", name)}
    return sorted(numbers)


def version_folder(home: Path, number: int) -> Path:
    """Where the files of a version lie."""
    later = home / VERSIONS / str(number)
    return home if number == 1 and not later.is_dir() else later


def history(home: Path) -> list[int]:
    """The versions that were in use one after the other; the last one is.

    Raises:
        UserError: `in_use_bad`.
    """
    if not (home / IN_USE).exists():
        return [1]
    lines = (
        read(home / IN_USE, home, limit=16 * 1024, name=home.name, code="in_use_bad").decode(errors="replace").split()
    )
    if not lines or not all(re.fullmatch("[1-9][0-9]{0,8}", line) for line in lines):
        raise UserError("in_use_bad", name=home.name)
    return [int(line) for line in lines]


def chosen(source: Source, folder: Path) -> tuple[Path, int]:
    """A checkpoint's folder, and the number of the version that is named or in use.

    Raises:
        UserError: as of `home` and `in_use`; `version_missing`.
    """
    name, number = pinned(source)
    place = home(source, folder)
    if number is None:
        return place, in_use(place, str(source))
    known = versions(place)
    if known and number not in known:
        raise UserError("version_missing", name=name, version=number, known=", ".join(map(str, known)))
    return place, number


def in_use(home: Path, name: str) -> int:
    """The version in use.

    Raises:
        UserError: `weights_missing` where there is none at all, `in_use_bad`, `version_missing`.
    """
    known = versions(home)
    if not known:
        raise UserError("weights_missing", name=name)
    number = history(home)[-1]
    if number not in known:
        raise UserError("version_missing", name=name, version=number, known=", ".join(map(str, known)))
    return number


def read(file: Path, home: Path, limit: int, name: str, code: str = "weights_unreadable") -> bytes:
    """The bytes of a regular file within a checkpoint's folder.

    Args:
        code: of the error where it cannot be read.

    Raises:
        UserError: `weights_missing`, `checkpoint_outside`, and of `code`.
    """
    try:
        if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(home)):
            raise UserError("checkpoint_outside", name=name)
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError(code, name=name, reason=f"{file.name} is no file")
        if status.st_size > limit:
            raise UserError(code, name=name, reason=f"{file.name} has more than {limit // 1024:,} kB")
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError("weights_missing", name=name) from error
    except OSError as error:
        raise UserError(code, name=name, reason=f"{file.name}: {error.strerror or error}") from error
