"""The linear maps under which regions of one thing differ by as much in all directions; see
`objectives.picture_space.whitening`."""

from __future__ import annotations

from collections import Counter

import numpy as np

from fsl_demo.inference.region_features import DETECTOR, RegionMap
from fsl_demo.training.objectives.picture_space import whitening
from fsl_demo.training.objectives.semantic_dictionary import REGION, Rights

LEAST, MOST = 12, 300
"""Regions of a word from which on it counts, and the number of them that are read."""
DETECTOR_SHARE = 0.25
"""Of a vector's square; chosen on regions of VOC's val part, among 0.13 and 0.5."""


def often(rights: Rights, words: int) -> np.ndarray:
    """Numbers of the words that are right for `LEAST` regions, of so many words."""
    right = rights.words[rights.kinds == REGION]
    return np.flatnonzero(np.bincount(right[right >= 0], minlength=words) >= LEAST)


def region_map(features: np.ndarray, rights: Rights, classes: int) -> RegionMap:
    """From features of regions, float16 [N, DETECTOR + FROZEN], and what they are.

    Args:
        classes: how many of the words are annotated completely; each half of the words has the same say.
    """
    first = np.where(rights.kinds == REGION, rights.words[:, 0], -1)[: len(features)]
    counts = Counter(first[first >= 0].tolist())
    rows, labels, groups = list[np.ndarray](), list[int](), list[int]()
    for word, count in sorted(counts.items()):
        if count >= LEAST:
            rows.append(np.flatnonzero(first == word)[:MOST])
            labels += [len(groups)] * len(rows[-1])
            groups.append(int(word >= classes))
    own = features[np.concatenate(rows)].astype(np.float32)
    maps = [whitening(half, np.array(labels), np.array(groups)) for half in np.split(own, [DETECTOR], axis=1)]
    weights, biases = zip(*maps, strict=True)
    return RegionMap(weights, biases, detector=DETECTOR_SHARE)
