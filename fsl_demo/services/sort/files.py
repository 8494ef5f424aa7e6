"""Files that are put somewhere complete or not at all, and never in the place of another file."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path, PurePath

from fsl_demo.core import durable

MAX_NAME_BYTES = 255
MAX_SUFFIX_BYTES = 20
_CHUNK = 1 << 20
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
"""What a file system without hard links, or one that forbids this link, answers."""


class ChangedError(Exception):
    """A file does not have the bytes that it was classified by."""


class FreeNames:
    """Gives file names that are not taken yet in one folder, told apart as Windows and macOS do."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(map(name_key, taken))
        self._next: dict[str, int] = {}

    def take(self, name: str) -> str:
        """The name, or as "name (2).jpg" when it is taken; at most 255 bytes."""
        suffix = PurePath(name).suffix
        if len(os.fsencode(suffix)) > MAX_SUFFIX_BYTES:
            suffix = ""
        stem = name.removesuffix(suffix)
        key = name_key(name)
        for number in count(self._next.get(key, 1)):
            candidate = name if number == 1 else _shortened(stem, f" ({number}){suffix}")
            if name_key(candidate) not in self._taken:
                self._taken.add(name_key(candidate))
                self._next[key] = number + 1
                return candidate
        raise AssertionError("there is always a next number")


def name_key(name: str) -> str:
    """What makes two file names the same to a file system that ignores case."""
    return unicodedata.normalize("NFC", name).casefold()


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes; links are followed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def has_bytes(path: Path, sha256: str) -> bool:
    """Whether this is a file of its own, no link, with these bytes."""
    try:
        return stat.S_ISREG(path.lstat().st_mode) and digest(path) == sha256
    except FileNotFoundError:
        return False


def exists(path: Path) -> bool:
    """Whether anything is there, even a link that leads nowhere."""
    return os.path.lexists(path)


def write_new(path: Path, data: bytes, temporary: Path) -> None:
    """Write a file whole.

    Args:
        temporary: where to write before the name is claimed; in the same folder.

    Raises:
        FileExistsError: when something is there.
    """
    clean(temporary, path)
    try:
        with durable.writing(temporary) as file:
            file.write(data)
        claim(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    durable.sync_folder(path.parent)


def copy(source: Path, target: Path, temporary: Path, sha256: str) -> None:
    """Copy bytes, permissions and times. What is at `source` stays as it is; a link is followed.

    Args:
        temporary: where to write before the name is claimed; in the target's folder.

    Raises:
        FileExistsError: when something is at `target`.
        ChangedError: when the bytes are not those of `sha256`.
    """
    seen = hashlib.sha256()
    try:
        with source.open("rb") as reading, durable.writing(temporary) as writing:
            while chunk := reading.read(_CHUNK):
                seen.update(chunk)
                writing.write(chunk)
        if seen.hexdigest() != sha256:
            raise ChangedError
        with suppress(OSError):  # times come first; FAT takes no permissions
            shutil.copystat(source, temporary)
        claim(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def move(source: Path, target: Path, temporary: Path, sha256: str) -> None:
    """Move a file: by a second name and taking the first away, or by a verified copy where that is not possible.

    Raises:
        FileExistsError: when something is at `target`.
        ChangedError: when the bytes are not those of `sha256`.
        OSError: also when the source cannot be taken away; the target is then taken back.
    """
    if not has_bytes(source, sha256):
        raise ChangedError
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV and error.errno not in _NO_LINKS:
            raise
        copy(source, target, temporary=temporary, sha256=sha256)
        if not (has_bytes(target, sha256) and has_bytes(source, sha256)):
            target.unlink()
            raise ChangedError from error
    durable.sync_folder(target.parent)
    try:
        source.unlink()
    except OSError:
        target.unlink()
        raise


def claim(temporary: Path, target: Path) -> None:
    """Give a finished file its name.

    Raises:
        FileExistsError: when something is at `target`.
    """
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim_without_links(temporary, target)


def clean(temporary: Path, target: Path) -> None:
    """Remove what a killed process left of `write_new`, `copy` or `move`."""
    claiming = _claiming(temporary)
    if claiming.exists():
        if target.is_file() and not target.stat().st_size:
            target.unlink()
        claiming.unlink()
    temporary.unlink(missing_ok=True)


def _claim_without_links(temporary: Path, target: Path) -> None:
    """An empty file claims the name and is replaced. The file waits as ".claim" meanwhile, so that after a kill in
    between, `clean` knows the empty file as ours."""
    claiming = _claiming(temporary)
    temporary.replace(claiming)
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except OSError:
        claiming.unlink()
        raise
    claiming.replace(target)


def _claiming(temporary: Path) -> Path:
    return temporary.with_name(f"{temporary.name}.claim")


def _shortened(stem: str, end: str) -> str:
    while len(os.fsencode(stem + end)) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem + end
