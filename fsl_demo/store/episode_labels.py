"""What saved episodes say of pictures: the class that one supports, and the labels of queries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

from sqlite_utils import Database

from fsl_demo.core.collections import CollectionLabel

_LABELS = """
WITH used AS (
  SELECT item.id, episode, picture, item.class, role, account, created_at FROM episode_items AS item
  JOIN episodes ON episodes.id = episode
  WHERE deleted_at IS NULL AND position IS NOT NULL AND (:episode IS NULL OR episode = :episode)
    AND (:hashes IS NULL OR picture IN (SELECT value FROM json_each(:hashes)))
)
SELECT picture, named.name, coalesce(accounts.name, ''), 'episode', NULL, 0.0, used.created_at AS time
FROM used JOIN episode_classes AS named ON named.episode = used.episode AND named.class = used.class
LEFT JOIN accounts ON accounts.id = account WHERE used.role = 'support'
UNION ALL
SELECT picture, named.name, annotator, source, shown.name, seconds, label.created_at AS time
FROM used JOIN current_labels AS label ON label.item = used.id
LEFT JOIN episode_classes AS named ON named.episode = used.episode AND named.class = label.class
LEFT JOIN episode_classes AS shown ON shown.episode = used.episode AND shown.class = suggestion
WHERE used.role = 'query' AND (kind = 'none' OR named.name IS NOT NULL)
ORDER BY time DESC
"""


def load(
    db: Database, hashes: Sequence[str] | None = None, episode: str | None = None
) -> dict[str, tuple[CollectionLabel, ...]]:
    """What saved episodes, or one of them, say of pictures, or of these; by hash, the newest first."""
    labels: dict[str, list[CollectionLabel]] = defaultdict(list)
    wanted = {"hashes": None if hashes is None else json.dumps(list(hashes)), "episode": episode}
    for sha256, name, annotator, source, suggestion, seconds, created_at in db.execute(_LABELS, wanted):
        labels[sha256].append(
            CollectionLabel(
                name,
                annotator=annotator,
                source=source,
                suggestion=suggestion,
                seconds=seconds,
                created_at=created_at,
            )
        )
    return {sha256: tuple(of_picture) for sha256, of_picture in labels.items()}
