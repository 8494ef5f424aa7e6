"""Which column of a Parquet file holds pictures: by what `datasets` has written, else by its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyarrow import Schema

IMAGES = ("image", "img", "jpg", "png", "picture")
"""What the column may be called where no features say what it is."""


def features(schema: Schema) -> dict[str, Any]:
    """The features that the schema's metadata tells of, as `datasets` writes them; none where it does not."""
    try:
        known = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def of_type(schema: Schema, kind: str) -> list[str]:
    """The columns that are features of this type, such as "Image"."""
    kinds = {name: feature.get("_type") for name, feature in features(schema).items() if isinstance(feature, dict)}
    return [name for name in schema.names if kinds.get(name) == kind]


def image_column(schema: Schema) -> str | None:
    """The column of pictures; None where there is none."""
    named = [name for name in schema.names if name in IMAGES]
    return next(iter((*of_type(schema, "Image"), *named)), None)
