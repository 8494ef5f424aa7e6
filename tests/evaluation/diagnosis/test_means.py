"""Class means without some pictures: the closed forms say what averaging again would."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fsl_demo.evaluation.diagnosis.influence import influence
from fsl_demo.evaluation.diagnosis.means import Labelled, Means
from fsl_demo.inference.vectors import l2_normalize

COUNTS = (3, 5, 2, 6)
USUAL = 0.3


def labelled(usual: float) -> Labelled:
    """Four classes; two groups of near-duplicates, of which one is of two classes."""
    random = np.random.default_rng(0)
    owners = np.repeat(range(len(COUNTS)), COUNTS)
    centres = random.normal(size=(len(COUNTS), 16))
    spread = [l2_normalize(centres[owners] + width * random.normal(size=(len(owners), 16))) for width in (1.5, 1.0)]
    groups = np.arange(len(owners))
    groups[[3, 4, 9]], groups[[10, 11, 12]] = 3, 10
    return Labelled(*spread, owners=owners, groups=groups, classes=len(COUNTS), usual=usual)


def averaged(pictures: Labelled, keep: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Similarities to the means of the pictures that are kept, by loops."""
    similarities = np.full((len(queries), pictures.classes), -np.inf)
    for index in range(pictures.classes):
        rows = [row for row in np.flatnonzero(keep) if pictures.owners[row] == index]
        groups = sorted({pictures.groups[row] for row in rows})
        if not groups:
            continue
        parts = [[row for row in rows if pictures.groups[row] == group] for group in groups]
        total = sum(pictures.vectors[part].mean(axis=0) for part in parts)
        cosines = queries @ (total / np.linalg.norm(total))
        if not math.isnan(pictures.usual):
            own = sum(float((pictures.originals[part].mean(axis=0) ** 2).sum()) for part in parts)
            square = own + pictures.usual * (len(parts) ** 2 - len(parts))
            cosines = cosines * math.sqrt(max(square, 0)) / len(parts)
        similarities[:, index] = cosines
    return similarities


@pytest.mark.parametrize("usual", [USUAL, math.nan])
def test_similarities_without_pictures_are_those_of_means_without_them(usual: float) -> None:
    pictures = labelled(usual)
    means, everything = Means(pictures), np.arange(len(pictures.owners))
    queries = l2_normalize(np.random.default_rng(1).normal(size=(9, 16)))
    for row in everything:
        alone = averaged(pictures, pictures.groups != pictures.groups[row], pictures.vectors[row : row + 1])[0]
        assert np.allclose(alone, means.held_out[row])
    for index in range(pictures.classes):
        held_out, answered = means.without_each(index), means.queries_without_each(queries, index)
        for column, taken in enumerate(means.members(index)):
            assert np.allclose(averaged(pictures, everything != taken, queries)[:, index], answered[:, column])
            for row in everything:
                keep = (pictures.groups != pictures.groups[row]) & (everything != taken)
                alone = averaged(pictures, keep, pictures.vectors[row : row + 1])[0]
                assert np.allclose(alone[index], held_out[row, column])


@pytest.mark.parametrize("usual", [USUAL, math.nan])
def test_answers_that_flip_are_those_that_flip_when_all_is_averaged_again(usual: float) -> None:
    pictures = labelled(usual)
    means, everything = Means(pictures), np.arange(len(pictures.owners))
    queries = l2_normalize(np.random.default_rng(2).normal(size=(40, 16)))
    truths = [0 if row % 2 else None for row in range(40)]
    flips = influence(means, queries, truths)
    with_all = averaged(pictures, everything >= 0, queries).argmax(axis=1)
    assert sum(map(len, flips)) > 10
    for taken in everything:
        expected = set()
        for row in everything[everything != taken]:
            keep = pictures.groups != pictures.groups[row]
            before, after = (
                int(averaged(pictures, kept, pictures.vectors[row : row + 1])[0].argmax())
                for kept in (keep, keep & (everything != taken))
            )
            if before != after and means.tells[row]:
                expected.add((int(row), False, before, after, int(pictures.owners[row])))
        without = averaged(pictures, everything != taken, queries).argmax(axis=1)
        changed = np.flatnonzero(with_all != without)
        expected |= {(int(row), True, int(with_all[row]), int(without[row]), truths[row]) for row in changed}
        assert {(flip.picture, flip.query, flip.before, flip.after, flip.truth) for flip in flips[taken]} == expected


def test_a_picture_is_answered_as_by_a_method_that_lacks_it() -> None:
    """Without near-duplicates, the classes as uneven as they may be."""
    pictures = labelled(USUAL)
    means = Means(Labelled(**{**vars(pictures), "groups": np.arange(len(pictures.owners))}))
    assert means.tells.all()
    assert means.probabilities(5.0).sum(axis=1) == pytest.approx(1)


def test_the_only_picture_of_a_class_is_not_told() -> None:
    random = np.random.default_rng(0)
    vectors = l2_normalize(random.normal(size=(4, 8)))
    owners, groups = np.array([0, 1, 1, 1]), np.array([0, 1, 2, 2])
    means = Means(Labelled(vectors, vectors, owners=owners, groups=groups, classes=2, usual=USUAL))
    assert means.tells.tolist() == [False, True, True, True]
    assert np.isfinite(means.probabilities(10.0)).all()
    assert means.counts.tolist() == [1, 2]
