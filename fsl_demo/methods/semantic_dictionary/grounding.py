"""Where on a picture a phrase may be: one at a time, as phrases for the same thing would share its code.

Phrases of captions mean large things rather than small ones (Plummer et al. 2015, arXiv:1505.04870, section 4.1, use
such a prior, too). Weights and probabilities are those of phrases of Flickr8k's validation pictures, beside as many
phrases of other pictures.
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
from fsl_demo.inference.word_vectors import RELATIONS

THING, LARGE = 0.02, 0.03
"""What the log-odds to be a thing, and the logarithm of the area, add to the cosine."""
SLOPE, WHOLE, OFFSET = 21.2, 8.5, -4.65
"""Of the log-odds that a picture has what the phrase says, from the sum of its best region, and from how far the whole
picture and the phrase are like the same of ImageNet's classes; where every other picture has it."""
RARE = 10.0
"""Pictures without it, to one that has it, as a search is expected to meet them."""


def grounded(
    space: DictionarySpace, picture: Picture, phrases: Sequence[str], progress: Progress
) -> list[tuple[Region, ...]]:
    """The regions of the picture for each phrase, the best first, with the probability that the picture has it."""
    (seen,) = space.see([picture], progress)
    things = np.clip(seen.objectness, 1e-4, 1 - 1e-4)
    prior = THING * np.log(things / (1 - things)) + LARGE * np.log(np.maximum(areas(seen.boxes), 1e-4))
    vectors = space.read([[phrase] for phrase in phrases], progress)
    cosines = l2_normalize(space.encoded(vectors)) @ seen.regions.T
    alike = vectors[:, RELATIONS] @ seen.relations[0].astype(np.float32)
    odds = SLOPE * (cosines + prior) + WHOLE * alike[:, None] + OFFSET - np.log(RARE)
    likely = 1 / (1 + np.exp(-odds))
    return [_regions(seen.boxes, phrase=phrase, likely=own) for phrase, own in zip(phrases, likely, strict=True)]


def _regions(boxes: np.ndarray, phrase: str, likely: np.ndarray) -> tuple[Region, ...]:
    regions = [
        Region.within(as_box(boxes[number]), score=float(likely[number]), words=((phrase, float(likely[number])),))
        for number in np.argsort(-likely, kind="stable")
    ]
    return tuple(region for region in regions if region)
