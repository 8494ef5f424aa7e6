"""Which pictures are the same, or nearly: crops, mirror images, the same compressed again.

Vectors alone are too coarse (two stop signs are as near as a picture and a crop of it), so each picture's nearest ones
are laid over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.alignment import alike, small
from fsl_demo.inference.inverted_file import InvertedFile

NEAREST = 3
"""Of each picture, so many of the nearest others are looked at."""
APART = 0.3
"""They are no farther away (1 - cosine) than this; on every other class of `photos`, 96 in 100 crops are nearer."""
SAME = 1e-3
"""Nearer than this, pictures are the same whatever they show, plain surfaces too."""
MIXED = 0.5
"""From this mean distance on, a set has pictures of several kinds, which are told apart by their layout."""
COPIED, COPIED_OF_A_KIND = 0.9, 0.985
"""The least correlation of near-duplicates in such a set, and in others, such as faces; crops of those are missed."""
COMPARED = 50_000
"""Up to so many vectors, all are compared with all."""
BLOCK = 1_000
"""Pictures that are compared with all others at a time."""


def groups(vectors: np.ndarray, pictures: Sequence[Picture], progress: Progress = quiet) -> list[int]:
    """The number of each picture's group: pictures share one that are near-duplicates, directly or over others.

    Args:
        vectors: unit vectors that have not learned what a class is (see `TellsCopies`), [N, D].
        progress: told "compare", and of many vectors "index" before.

    Raises:
        UserError: what is wrong with the file of a picture.

    Returns:
        Numbers from 0 in order of first appearance, [N].
    """
    count = len(vectors)
    pairs = _near(vectors, progress)
    limit = COPIED if _mean_distance(vectors) >= MIXED else COPIED_OF_A_KIND
    images = {row: small(pictures[row]) for row in sorted({row for pair in pairs for row in pair})}
    linked = []
    for done, ((first, second), distance) in enumerate(pairs.items()):
        progress("compare", done, len(pairs))
        if distance < SAME or alike(images[first], images[second]) >= limit:
            linked.append((first, second))
    rows, columns = np.array(linked, int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(linked), bool), (rows, columns)), shape=(count, count))
    labels = connected_components(graph, directed=False)[1].tolist() if count else []
    numbers: dict[int, int] = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]


def _mean_distance(vectors: np.ndarray) -> float:
    """Of all pairs of different pictures."""
    count = len(vectors)
    if count < 2:
        return 0.0
    return 1 - (float((vectors.sum(axis=0, dtype=np.float64) ** 2).sum()) - count) / (count * (count - 1))


def _near(vectors: np.ndarray, progress: Progress) -> dict[tuple[int, int], float]:
    """The distance of each pair that may be near-duplicates; of many vectors, those that an index finds."""
    if len(vectors) > COMPARED:
        return _near_by_index(vectors, progress)
    return {pair: distance for start in range(0, len(vectors), BLOCK) for pair, distance in _of_block(vectors, start)}


def _near_by_index(vectors: np.ndarray, progress: Progress) -> dict[tuple[int, int], float]:
    inverted = InvertedFile.learned(vectors, progress)
    inverted.extend(vectors, progress)
    pairs = {}
    for start, neighbours in inverted.neighbours(vectors, NEAREST + 1, progress):
        for place, columns in enumerate(neighbours.tolist()):
            row = start + place
            for column in columns:
                if column in (row, -1):
                    continue
                distance = 1 - float(vectors[row] @ vectors[column])
                if distance < APART:
                    pairs[min(row, column), max(row, column)] = distance
    return pairs


def _of_block(vectors: np.ndarray, start: int) -> Iterator[tuple[tuple[int, int], float]]:
    distances = 1 - vectors[start : start + BLOCK] @ vectors.T
    rows = np.arange(len(distances))
    distances[rows, rows + start] = np.inf
    nearest = np.argpartition(distances, min(NEAREST, len(vectors)) - 1, axis=1)[:, :NEAREST]
    for row, columns in zip(rows.tolist(), nearest.tolist(), strict=True):
        for column in columns:
            if distances[row, column] < APART:
                yield (min(row + start, column), max(row + start, column)), float(distances[row, column])
