"""Named collections in a list, with the counts that are kept of them."""

from __future__ import annotations

import json
from collections import defaultdict

from sqlite_utils import Database

from fsl_demo.core.collections import ClassCount, CollectionSummary

THUMBNAILS = 6


_LIST = f"""
SELECT id, name, created_at, updated_at,
  (SELECT count(*) FROM collection_versions WHERE collection = collections.id),
  (SELECT json_group_array(picture) FROM
    (SELECT picture FROM collection_items WHERE collection = collections.id AND removed_at IS NULL
     ORDER BY id LIMIT {THUMBNAILS})),
  (SELECT json_group_array(json_array(class, name)) FROM
    (SELECT class, name FROM collection_classes WHERE collection = collections.id ORDER BY id))
FROM collections WHERE deleted_at IS NULL AND (:only IS NULL OR id = :only)
ORDER BY updated_at DESC, id DESC
"""

UNLABELLED, NONE, DISPUTED = 0, -1, -2
"""Kinds in `collection_counts` that are no class."""
_COUNTS = """
SELECT collection, kind, pictures FROM collection_counts
WHERE pictures > 0 AND (:only IS NULL OR collection = :only)
"""


def summaries(db: Database, only: int | None = None) -> list[CollectionSummary]:
    """The collections that are not deleted, or one of them; those changed last first."""
    counts: dict[int, dict[int, int]] = defaultdict(dict)
    for collection, kind, pictures in db.execute(_COUNTS, {"only": only}):
        counts[collection][kind] = pictures
    return [
        _summary(row[1:5], row[5], classes=row[6], counts=counts[row[0]]) for row in db.execute(_LIST, {"only": only})
    ]


def _summary(
    row: tuple[str, str, str, int], thumbnails: str, classes: str, counts: dict[int, int]
) -> CollectionSummary:
    name, created_at, updated_at, versions = row
    return CollectionSummary(
        name=name,
        created_at=created_at,
        updated_at=updated_at,
        pictures=sum(count for kind, count in counts.items() if kind != DISPUTED),
        classes=tuple(
            ClassCount(spelled, counts[class_id]) for class_id, spelled in json.loads(classes) if class_id in counts
        ),
        unlabelled=counts.get(UNLABELLED, 0),
        none=counts.get(NONE, 0),
        disputed=counts.get(DISPUTED, 0),
        versions=versions,
        thumbnails=tuple(json.loads(thumbnails)),
    )
