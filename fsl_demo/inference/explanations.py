"""What the explanations of similarity methods have in common: which pictures, one scale, nearest names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from fsl_demo.core.episodes import Episode, Layer
from fsl_demo.core.pictures import Picture
from fsl_demo.core.spaces import ImageTextSpace
from fsl_demo.inference.space import Space

Evidence = Callable[[Picture], np.ndarray]
"""From a picture to what each of its positions says for each class, [C, h, w]."""


def nearest(space: Space | ImageTextSpace, episode: Episode, query: Picture, class_index: int) -> Picture | None:
    """The support picture of a class that is most like the query."""
    members = [example.picture for example in episode.support if example.class_index == class_index]
    if not members:
        return None
    return members[int((space.embed(members) @ space.embed([query])[0]).argmax())]


def heat(
    space: Space,
    picture: Picture,
    role: Literal["query", "support"],
    evidence: Evidence,
    class_index: int,
    words: tuple[tuple[str, float], ...] = (),
) -> Layer:
    """A layer whose map is the evidence for one class, on one scale for all classes of the picture."""
    heat_map = scaled(evidence(picture), class_index)
    return Layer(picture, role, map=heat_map, seen=space.seen(picture), words=words)


def direction_heatmap(
    space: ImageTextSpace,
    picture: Picture,
    role: Literal["query", "support"],
    directions: np.ndarray,
    index: int,
    kind: Literal["evidence", "phrase"] = "evidence",
    contributions: tuple[tuple[str, float], ...] = (),
) -> Layer:
    """A layer whose map is where one of the directions [C, D] is found, on one scale for all of them."""
    heat_map = scaled(space.evidence(picture, directions), index)
    return Layer(picture, role, map=heat_map, seen=space.seen(picture), kind=kind, contributions=contributions)


def scaled(evidence: np.ndarray, index: int) -> np.ndarray:
    """One map of [C, h, w], in [0, 1] on one scale for all of them."""
    low, high = evidence.min(), evidence.max()
    return ((evidence[index] - low) / max(high - low, 1e-12)).astype(np.float32)
