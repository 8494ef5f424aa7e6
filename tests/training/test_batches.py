"""Which pictures come together."""

from itertools import groupby

import numpy as np
import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.training.batches import Episodes, grouped

LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 5], [7, 20, 1, 33]))


@pytest.mark.parametrize("size", [1, 8, 61])
@pytest.mark.parametrize("together", [1, 4, 50])
def test_every_picture_comes_once_but_for_less_than_a_batch(size: int, together: int) -> None:
    batches = list(grouped(LABELS, size, together=together, seed=0, epoch=0))
    assert len(batches) == 61 // size and all(len(batch) == size for batch in batches)
    chosen = np.concatenate(batches)
    assert len(set(chosen.tolist())) == len(chosen)


def test_what_is_left_over_is_not_always_the_same() -> None:
    used = [
        frozenset(np.concatenate(list(grouped(LABELS, 8, together=4, seed=0, epoch=epoch))).tolist())
        for epoch in range(10)
    ]
    assert len(set(used)) > 5 and frozenset.union(*used) == frozenset(range(61))


def test_pictures_of_one_class_come_in_groups() -> None:
    labels = np.arange(120) % 6
    for batch in grouped(labels, 40, together=4, seed=1, epoch=2):
        assert all(len(set(group.tolist())) == 1 for group in labels[batch].reshape(-1, 4))
        assert len(set(labels[batch].tolist())) > 1


def test_a_class_is_cut_into_no_more_groups_than_it_needs() -> None:
    (batch,) = grouped(LABELS, 61, together=4, seed=0, epoch=0)
    runs = [(label, len(list(run))) for label, run in groupby(LABELS[batch].tolist())]
    assert len(runs) <= 2 + 5 + 1 + 9
    assert [count for label, count in runs if label == 2] == [1]


def test_seed_and_epoch_determine_the_batches() -> None:
    def drawn(seed: int, epoch: int) -> list[int]:
        return np.concatenate(list(grouped(LABELS, 8, together=4, seed=seed, epoch=epoch))).tolist()

    assert drawn(0, 0) == drawn(0, 0)
    assert drawn(0, 0) != drawn(0, 1) != drawn(1, 0) != drawn(0, 0)


def test_too_few_pictures_make_no_batch() -> None:
    assert not list(grouped(LABELS, 62, together=4, seed=0, epoch=0))


def test_support_and_queries_of_an_episode_do_not_overlap() -> None:
    episodes, random = Episodes(LABELS, 3, shot=2, queries=5), np.random.default_rng(0)
    seen = set()
    for _ in range(50):
        support, queries = episodes.draw(random)
        assert support.shape == (3, 2) and queries.shape == (3, 5)
        rows = np.concatenate([support, queries], axis=1)
        assert len(set(rows.ravel().tolist())) == 21
        classes = LABELS[rows]
        assert (classes == classes[:, :1]).all() and sorted(classes[:, 0]) == [0, 1, 5]
        seen |= set(support.ravel().tolist())
    assert len(seen) > 40


def test_a_generator_determines_the_episodes() -> None:
    drawn = [Episodes(LABELS, 2, shot=1, queries=3).draw(np.random.default_rng(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(drawn[0][1], drawn[1][1])
    assert not np.array_equal(drawn[0][1], drawn[2][1])


def test_too_few_classes_are_said() -> None:
    Episodes(LABELS, 4, shot=1, queries=0)
    with pytest.raises(UserError, match=r"3 classes have 2 \+ 5 pictures") as error:
        Episodes(LABELS, 4, shot=2, queries=5)
    assert error.value.code == "setting_bad" and error.value.params["value"] == 4
