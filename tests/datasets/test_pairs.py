"""Balanced pairs."""

import numpy as np
import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.pairs import PairSampler, fixed_pairs

LABELS = np.array([0] * 30 + [1] * 3 + [2] + [5] * 10)


@pytest.mark.parametrize("pairs", [0, 1, 2, 301, 1000])
def test_half_of_the_pairs_are_of_one_class(pairs: int) -> None:
    first, second, same = PairSampler(LABELS).draw(0, pairs)
    assert first.shape == second.shape == same.shape == (pairs,) and same.sum() == pairs // 2
    np.testing.assert_array_equal(LABELS[first] == LABELS[second], same)


def test_no_picture_is_paired_with_itself() -> None:
    first, second, _ = PairSampler([0, 0, 1, 1]).draw(3, 500)
    assert (first != second).all()


def test_pairs_are_shuffled() -> None:
    same = PairSampler(LABELS).draw(0, 1000)[2]
    assert 200 < same[:500].sum() < 300


def test_each_epoch_and_seed_has_its_own_pairs_and_always_the_same() -> None:
    drawn = {
        (seed, epoch): np.stack(PairSampler(LABELS, seed).draw(epoch, 200)) for seed in range(2) for epoch in range(2)
    }
    for (seed, epoch), pairs in drawn.items():
        np.testing.assert_array_equal(pairs, np.stack(PairSampler(LABELS, seed).draw(epoch, 200)))
        assert sum(np.array_equal(pairs, other) for other in drawn.values()) == 1


def test_classes_are_equally_likely_in_pairs_of_one_class() -> None:
    first, _, same = PairSampler(LABELS).draw(0, 6000)
    classes, counts = np.unique(LABELS[first[same]], return_counts=True)
    assert classes.tolist() == [0, 1, 5]  # the class of a single picture has no pair
    assert counts.min() > 900 and counts.max() < 1100


def test_pictures_are_equally_likely_in_pairs_of_two_classes() -> None:
    first, _, same = PairSampler(LABELS).draw(0, 6000)
    counts = np.bincount(first[~same], minlength=len(LABELS))
    assert counts.min() > 30 and counts.max() < 120


@pytest.mark.parametrize(("labels", "cause"), [([], "two classes"), ([4, 4, 4], "two classes"), ([0, 1, 2], "two pic")])
def test_labels_without_such_pairs_are_said(labels: list[int], cause: str) -> None:
    with pytest.raises(UserError, match=cause) as error:
        PairSampler(labels)
    assert error.value.code == "setting_bad"


def test_fixed_pairs_are_always_the_same() -> None:
    classes = {"a": ["a1", "a2", "a3"], "b": ["b1"], "c": ["c1", "c2"]}
    pairs = fixed_pairs(classes, 40)
    assert pairs == fixed_pairs(classes, 40) != fixed_pairs(classes, 40, seed=1)
    assert sum(same for _, _, same in pairs) == 20
    assert all((first[0] == other[0]) is same and first != other for first, other, same in pairs)


def test_no_class_has_no_fixed_pairs() -> None:
    with pytest.raises(UserError, match="two classes"):
        fixed_pairs({}, 10)
