"""What support pictures count for, against slow loops and simulated classes."""

from __future__ import annotations

import numpy as np
import pytest

from fsl_demo.inference.calibration import Default
from fsl_demo.inference.shares import NEAR, USUAL, Shares
from fsl_demo.inference.vectors import l2_normalize

LIMIT = 0.3
ALIKE = 1 - USUAL * (1 - LIMIT)


def drawn(counts: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors whose cosine within a class is about `ALIKE`, and their owners."""
    random, owners = np.random.default_rng(seed), np.repeat(range(len(counts)), counts)
    centres, noise = random.normal(size=(len(counts), 2_000)), random.normal(size=(len(owners), 2_000))
    return l2_normalize(np.sqrt(ALIKE) * centres[owners] + np.sqrt(1 - ALIKE) * noise), owners


def shares(vectors: np.ndarray, owners: np.ndarray) -> Shares:
    cosines = vectors @ vectors.swapaxes(-1, -2)
    return Shares.of(cosines, owners=owners, classes=int(owners.max()) + 1, limit=LIMIT)


def with_copies() -> tuple[np.ndarray, np.ndarray]:
    """Two classes of three pictures; the first has two near-duplicates of its first as well."""
    vectors, owners = drawn([3, 3])
    noise = np.random.default_rng(1).normal(size=(2, 2_000)) / np.sqrt(2_000)
    copies = l2_normalize(vectors[:1] + 0.3 * noise)
    return np.concatenate([vectors, copies]), np.append(owners, [0, 0])


def test_near_duplicates_count_as_one_picture() -> None:
    vectors, owners = with_copies()
    assert (1 - vectors[0] @ vectors[6:].T < NEAR * 0.9).all()
    counted = shares(vectors, owners)
    np.testing.assert_allclose(counted.weights, [1 / 3, 1, 1, 1, 1, 1, 1 / 3, 1 / 3])
    np.testing.assert_allclose(counted.counts, [3, 3])
    np.testing.assert_allclose(counted.left, [2] * 8)
    plain = shares(*drawn([3, 3]))
    np.testing.assert_allclose(counted.class_means(vectors), plain.class_means(drawn([3, 3])[0]), atol=0.02)


def test_pictures_of_different_classes_are_never_near_duplicates() -> None:
    vectors, owners = drawn([2, 2])
    vectors[2] = vectors[0]
    np.testing.assert_array_equal(shares(vectors, owners).near, np.eye(4))


def test_a_picture_is_held_out_with_its_near_duplicates() -> None:
    vectors, owners = with_copies()
    counted = shares(vectors, owners)
    held_out = counted.held_out(vectors)
    for row in (0, 6, 7):  # all three see pictures 1 and 2 alone
        assert held_out[row, 0] == pytest.approx(vectors[row] @ l2_normalize(vectors[1] + vectors[2]), abs=1e-6)
    assert held_out[1, 0] < 0.8 * vectors[1] @ l2_normalize(vectors[1] + vectors[2])


def test_a_class_with_one_picture_and_its_copies_says_nothing() -> None:
    vectors, owners = with_copies()
    few = shares(vectors[[0, 6, 7, 3, 4]], owners[[0, 6, 7, 3, 4]])
    assert (few.left[:3] == 0).all() and not few.evidence.any()
    assert shares(vectors, owners).evidence.sum() == pytest.approx(6)


@pytest.mark.parametrize("counts", [[1, 1, 1], [4, 4, 4]])
def test_even_classes_have_means_of_length_1(counts: list[int]) -> None:
    np.testing.assert_allclose(shares(*drawn(counts)).scales, 1)


def test_a_class_with_more_pictures_is_not_favoured() -> None:
    """A new picture's expected similarity to its own class is the same whatever the number of pictures."""
    vectors, owners = drawn([8, 8, 8])
    seen = np.concatenate([np.flatnonzero(owners == index)[:count] for index, count in enumerate((1, 2, 7))])
    counted = shares(vectors[seen], owners[seen])
    new = vectors[[7, 15, 23]]
    own = (new * counted.class_means(vectors[seen])).sum(axis=1)
    np.testing.assert_allclose(own, own.mean(), rtol=0.06)
    plain = (new * l2_normalize(counted.class_means(vectors[seen]))).sum(axis=1)
    assert plain.max() / plain.min() > 1.3


def test_scales_of_held_out_pictures_term_by_term() -> None:
    vectors, owners = with_copies()
    counted = shares(vectors, owners)
    usual = np.sqrt((1 + ALIKE) / 2)  # with two pictures a class
    expected = counted.expected
    for row, owner in enumerate(owners):
        for index in range(2):
            left = counted.weights * (owners == index) * (1 - counted.near[row] * (owner == index))
            length = np.sqrt(left @ expected @ left) / left.sum()
            assert counted.held_out_scales[row, index] == pytest.approx(length / usual, rel=1e-5)


def test_stacked_support_sets_are_as_if_alone() -> None:
    vectors, owners = with_copies()
    other = drawn([5, 3], seed=3)[0][[0, 1, 2, 5, 6, 7, 3, 4]]
    stack = np.stack([vectors, other])
    both = shares(stack, owners)
    for row, alone in enumerate(stack):
        single = shares(alone, owners)
        for name in ("weights", "counts", "left", "shots", "scales", "evidence"):
            np.testing.assert_allclose(getattr(both, name)[row], getattr(single, name), atol=1e-6)
        np.testing.assert_allclose(both.held_out(stack)[row], single.held_out(alone), atol=1e-6)


def test_no_pictures_at_all() -> None:
    nothing = np.zeros((0, 4))
    counted = Shares.of(nothing @ nothing.T, owners=np.zeros(0, int), classes=2, limit=LIMIT)
    assert counted.shots == 0 and not counted.class_means(nothing).any() and not counted.evidence.any()


def test_a_threshold_for_two_pictures_lies_where_simulated_pictures_do() -> None:
    """Measured with one and with five pictures a class, it fits two."""

    def lowest(count: int) -> float:
        similarities = []
        for seed in range(40):
            vectors, owners = drawn([count + 1] * 5, seed)
            seen = np.delete(np.arange(len(owners)), np.arange(count, len(owners), count + 1))
            means = shares(vectors[seen], owners[seen]).class_means(vectors[seen])
            similarities += list((vectors[count :: count + 1] * means).sum(axis=1))
        return float(np.quantile(similarities, 0.05))

    default = Default.of_pictures(np.array([lowest(1), lowest(5)]))
    counted = shares(*drawn([2, 2]))
    assert counted.none_below(default, 1) == pytest.approx(lowest(1))
    assert counted.none_below(default, 5) == pytest.approx(lowest(5))
    assert counted.none_below(default, 2) == pytest.approx(lowest(2), rel=0.01)
    assert abs(default.at(2, 2) / lowest(2) - 1) > 0.015
