"""Frozen collections of pictures that are drawn here, without a workspace."""

from __future__ import annotations

from collections.abc import Mapping

from fsl_demo.core.collections import PARTS, FrozenCollection, FrozenPicture, digest
from fsl_demo.core.pictures import Picture


def frozen(classes: Mapping[str, list[Picture]], parts: tuple[int, int, int], name: str = "mine") -> FrozenCollection:
    """The first pictures of each class train, the next validate, the last test; each is a group of its own."""
    pictures = []
    for class_name, members in classes.items():
        start = 0
        for part, count in zip(PARTS, parts, strict=True):
            pictures += [
                FrozenPicture(picture, class_name, part=part, group=picture.sha256)
                for picture in members[start : start + count]
            ]
            start += count
    return FrozenCollection(
        name, 1, digest=digest(pictures), created_at="2026-01-01T00:00:00Z", pictures=tuple(pictures)
    )
