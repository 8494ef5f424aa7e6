"""Where on a picture a phrase may be: one at a time, as phrases for the same thing would share its code.

Phrases of captions mean large things rather than small ones (Plummer et al. 2015, arXiv:1505.04870, section 4.1, use
such a prior, too). Weights and probabilities are those of phrases of Flickr8k's validation pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.core.episodes import Progress
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.inference.boxes import areas, as_box
from fsl_demo.inference.dictionary_space import DictionarySpace
from fsl_demo.inference.vectors import l2_normalize

THING, LARGE = 0.02, 0.03
"""What the log-odds to be a thing, and the logarithm of the area, add to the cosine."""
SLOPE, OFFSET = 15.3, -5.1
"""Of the log-odds that a region of this sum is what the phrase means."""


def grounded(
    space: DictionarySpace, picture: Picture, phrases: Sequence[str], progress: Progress
) -> list[tuple[Region, ...]]:
    """The regions of the picture for each phrase, the most probable first."""
    (seen,) = space.see([picture], progress)
    things = np.clip(seen.objectness, 1e-4, 1 - 1e-4)
    prior = THING * np.log(things / (1 - things)) + LARGE * np.log(np.maximum(areas(seen.boxes), 1e-4))
    cosines = l2_normalize(space.rows([[phrase] for phrase in phrases], progress)) @ seen.regions.T
    likely = 1 / (1 + np.exp(-SLOPE * (cosines + prior) - OFFSET))
    return [_regions(seen.boxes, phrase=phrase, likely=own) for phrase, own in zip(phrases, likely, strict=True)]


def _regions(boxes: np.ndarray, phrase: str, likely: np.ndarray) -> tuple[Region, ...]:
    regions = [
        Region.within(as_box(boxes[number]), score=float(likely[number]), words=((phrase, float(likely[number])),))
        for number in np.argsort(-likely, kind="stable")
    ]
    return tuple(region for region in regions if region)
