"""Which pictures are the same, or nearly: crops, mirror images, the same compressed again.

Vectors alone are too coarse (two stop signs are as near as a picture and a crop of it), so each picture's nearest ones
are laid over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

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
"""Pictures that are compared with others at a time."""
KEPT = 20_000
"""Small pictures that are at hand; of more, the file is read again."""


def groups(vectors: np.ndarray, pictures: Sequence[Picture], progress: Progress = quiet) -> list[int]:
    """The number of each picture's group: pictures share one that are near-duplicates, directly or over others.

    Args:
        vectors: unit vectors that have not learned what a class is (see `TellsCopies`), [N, D]; of many, float16 ones
            that are mapped.
        pictures: asked for one by one, and only those that may be near-duplicates.
        progress: told "compare", and of many vectors "index" before.

    Raises:
        UserError: what is wrong with the file of a picture.

    Returns:
        Numbers from 0 in order of first appearance, [N].
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(vectors)
    pairs, distances = _near(vectors, progress)
    limit = COPIED if _mean_distance(vectors) >= MIXED else COPIED_OF_A_KIND
    image = lru_cache(KEPT)(lambda row: small(pictures[row]))
    linked = distances < SAME
    for done in np.flatnonzero(~linked).tolist():
        progress("compare", done, len(pairs))
        first, second = pairs[done].tolist()
        linked[done] = alike(image(first), image(second)) >= limit
    rows, columns = pairs[linked].T
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(count, count))
    labels = connected_components(graph, directed=False)[1].tolist() if count else []
    numbers: dict[int, int] = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]


def _mean_distance(vectors: np.ndarray) -> float:
    """Of all pairs of different pictures."""
    count = len(vectors)
    if count < 2:
        return 0.0
    return 1 - (float((vectors.sum(axis=0, dtype=np.float64) ** 2).sum()) - count) / (count * (count - 1))


def _near(vectors: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that may be near-duplicates, int [P, 2], and their distances [P]; of many vectors, those that an index
    finds."""
    blocks = _near_by_index(vectors, progress) if len(vectors) > COMPARED else _near_of_all(vectors)
    pairs, distances = [np.zeros((0, 2), int)], [np.zeros(0, np.float32)]
    for start, columns, apart in blocks:
        rows = np.broadcast_to(np.arange(start, start + len(columns))[:, None], columns.shape)
        near = (apart < APART) & (columns != rows) & (columns >= 0)
        pairs.append(np.sort(np.stack([rows[near], columns[near]], axis=1), axis=1))
        distances.append(apart[near])
    together, first = np.unique(np.concatenate(pairs), axis=0, return_index=True)
    return together, np.concatenate(distances)[first]


Block = tuple[int, np.ndarray, np.ndarray]
"""The first row of a block of vectors, the rows nearest to each [B, K], -1 for none, and their distances [B, K]."""


def _near_of_all(vectors: np.ndarray) -> Iterator[Block]:
    vectors = np.asarray(vectors, np.float32)
    for start in range(0, len(vectors), BLOCK):
        distances = 1 - vectors[start : start + BLOCK] @ vectors.T
        rows = np.arange(len(distances))
        distances[rows, rows + start] = np.inf
        nearest = np.argpartition(distances, min(NEAREST, len(vectors)) - 1, axis=1)[:, :NEAREST]
        yield start, nearest, np.take_along_axis(distances, nearest, axis=1)


def _near_by_index(vectors: np.ndarray, progress: Progress) -> Iterator[Block]:
    inverted = InvertedFile.learned(vectors, progress)
    inverted.extend(vectors, progress)
    for start, nearest in inverted.neighbours(vectors, NEAREST + 1, progress):
        for place in range(0, len(nearest), BLOCK):
            columns = nearest[place : place + BLOCK]
            own = np.asarray(vectors[start + place : start + place + len(columns)], np.float32)
            distances = 1 - np.einsum("bd,bkd->bk", own, vectors[columns].astype(np.float32))
            yield start + place, columns, distances
