"""Where on a picture a phrase may be: one at a time, as phrases for the same thing would share its code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.core.episodes import Progress
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.inference.boxes import as_box
from fsl_demo.inference.dictionary_space import DictionarySpace, codes, others


def grounded(
    space: DictionarySpace, picture: Picture, phrases: Sequence[str], progress: Progress
) -> list[tuple[Region, ...]]:
    """The regions of the picture for each phrase, the most probable first."""
    (seen,) = space.see([picture], progress)
    _, vocabulary = space.vocabulary(progress)
    rows = space.rows([[phrase] for phrase in phrases], progress)
    places = []
    for phrase, row in zip(phrases, rows[:, None], strict=True):
        explained = codes(seen.regions, np.concatenate([row, vocabulary[others(row, vocabulary)]]))
        likely = space.probabilities(explained, seen.objectness)[:, 0]
        regions = [_region(seen.boxes[number], phrase, float(likely[number])) for number in np.argsort(-likely)]
        places.append(tuple(region for region in regions if region))
    return places


def _region(box: np.ndarray, phrase: str, score: float) -> Region | None:
    return Region.within(as_box(box), score=score, words=((phrase, score),))
