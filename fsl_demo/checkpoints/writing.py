"""Write checkpoints, and say which version is in use."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from fsl_demo.checkpoints import layout
from fsl_demo.checkpoints.card import LARGEST, parse
from fsl_demo.checkpoints.packing import packed
from fsl_demo.checkpoints.reading import parse_weights, read_card, read_version
from fsl_demo.core import durable
from fsl_demo.core.errors import UserError, disk_trouble

PATIENCE = 10
"""Seconds that a writer waits for another."""
UNFINISHED = ".new"
"""The folder of a version that is being written."""


def save(name: str, arrays: Mapping[str, np.ndarray], card: Mapping[str, object], folder: Path | None = None) -> Path:
    """Write a checkpoint, or a further version of it, and put it to use.

    Args:
        card: fields of `Card`; parameters, bytes and sha256 are added.
        folder: of checkpoints; the app's own unless given.

    Returns:
        The checkpoint's folder, of all its versions.

    Raises:
        UserError: `checkpoint_name`, `checkpoint_outside`; `card_bad`, `card_incomplete`, `weights_unreadable` for
            what could not be loaded again; `disk_full`, `folder_unwritable`, `workspace_busy`.
    """
    folder = folder or layout.FOLDER
    write_version(name, arrays=arrays, card=card, folder=folder, used=True)
    return layout.home(name, folder)


def write_version(
    name: str, arrays: Mapping[str, np.ndarray], card: Mapping[str, object], folder: Path, used: bool
) -> int:
    """Write a checkpoint, or a further version of it, as `save` does.

    Args:
        used: put it to use; without that, what is in use stays in use, and the same weights are not written twice:
            whoever was killed in between may write again.

    Returns:
        The version's number.
    """
    from safetensors.numpy import save as serialise

    layout.home(name, folder)
    data = serialise({key: np.ascontiguousarray(array) for key, array in packed(arrays).items()})
    parse_weights(data, name)
    sha256 = hashlib.sha256(data).hexdigest()
    added = {"parameters": int(sum(array.size for array in arrays.values())), "bytes": len(data), "sha256": sha256}
    text = json.dumps({"name": name, **card, **added}, ensure_ascii=False, indent=2) + "\n"
    parse(text.encode(), name)
    return _put(name, weights=data, card=text.encode(), folder=folder, used=used)


def add(place: Path, folder: Path | None = None) -> tuple[str, int]:
    """Take a checkpoint in that was made elsewhere, as a version that is not in use of the one that it began with.

    Args:
        place: its own folder. Whatever is in there is checked, and only its two files are taken.

    Returns:
        Name and number. A checkpoint of which there is no other version is a new one.

    Raises:
        UserError: what is wrong with it; `checkpoint_taken` where another one has its name; as of `save`.
    """
    folder, label = folder or layout.FOLDER, place.name
    made = read_version(place, 1, label)
    home = layout.home(made.card.name, folder)
    known = {read_card(home, number, home.name).sha256 for number in layout.versions(home)}
    if known and (made.card.start is None or made.card.start.sha256 not in known):
        raise UserError("checkpoint_taken", name=home.name)
    weights, card = (
        layout.read(place / file, place, limit=limit, name=label)
        for file, limit in ((layout.WEIGHTS, layout.LARGEST_WEIGHTS), (layout.CARD, LARGEST))
    )
    return home.name, _put(home.name, weights=weights, card=card, folder=folder, used=False)


def _put(name: str, weights: bytes, card: bytes, folder: Path, used: bool) -> int:
    """Write the two files of a version as `write_version` says."""
    home, sha256 = layout.home(name, folder), hashlib.sha256(weights).hexdigest()
    with _writing(folder):
        if not used and (known := _of_weights(home, sha256)):
            return known
        version = max(layout.versions(home), default=0) + 1
        unfinished = folder / UNFINISHED
        unfinished.mkdir()
        for file, content in ((layout.WEIGHTS, weights), (layout.CARD, card)):
            with durable.writing(unfinished / file) as stream:
                stream.write(content)
        durable.sync_folder(unfinished)
        target = home / layout.VERSIONS / str(version) if home.exists() else home
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.rename(target)
        durable.sync_folder(target.parent)
        if version > 1 and used:
            _put_to_use(home, version)
    return version


def _of_weights(home: Path, sha256: str) -> int | None:
    """The newest whole version with these weights; None where there is none."""
    for number in reversed(layout.versions(home)):
        with suppress(UserError):
            if read_version(home, number, home.name).sha256 == sha256:
                return number
    return None


def use(name: str, version: int, folder: Path | None = None) -> None:
    """Put another version to use.

    Raises:
        UserError: `version_missing`, and what is wrong with that version; as of `save`.
    """
    folder = folder or layout.FOLDER
    home = layout.home(name, folder)
    with _writing(folder):
        _check(home, version, name)
        _put_to_use(home, version)


def roll_back(name: str, folder: Path | None = None) -> int:
    """Put that version to use again that was in use before. Returns its number.

    Raises:
        UserError: `version_first` where none was, and as of `use`.
    """
    folder = folder or layout.FOLDER
    home = layout.home(name, folder)
    with _writing(folder):
        before = layout.history(home)[:-1]
        _check(home, before[-1] if before else 1, name)
        if not before:
            raise UserError("version_first", name=name)
        _remember(home, before)
    return before[-1]


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder of checkpoints. What a writer left who was killed is cleared away."""
    with disk_trouble(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / ".lock", timeout=PATIENCE):
                if (folder / UNFINISHED).exists():
                    shutil.rmtree(folder / UNFINISHED)
                yield
        except Timeout as error:
            raise UserError("workspace_busy", folder=folder) from error


def _check(home: Path, version: int, name: str) -> None:
    """Raise what is wrong with a version."""
    known = layout.versions(home)
    if known and version not in known:
        raise UserError("version_missing", name=name, version=version, known=", ".join(map(str, known)))
    read_version(home, version, name)


def _put_to_use(home: Path, version: int) -> None:
    """Name a version after those that were in use before; a damaged `in_use` is begun anew."""
    try:
        before = layout.history(home)
    except UserError:
        before = []
    if before[-1:] != [version]:
        _remember(home, [*before, version])


def _remember(home: Path, history: list[int]) -> None:
    """Write `in_use` in one step."""
    with durable.replacing(home / layout.IN_USE, home / f"{layout.IN_USE}{UNFINISHED}") as file:
        file.write("".join(f"{version}\n" for version in history[-layout.REMEMBERED :]).encode())
