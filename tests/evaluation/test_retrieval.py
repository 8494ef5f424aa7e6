"""Recall at K against a loop, and of a model that knows nothing."""

import numpy as np
import pytest

from fsl_demo.evaluation.retrieval import hits, recall


def test_recall_is_how_many_texts_have_their_picture_among_the_first() -> None:
    random = np.random.default_rng(0)
    texts, pictures = random.standard_normal((12 * 3, 4)), random.standard_normal((12, 4))
    for at in (1, 5):
        expected = []
        for number, text in enumerate(texts):
            order = sorted(range(12), key=lambda i: -float(text @ pictures[i]))
            expected.append(number // 3 in order[:at])
        assert hits(texts, pictures, each=3, at=at).ravel().tolist() == expected
        assert recall(texts, pictures, each=3, at=(at,))[0].mean == pytest.approx(np.mean(expected))


def test_a_constant_model_is_at_chance() -> None:
    texts, pictures = np.ones((40, 2)), np.ones((20, 2))
    assert [share.mean for share in recall(texts, pictures, 2)] == pytest.approx([1 / 20, 5 / 20, 10 / 20])
