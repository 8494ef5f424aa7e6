"""Named collections of a workspace: sets of pictures with labels of their own, and their frozen versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlite_utils import Database

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import (
    CollectionLabel,
    FrozenCollection,
    MarkedRight,
    Part,
    VersionSummary,
)
from fsl_demo.core.episodes import ClassSpec, check_texts
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import collected, episode_labels, frozen, settled
from fsl_demo.store.blobs import Blobs
from fsl_demo.store.collected_pages import CollectionReader, find, id_of
from fsl_demo.store.connection import Connections, now, plain

LONGEST_NAME = 60


class CollectionStore(CollectionReader):
    """The named collections. Each change is one transaction.

    Every method that names a collection may raise `collection_missing`.

    Args:
        keep: stores pictures, and gives those that are stored their files back.
    """

    def __init__(self, connections: Connections, blobs: Blobs, keep: Callable[[Sequence[Picture]], None]) -> None:
        super().__init__(connections, blobs)
        self._keep = keep

    def check_free(self, name: str) -> None:
        """Raise `collection_name` or `collection_exists` unless a collection may be called so."""
        with self._connections.read() as db:
            _free(db, name)

    def create(self, name: str) -> None:
        """Make an empty collection.

        Raises:
            UserError: `collection_name`, `collection_exists`.
        """
        with self._connections.write() as db:
            _make(db, name)

    def rename(self, name: str, new: str) -> None:
        """Give a collection another name; its versions have it, too.

        Raises:
            UserError: `collection_name`, `collection_exists`.
        """
        with self._changing(name) as (db, collection):
            key, spelled = _free(db, new, besides=collection)
            db.execute("UPDATE collections SET key = ?, name = ? WHERE id = ?", (key, spelled, collection))

    def delete(self, name: str) -> None:
        """Move a collection out of the list; it can be restored, with its versions."""
        with self._changing(name) as (db, collection):
            db.execute("UPDATE collections SET deleted_at = ? WHERE id = ?", (now(), collection))

    def restore(self, name: str) -> None:
        """Bring back the collection of that name that was deleted last.

        Raises:
            UserError: `collection_exists` where another has that name now.
        """
        with self._connections.write() as db:
            row = db.execute(
                "SELECT id FROM collections WHERE key = ? AND deleted_at IS NOT NULL ORDER BY deleted_at DESC",
                (class_key(plain(name)),),
            ).fetchone()
            if row is None:
                raise UserError("collection_missing", name=name)
            _free(db, name)
            db.execute("UPDATE collections SET deleted_at = NULL WHERE id = ?", row)

    def add(self, name: str, wanted: Mapping[Picture, Sequence[CollectionLabel]], new: bool = False) -> int:
        """Put pictures with labels, the newest first, into a collection; gives how many were not in it yet.

        A picture that was taken out comes back with its labels. What an annotator has said last is not said again.

        Args:
            new: make the collection where there is none of that name.

        Raises:
            UserError: `collection_name`, `class_name_empty`, `class_name_long`.
        """
        _check_classes(label for labels in wanted.values() for label in labels)
        with self._connections.read() as db:
            _free(db, name) if new and find(db, name) is None else id_of(db, name)
        self._keep(list(wanted))
        with self._connections.write() as db:
            if new and find(db, name) is None:
                _make(db, name)
            collection = id_of(db, name)
            added = collected.add(db, collection, wanted)
            _touch(db, collection)
            return added

    def remove(self, name: str, hashes: Sequence[str]) -> None:
        """Take pictures out; `add` brings them back with their labels."""
        with self._changing(name) as (db, collection):
            collected.remove(db, collection, hashes)

    def label(self, name: str, labels: Mapping[str, CollectionLabel]) -> tuple[str, ...]:
        """Say what pictures are, by hash; what an annotator has said last is not said again.

        Returns:
            The pictures on which it is a new word.

        Raises:
            UserError: `collection_picture_gone`, `class_name_empty`, `class_name_long`; nothing is said then.
        """
        _check_classes(labels.values())
        with self._changing(name) as (db, collection):
            return collected.label(db, collection, labels)

    def take_back(self, name: str, hashes: Sequence[str], annotator: str) -> tuple[str, ...]:
        """Take back an annotator's newest word on each picture, so that the one before counts again.

        Returns:
            The pictures on which there was one.
        """
        with self._changing(name) as (db, collection):
            return collected.take_back(db, collection, hashes=hashes, annotator=annotator)

    def settled(self, name: str) -> dict[str, MarkedRight]:
        """What people marked as right, by key of the doctor's finding."""
        with self._connections.read() as db:
            return settled.marks(db, id_of(db, name))

    def settle(self, name: str, findings: Sequence[str], annotator: str) -> tuple[str, ...]:
        """Mark findings of the doctor as right, so that they do not come again; gives those that were not marked.

        Raises:
            UserError: `finding_key`.
        """
        with self._changing(name) as (db, collection):
            return settled.settle(db, collection, findings=findings, annotator=annotator)

    def unsettle(self, name: str, findings: Sequence[str], annotator: str) -> tuple[str, ...]:
        """Take marks back, whoever made them, so that the findings come again; gives those that were marked.

        Raises:
            UserError: `finding_key`.
        """
        with self._changing(name) as (db, collection):
            return settled.take_back(db, collection, findings=findings, annotator=annotator)

    def freeze(self, name: str, places: Mapping[str, tuple[Part, str]]) -> FrozenCollection:
        """Keep a version that never changes; the same content again is the version that is there.

        Args:
            places: by hash, the part and the group of each picture to keep.

        Raises:
            UserError: `collection_changed` where a picture has no class now, or is gone; `freeze_nothing`.
        """
        with self._connections.write() as db:
            collection = id_of(db, name)
            number = frozen.freeze(db, self._blobs, collection=collection, places=places)
            return frozen.load(db, self._blobs, collection=collection, number=number)

    def versions(self, name: str) -> list[VersionSummary]:
        """The frozen versions, the newest first."""
        with self._connections.read() as db:
            return frozen.versions(db, id_of(db, name))

    def version(self, name: str, number: int | None = None) -> FrozenCollection:
        """A frozen version; without a number, the newest.

        Raises:
            UserError: `frozen_missing`, `never_frozen`.
        """
        with self._connections.read() as db:
            return frozen.load(db, self._blobs, collection=id_of(db, name), number=number)

    def parts(self, name: str) -> dict[str, Part]:
        """The part of every picture that any version has, by hash."""
        with self._connections.read() as db:
            return frozen.parts(db, id_of(db, name))

    def episode_labels(
        self, hashes: Sequence[str] | None = None, episode: str | None = None
    ) -> dict[str, tuple[CollectionLabel, ...]]:
        """What saved episodes, or one of them, say of pictures, or of these; by hash, the newest first."""
        with self._connections.read() as db:
            return episode_labels.load(db, hashes, episode)

    @contextmanager
    def _changing(self, name: str) -> Iterator[tuple[Database, int]]:
        with self._connections.write() as db:
            collection = id_of(db, name)
            yield db, collection
            _touch(db, collection)


def _make(db: Database, name: str) -> None:
    time = now()
    db.execute(
        "INSERT INTO collections (key, name, created_at, updated_at) VALUES (?, ?, ?, ?)",
        (*_free(db, name), time, time),
    )


def _touch(db: Database, collection: int) -> None:
    db.execute("UPDATE collections SET updated_at = ? WHERE id = ?", (now(), collection))


def _free(db: Database, name: str, besides: int | None = None) -> tuple[str, str]:
    """Key and spelling of a name that no other collection has."""
    spelled = " ".join(plain(name).split())
    if not spelled or len(spelled) > LONGEST_NAME or not spelled.isprintable() or "@" in spelled:
        raise UserError("collection_name", limit=LONGEST_NAME)
    key = class_key(spelled)
    if db.execute(
        "SELECT 1 FROM collections WHERE key = ? AND deleted_at IS NULL AND id IS NOT ?", (key, besides)
    ).fetchone():
        raise UserError("collection_exists", name=spelled)
    return key, spelled


def _check_classes(labels: Iterable[CollectionLabel]) -> None:
    names = (name for label in labels for name in (label.class_name, label.suggestion) if name is not None)
    for position, name in enumerate(dict.fromkeys(names), start=1):
        if not class_key(plain(name)):
            raise UserError("class_name_empty", position=position)
        check_texts(ClassSpec(name))
