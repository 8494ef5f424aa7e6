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
        for statement in (_FORGET_CLASSES, _FORGET, *([_MOVE] if to_front else []), _ADD, _ADD_CLASSES):
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
WITH given (item, class) AS (
  SELECT gallery.id, coalesce(item.class, label.class) FROM json_each(:hashes)
  CROSS JOIN gallery ON gallery.picture = value
  LEFT JOIN (episode_items AS item JOIN episodes ON episodes.id = item.episode AND deleted_at IS NULL
    LEFT JOIN current_labels AS label ON label.item = item.id) ON item.picture = value AND position IS NOT NULL
)
INSERT INTO gallery_classes (class, item)
SELECT DISTINCT coalesce(class, 0), item FROM given
WHERE class IS NOT NULL OR item NOT IN (SELECT item FROM given WHERE class IS NOT NULL)
"""
