"""Whether a region is of a class: by words that are learned, by words that are not, and by examples."""

from typing import Any

import numpy as np
import pytest

from fsl_demo.inference import region_evidence
from fsl_demo.inference.dictionary_space import Seen, Vocabulary
from fsl_demo.inference.region_evidence import Examples, Words, probabilities
from fsl_demo.inference.word_vectors import CHANNELS, RELATIONS

CAT, CAR, TREE = 0, 500, 900


def like(*classes: int) -> np.ndarray:
    rows = np.zeros((len(classes), 1_000), np.float32)
    rows[np.arange(len(classes)), classes] = 1
    return rows


class Space:
    """Knows the words up to a cosine, and finds every region in the dictionary."""

    def __init__(self, *cosines: float) -> None:
        self.cosines = np.array(cosines)

    def learned(self, sentences: np.ndarray) -> np.ndarray:
        return self.cosines

    def odds(self, explained: np.ndarray, objectness: np.ndarray) -> np.ndarray:
        return np.full(explained.shape, 5.0)


def seen(objectness: tuple[float, float] = (0.5, 0.5), whole: int = CAT) -> Seen:
    """A cat on the left, a car on the right."""
    return Seen(
        boxes=np.array([[0, 0, 0.5, 1], [0.5, 0, 1, 1]], np.float32),
        objectness=np.array(objectness),
        regions=np.eye(2, 4, dtype=np.float32),
        whole=np.ones(4, np.float32) / 2,
        relations=like(whole, CAT, CAR).astype(np.float16),
    )


def words(*classes: int) -> Words:
    def read(numbers: tuple[int, ...]) -> np.ndarray:
        vectors = np.zeros((len(numbers), CHANNELS), np.float32)
        vectors[:, RELATIONS] = like(*numbers)
        return vectors

    rows = np.eye(len(classes), 4, dtype=np.float32)
    return Words(read(classes), rows, beside=Vocabulary(("tree",), read((TREE,)), np.eye(1, 4, 3, np.float32)))


def odds(space: Any, own: Words, looked: Seen) -> np.ndarray:
    return own.odds(space, looked)


def test_an_unknown_word_is_found_by_what_it_is_like() -> None:
    evidence = odds(Space(0.4, 0.4), words(CAT, CAR), seen())
    assert evidence[0, 0] > evidence[1, 0] + 3 and evidence[1, 1] > evidence[0, 1] + 3
    assert evidence[0, 0] > odds(Space(0.4, 0.4), words(CAT, CAR), seen(whole=CAR))[0, 0] > evidence[0, 1]
    surer = odds(Space(0.4, 0.4), words(CAT, CAR), seen(objectness=(0.9, 0.1)))
    assert surer[0, 0] > evidence[0, 0] and surer[1, 1] < evidence[1, 1]


def test_a_single_word_competes_with_words_for_other_things() -> None:
    evidence = odds(Space(0.4), words(CAT), seen())
    assert evidence[0, 0] > evidence[1, 0] + 0.3


@pytest.mark.parametrize(("cosine", "share"), [(0.3, 0.0), (0.7, 0.0), (0.8, 0.5), (0.9, 1.0), (1.0, 1.0)])
def test_the_dictionary_speaks_for_what_it_has_learned(cosine: float, share: float) -> None:
    mixed, unknown = (odds(Space(own, 0.0), words(CAT, CAR), seen()) for own in (cosine, 0.0))
    np.testing.assert_allclose(mixed[:, 0], share * 5 + (1 - share) * unknown[:, 0], atol=1e-5)
    np.testing.assert_allclose(mixed[:, 1], unknown[:, 1])


def test_examples_count_more_the_more_there_are() -> None:
    sums, background = np.array([[3, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 2, 0]], float), np.eye(4)[3] / 3
    examples = Examples.of(
        sums, np.array([3.0, 1, 0, 1]), told=np.array([True, True, True, False]), background=background, strength=2.0
    )
    assert examples.shares.tolist() == pytest.approx([0.6, 1 / 3, 0.0, 1.0])
    np.testing.assert_allclose(examples.means[0], [1, 0, 0, 0], atol=1e-6)
    assert not examples.means[2].any()
    own = examples.odds(seen())
    assert own[0, 0] > own[1, 0] and own[1, 1] > own[0, 1]


def test_words_and_examples_are_averaged_as_log_odds() -> None:
    space: Any = Space(0.4, 0.4)
    both = words(CAT, CAR)
    examples = Examples(means=np.eye(2, 4, dtype=np.float32)[::-1], shares=np.array([0.25, 0.0]))
    likely = probabilities(space, seen(), words=both, examples=examples)
    by_words, by_examples = odds(space, both, seen()), examples.odds(seen())
    np.testing.assert_allclose(
        np.log(likely / (1 - likely))[:, 0], 0.75 * by_words[:, 0] + 0.25 * by_examples[:, 0], atol=1e-4
    )
    np.testing.assert_allclose(np.log(likely / (1 - likely))[:, 1], by_words[:, 1], atol=1e-4)


def test_what_lies_elsewhere_on_support_pictures_is_background() -> None:
    learned, elsewhere = np.eye(3)[0], [np.eye(3)[1:2], np.zeros((0, 3)), np.eye(3)[[2, 2, 1, 1]]]
    mean = region_evidence.background(learned, elsewhere)
    np.testing.assert_allclose(mean, [0.5, 1.5 / 4, 0.5 / 4], atol=1e-6)
    np.testing.assert_allclose(region_evidence.background(learned, []), learned)
