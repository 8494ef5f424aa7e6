"""Names of classes: how long they may be, and when two are the same."""

from __future__ import annotations

import unicodedata

MAX_NAME = 100


def class_key(name: str) -> str:
    """What makes two class names the same class: Unicode-normalised, case-folded, single-spaced."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
