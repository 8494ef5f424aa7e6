"""Named collections in a list, counted by SQL."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

from sqlite_utils import Database

from fsl_demo.core.collections import ClassCount, CollectionSummary

THUMBNAILS = 6


@dataclass
class _Counts:
    classes: dict[int, int] = field(default_factory=dict)
    unlabelled: int = 0
    none: int = 0
    disputed: int = 0


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

_COUNTS = """
SELECT collection, class, word IS NULL, count(*), sum(disputed) FROM collection_items
WHERE removed_at IS NULL AND collection IN
  (SELECT id FROM collections WHERE deleted_at IS NULL AND (:only IS NULL OR id = :only))
GROUP BY collection, class, word IS NULL
"""


def summaries(db: Database, only: int | None = None) -> list[CollectionSummary]:
    """The collections that are not deleted, or one of them; those changed last first."""
    counts: dict[int, _Counts] = defaultdict(_Counts)
    for collection, class_id, is_unlabelled, count, disputed in db.execute(_COUNTS, {"only": only}):
        here = counts[collection]
        here.disputed += disputed
        if class_id is not None:
            here.classes[class_id] = count
        elif is_unlabelled:
            here.unlabelled = count
        else:
            here.none = count
    return [
        _summary(row[1:5], row[5], classes=row[6], counts=counts[row[0]]) for row in db.execute(_LIST, {"only": only})
    ]


def _summary(row: tuple[str, str, str, int], thumbnails: str, classes: str, counts: _Counts) -> CollectionSummary:
    name, created_at, updated_at, versions = row
    return CollectionSummary(
        name=name,
        created_at=created_at,
        updated_at=updated_at,
        pictures=sum(counts.classes.values()) + counts.unlabelled + counts.none,
        classes=tuple(
            ClassCount(spelled, counts.classes[class_id])
            for class_id, spelled in json.loads(classes)
            if class_id in counts.classes
        ),
        unlabelled=counts.unlabelled,
        none=counts.none,
        disputed=counts.disputed,
        versions=versions,
        thumbnails=tuple(json.loads(thumbnails)),
    )
