"""Which columns of a Parquet file hold pictures and their classes: by what `datasets` has written, else by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyarrow import Schema

IMAGES = ("image", "img", "jpg", "png", "picture")
LABELS = ("label", "labels", "class")
"""What the columns may be called where no features say what they are."""


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


def label_column(schema: Schema) -> str | None:
    """The column of classes; None where there is none."""
    named = [name for name in schema.names if name in LABELS]
    return next(iter((*of_type(schema, "ClassLabel"), *named)), None)


def class_names(schema: Schema) -> list[str]:
    """The names of the classes, in the order of their numbers; none where the file has them in words."""
    for feature in features(schema).values():
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
            names = feature.get("names")
            return [str(name) for name in names] if isinstance(names, list) else []
    return []


def class_of(value: object, names: Sequence[str]) -> str:
    """The class of a row, "" where it has none.

    Args:
        names: as of `class_names`.

    Raises:
        ValueError: where there is no class of that number.
    """
    if value is None or value == -1:  # what `datasets` has for "not known"
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, int) or not 0 <= value < len(names):
        raise ValueError(f"class {value}, {len(names)} in all")
    return names[value]
