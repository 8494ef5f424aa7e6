"""Where on a picture a phrase may be: one at a time, as phrases for the same thing would share its code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.core.episodes import Progress
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.inference.boxes import as_box
from fsl_demo.inference.dictionary_space import DictionarySpace, codes
from fsl_demo.inference.vectors import l2_normalize

SAME = 0.75
"""Words of the vocabulary whose rows have a higher cosine with a phrase's row would take its part, and are left out."""


def grounded(
    space: DictionarySpace, picture: Picture, phrases: Sequence[str], progress: Progress
) -> list[tuple[Region, ...]]:
    """The regions of the picture for each phrase, the most probable first."""
    (seen,) = space.see([picture], progress)
    _, vocabulary = space.vocabulary(progress)
    rows = space.rows([[phrase] for phrase in phrases], progress)
    cosines = l2_normalize(rows) @ l2_normalize(vocabulary).T
    places = []
    for phrase, row, alike in zip(phrases, rows, cosines, strict=True):
        explained = codes(seen.regions, np.concatenate([row[None], vocabulary[alike < SAME]]))
        likely = space.probabilities(explained, seen.objectness)[:, 0]
        regions = [_region(seen.boxes[number], phrase, float(likely[number])) for number in np.argsort(-likely)]
        places.append(tuple(region for region in regions if region))
    return places


def _region(box: np.ndarray, phrase: str, score: float) -> Region | None:
    return Region.within(as_box(box), score=score, words=((phrase, score),))
