"""What checkpoints there are now. A few `stat` calls for each: a card is read again when its file changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from fsl_demo.checkpoints import layout
from fsl_demo.checkpoints.card import Card, Reference
from fsl_demo.checkpoints.layout import Source
from fsl_demo.checkpoints.reading import Checkpoint, read_card, read_version
from fsl_demo.core.errors import UserError

_look: ContextVar[dict[Path, tuple[Entry, ...]] | None] = ContextVar("look", default=None)


@dataclass(frozen=True)
class Version:
    """A version, and its card or what is wrong with it."""

    number: int
    card: Card | None
    fault: UserError | None = None


@dataclass(frozen=True)
class Entry:
    """A checkpoint.

    Attributes:
        in_use: None where that cannot be told.
        fault: why it cannot be used.
    """

    name: str
    versions: tuple[Version, ...] = ()
    in_use: int | None = None
    fault: UserError | None = None

    @property
    def card(self) -> Card | None:
        """Of the version in use."""
        return next((version.card for version in self.versions if version.number == self.in_use), None)


@contextmanager
def one_look() -> Iterator[None]:
    """Within it, this thread looks at a folder once, however often it asks for the catalogue."""
    token = _look.set({})
    try:
        yield
    finally:
        _look.reset(token)


def catalogue(folder: Path | None = None) -> tuple[Entry, ...]:
    """All checkpoints, by name. Weights are not read; `verified` does that."""
    folder, look = folder or layout.FOLDER, _look.get()
    if look is None:
        return _catalogue(folder)
    if folder not in look:
        look[folder] = _catalogue(folder)
    return look[folder]


def _catalogue(folder: Path) -> tuple[Entry, ...]:
    try:
        names = sorted(place.name for place in os.scandir(folder) if place.is_dir() and not place.name.startswith("."))
    except OSError:
        return ()
    entries = (entry(name, folder) for name in names)
    return tuple(entry for entry in entries if entry.versions or entry.fault)


def entry(name: str, folder: Path | None = None) -> Entry:
    """One checkpoint; without versions where there is none of this name."""
    folder = folder or layout.FOLDER
    try:
        home = layout.home(name, folder)
    except UserError as error:
        return Entry(ascii(name)[1:-1], fault=error)
    versions = tuple(_version(home, number, name) for number in layout.versions(home))
    if not versions or layout.is_transformers(home):
        return Entry(name)
    try:
        in_use = layout.in_use(home, name)
    except UserError as error:
        return Entry(name, versions, fault=error)
    return Entry(name, versions, in_use=in_use, fault=_version(home, in_use, name).fault)


def in_use(folder: Path | None = None) -> tuple[tuple[str, str], ...]:
    """Names and hashes of all that is in use: what was made of checkpoints stays right as long as this is the same."""
    return tuple((entry.name, entry.card.sha256) for entry in catalogue(folder) if entry.card)


def verified(entry: Entry, folder: Path | None = None) -> Entry:
    """The entry with what is wrong with the weights of its versions, which are read for that."""
    home = (folder or layout.FOLDER) / entry.name
    versions = tuple(replace(version, fault=version.fault or _fault(home, version)) for version in entry.versions)
    faults = [version.fault for version in versions if version.number == entry.in_use]
    return replace(entry, versions=versions, fault=entry.fault or next(iter(faults), None))


def load(source: Source | Checkpoint, folder: Path | None = None) -> Checkpoint:
    """Read the version that is named or in use; what is loaded already stays as it is.

    Raises:
        UserError: whatever is wrong with it.
    """
    if isinstance(source, Checkpoint):
        return source
    return read_version(*layout.chosen(source, folder or layout.FOLDER), str(source))


def source_of(home: Path, version: int) -> Source:
    """What names this very version, whichever is in use."""
    pinned = f"{home.name}@{version}"
    return pinned if home.parent.resolve() == layout.FOLDER.resolve() else home.with_name(pinned)


def refer(reference: Reference, borrower: Checkpoint) -> Checkpoint:
    """Read the checkpoint that another one's card names: the version of that hash, whichever is in use.

    Raises:
        UserError: `weights_missing`; `card_differs` where no version has that hash; whatever is wrong with it.
    """
    home = home_of(reference, borrower)
    for number in layout.versions(home):
        card = _version(home, number, reference.name).card
        if card is not None and card.sha256 == reference.sha256:
            return read_version(home, number, reference.name)
    if len(layout.versions(home)) == 1:
        load(reference.name, home.parent)
    raise UserError("card_differs", name=borrower.name, part=reference.name)


def may_refer(checkpoint: Checkpoint, folder: Path) -> bool:
    """Whether the card of a checkpoint in this folder may name another one; else it has to do without."""
    return checkpoint.home.parent.resolve() in (folder.resolve(), layout.FOLDER.resolve())


def home_of(reference: Reference, borrower: Checkpoint) -> Path:
    """The folder of the checkpoint that another one's card names: beside the borrower, or in the app's own folder.

    Raises:
        UserError: `checkpoint_name`, `checkpoint_outside`, `weights_missing`.
    """
    homes = [layout.home(reference.name, folder) for folder in (borrower.home.parent, layout.FOLDER)]
    home = next((home for home in homes if layout.versions(home)), None)
    if home is None:
        raise UserError("weights_missing", name=reference.name)
    return home


def hash_in_use(source: Source, folder: Path | None = None) -> str:
    """The hash of the weights that are named or in use, as their card names it.

    Raises:
        UserError: what is wrong with the card.
    """
    version = _version(*layout.chosen(source, folder or layout.FOLDER), str(source))
    if version.fault is not None:
        raise _fresh(version.fault)
    assert version.card is not None
    return version.card.sha256


def _fault(home: Path, version: Version) -> UserError | None:
    try:
        read_version(home, version.number, home.name)
    except UserError as error:
        return error
    return None


def _version(home: Path, number: int, name: str) -> Version:
    try:
        status = (layout.version_folder(home, number) / layout.CARD).stat()
    except OSError:
        status = None
    signature = (status.st_ctime_ns, status.st_size, status.st_ino) if status else None
    return _version_as_of(home, number, name=name, signature=signature)


@lru_cache(maxsize=1024)
def _version_as_of(home: Path, number: int, name: str, signature: tuple[int, ...] | None) -> Version:
    """The version while its card has this time, size and file number."""
    try:
        return Version(number, read_card(home, number, name))
    except UserError as error:
        return Version(number, None, _fresh(error))


def _fresh(error: UserError) -> UserError:
    """The same error without the frames that it was raised through, so that it can be kept and raised again."""
    return UserError(error.code, **error.params)
