"""Episodes: saved in place, restored whole."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlite_utils import Database

from fsl_demo.core.accounts import Account
from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode, class_key
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import captions, labels, regions, runs
from fsl_demo.store.blobs import Blobs
from fsl_demo.store.connection import now, plain

Role = Literal["support", "query"]


@dataclass(frozen=True, eq=False)
class StoredEpisode(LabelledEpisode):
    """An episode from the store.

    Attributes:
        labelled_at: query index to the time of its label, ISO 8601, UTC.
        unreadable: what of it is stored and cannot be shown, each in a few words; the rest is there.
    """

    labelled_at: Mapping[int, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


def save(db: Database, labelled: LabelledEpisode, episode_id: str | None, by: Account | None = None) -> str:
    """Store an episode whose pictures are stored already.

    Args:
        by: who saves it; the first one owns it, and each new box on a support picture carries the name.

    Returns:
        Its id: a new one, or `episode_id`, which is brought up to date.
    """
    time = now()
    if episode_id is None:
        episode_id = secrets.token_hex(8)
        db.execute(
            "INSERT INTO episodes (id, title, created_at, updated_at, account) VALUES (?, ?, ?, ?, ?)",
            (episode_id, plain(labelled.title), time, time, by.id if by else None),
        )
        event(db, episode_id, kind="created", time=time)
    else:
        require(db, episode_id)
        db.execute("UPDATE episodes SET title = ? WHERE id = ?", (plain(labelled.title), episode_id))
        event(db, episode_id, kind="updated", time=time)
    episode = labelled.episode
    classes = _save_classes(db, episode_id, episode.classes)
    support = [(example.picture, classes[example.class_index]) for example in episode.support]
    examples = _save_items(db, episode_id, role="support", items=support)
    queries = _save_items(db, episode_id, role="query", items=[(picture, None) for picture in episode.queries])
    runs.save(db, episode_id, labelled.runs, query_items=queries, classes=classes)
    for position, item in enumerate(queries):
        labels.put(db, item, label=labelled.labels.get(position), classes=classes)
        regions.put_labels(db, item, labelled.regions.get(position, ()))
    for item, example in zip(examples, episode.support, strict=True):
        regions.put_boxes(db, item, example.boxes, annotator=by.name if by else "")
    for picture in {*(example.picture for example in episode.support), *episode.queries}:
        for described in reversed(labelled.captions.get(picture.sha256, ())):
            captions.add(db, picture.sha256, described)
    return episode_id


def load(db: Database, blobs: Blobs, episode_id: str) -> StoredEpisode:
    """The episode as it was last saved and labelled."""
    title = require(db, episode_id)
    rows = db.execute(
        "SELECT class, name, descriptions FROM episode_classes WHERE episode = ? ORDER BY position", (episode_id,)
    ).fetchall()
    classes = [row[0] for row in rows]
    support = tuple(
        Example(item.picture, classes.index(item.class_id), regions.boxes(db, item.id))
        for item in _items(db, blobs, episode_id=episode_id, role="support")
    )
    items = _items(db, blobs, episode_id=episode_id, role="query")
    queries = tuple(item.picture for item in items)
    specs = tuple(ClassSpec(name, tuple(json.loads(descriptions))) for _, name, descriptions in rows)
    current = labels.load(db, episode_id, classes)
    stored_runs = runs.load(db, episode_id, len(support))
    pictures = [*(example.picture for example in support), *queries]
    return StoredEpisode(
        episode=Episode(specs, support, queries),
        title=title,
        runs=stored_runs.runs,
        labels=current.labels,
        captions=captions.load(db, [picture.sha256 for picture in pictures]),
        regions={position: marked for position, item in enumerate(items) if (marked := regions.labels(db, item.id))},
        labelled_at=current.times,
        unreadable=stored_runs.unreadable,
    )


def require(db: Database, episode_id: str) -> str:
    """Title of the episode.

    Raises:
        UserError: `episode_missing`.
    """
    row = db.execute("SELECT title FROM episodes WHERE id = ?", (episode_id,)).fetchone()
    if row is None:
        raise UserError("episode_missing", episode=episode_id)
    return str(row[0])


def owner(db: Database, episode_id: str) -> int | None:
    """Id of the account that saved it first.

    Raises:
        UserError: `episode_missing`.
    """
    require(db, episode_id)
    row = db.execute("SELECT account FROM episodes WHERE id = ?", (episode_id,)).fetchone()
    return None if row[0] is None else int(row[0])


def class_ids(db: Database, episode_id: str) -> list[int]:
    """Row ids of the episode's classes, in order."""
    rows = db.execute("SELECT class FROM episode_classes WHERE episode = ? ORDER BY position", (episode_id,))
    return [row[0] for row in rows]


def query_item(db: Database, episode_id: str, position: int) -> int:
    """Row id of a query.

    Raises:
        UserError: `episode_missing`, `query_missing`.
    """
    title = require(db, episode_id)
    row = db.execute(
        "SELECT id FROM episode_items WHERE episode = ? AND role = 'query' AND position = ?", (episode_id, position)
    ).fetchone()
    if row is None:
        raise UserError("query_missing", title=title, number=position + 1)
    return int(row[0])


def picture_of(db: Database, item: int) -> str:
    """Hash of the picture of a row."""
    return str(db.execute("SELECT picture FROM episode_items WHERE id = ?", (item,)).fetchone()[0])


def delete(db: Database, episode_id: str) -> None:
    """Move an episode out of the list.

    Raises:
        UserError: `episode_missing`.
    """
    require(db, episode_id)
    time = now()
    db.execute("UPDATE episodes SET deleted_at = ? WHERE id = ?", (time, episode_id))
    event(db, episode_id, kind="deleted", time=time)


def restore(db: Database, episode_id: str) -> None:
    """Bring a deleted episode back.

    Raises:
        UserError: `episode_missing`.
    """
    require(db, episode_id)
    db.execute("UPDATE episodes SET deleted_at = NULL WHERE id = ?", (episode_id,))
    event(db, episode_id, kind="restored", time=now())


def event(db: Database, episode_id: str, kind: Literal["created", "updated", "deleted", "restored"], time: str) -> None:
    """Note what happened to an episode, and when."""
    db.execute("INSERT INTO events (episode, kind, created_at) VALUES (?, ?, ?)", (episode_id, kind, time))
    touch(db, episode_id, time)


def touch(db: Database, episode_id: str, time: str) -> None:
    """Note when an episode was last changed."""
    db.execute("UPDATE episodes SET updated_at = ? WHERE id = ?", (time, episode_id))


def _save_classes(db: Database, episode_id: str, specs: Iterable[ClassSpec]) -> list[int]:
    db.execute("DELETE FROM episode_classes WHERE episode = ?", (episode_id,))
    ids: list[int] = []
    for position, spec in enumerate(specs):
        name = plain(spec.name)
        key = class_key(name)
        db.execute("INSERT OR IGNORE INTO classes (key, name) VALUES (?, ?)", (key, name))
        class_id = db.execute("SELECT id FROM classes WHERE key = ?", (key,)).fetchone()[0]
        if class_id in ids:
            raise UserError("class_name_twice", name=name)
        db.execute(
            "INSERT INTO episode_classes (episode, position, class, name, descriptions) VALUES (?, ?, ?, ?, ?)",
            (episode_id, position, class_id, name, json.dumps(spec.descriptions, ensure_ascii=False)),
        )
        ids.append(class_id)
    return ids


def _save_items(db: Database, episode_id: str, role: Role, items: Sequence[tuple[Picture, int | None]]) -> list[int]:
    """Bring the pictures of a role up to date, keeping the row of a picture that was there before."""
    rows = db.execute(
        "SELECT picture, id FROM episode_items WHERE episode = ? AND role = ? ORDER BY position IS NULL, position, id",
        (episode_id, role),
    )
    before: dict[str, deque[int]] = defaultdict(deque)
    for sha256, item in rows.fetchall():
        before[sha256].append(item)
    db.execute("UPDATE episode_items SET position = NULL WHERE episode = ? AND role = ?", (episode_id, role))
    ids = []
    for position, (picture, class_id) in enumerate(items):
        if before[picture.sha256]:
            item = before[picture.sha256].popleft()
            db.execute(
                "UPDATE episode_items SET position = ?, name = ?, class = ? WHERE id = ?",
                (position, plain(picture.name), class_id, item),
            )
        else:
            item = db.execute(
                "INSERT INTO episode_items (episode, role, position, picture, name, class) VALUES (?, ?, ?, ?, ?, ?)",
                (episode_id, role, position, picture.sha256, plain(picture.name), class_id),
            ).lastrowid
        ids.append(item)
    return ids


@dataclass(frozen=True)
class _Item:
    """A picture of an episode: its row, and the row of its class."""

    id: int
    class_id: int | None
    picture: Picture


def _items(db: Database, blobs: Blobs, episode_id: str, role: Role) -> list[_Item]:
    rows = db.execute(
        "SELECT episode_items.id, class, sha256, width, height, episode_items.name, original_sha256 FROM episode_items"
        " JOIN pictures ON pictures.sha256 = picture WHERE episode = ? AND role = ? AND position IS NOT NULL"
        " ORDER BY position",
        (episode_id, role),
    )
    return [_Item(row[0], row[1], blobs.picture(*row[2:])) for row in rows]
