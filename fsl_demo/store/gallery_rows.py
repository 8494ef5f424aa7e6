"""Keeping the gallery's rows in step with what pictures are in, and with the classes that they have."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

BLOCK = 10_000
"""Pictures that one statement brings up to date."""


def refresh(db: Database, hashes: Sequence[str], to_front: bool = False) -> None:
    """Bring the rows of pictures up to date after a change of what they are in, or of what they are called.

    Args:
        hashes: of pictures; of those that are new the first one is then the latest.
        to_front: put those that were there before first, too.
    """
    unique = list(dict.fromkeys(hashes))
    for start in reversed(range(0, len(unique), BLOCK)):
        block = unique[start : start + BLOCK]
        wanted = {"hashes": json.dumps(block), "next": db.execute(_LAST).fetchone()[0] + len(block)}
        moves = [_MOVE] if to_front else []
        for statement in (_FORGET_CLASSES, _FORGET, *moves, _ADD, _ADD_CLASSES, _ADD_NO_CLASS):
            db.execute(statement, wanted)


def refresh_episode(db: Database, episode: str) -> None:
    """Bring the rows of every picture that an episode has or had up to date."""
    rows = db.execute("SELECT picture FROM episode_items WHERE episode = ? ORDER BY role DESC, position", (episode,))
    refresh(db, [row[0] for row in rows])


_USED = """(EXISTS (SELECT 1 FROM searchable WHERE searchable.picture = {0})
  OR EXISTS (SELECT 1 FROM episode_items JOIN episodes ON episodes.id = episode
             WHERE episode_items.picture = {0} AND position IS NOT NULL AND deleted_at IS NULL))"""
_FORGET_CLASSES = """
DELETE FROM gallery_classes WHERE item IN
  (SELECT gallery.id FROM json_each(:hashes) CROSS JOIN gallery ON picture = value)
"""
_FORGET = f"""
DELETE FROM gallery WHERE picture IN (SELECT value FROM json_each(:hashes)) AND NOT {_USED.format("gallery.picture")}
"""
_LAST = """
SELECT max(coalesce((SELECT max(id) FROM gallery), 0),
           coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'gallery'), 0))
"""
_MOVE = "UPDATE gallery SET id = :next - json_each.key FROM json_each(:hashes) WHERE picture = value"
_ADD = f"""
INSERT INTO gallery (id, picture) SELECT :next - key, value FROM json_each(:hashes)
WHERE NOT EXISTS (SELECT 1 FROM gallery WHERE picture = value) AND {_USED.format("value")}
"""
_ADD_CLASSES = """
INSERT OR IGNORE INTO gallery_classes (class, item)
SELECT coalesce(item.class, label.class), gallery.id FROM json_each(:hashes)
CROSS JOIN gallery ON gallery.picture = value CROSS JOIN episode_items AS item ON item.picture = value
JOIN episodes ON episodes.id = item.episode LEFT JOIN current_labels AS label ON label.item = item.id
WHERE deleted_at IS NULL AND position IS NOT NULL AND coalesce(item.class, label.class) IS NOT NULL
"""
_ADD_NO_CLASS = """
INSERT INTO gallery_classes (class, item) SELECT 0, gallery.id FROM json_each(:hashes)
CROSS JOIN gallery ON gallery.picture = value
WHERE NOT EXISTS (SELECT 1 FROM gallery_classes WHERE item = gallery.id)
"""
