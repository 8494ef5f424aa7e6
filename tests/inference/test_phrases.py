"""Typed sentences: their direction, and what each word adds."""

from collections.abc import Sequence

import numpy as np
import pytest

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.inference.phrases import MAX_SENTENCE, MOST_WORDS, sentence_vector, word_contributions
from tests.inference.fake_space import FakeSpace

WORDS = {"red": (1, 0, 0), "cat": (0, 1, 0), "not": (0, -1, 0)}


def test_a_sentence_is_a_unit_vector_however_it_is_spaced() -> None:
    space = FakeSpace(WORDS)
    np.testing.assert_allclose(sentence_vector(space, "  red \n cat "), np.array([1, 1, 0]) / np.sqrt(2), atol=1e-6)


@pytest.mark.parametrize(
    ("sentence", "code"),
    [(" \n ", "search_empty"), ("a" * (MAX_SENTENCE + 1), "search_long"), ("紅色的貓", "search_script")],
)
def test_what_cannot_be_looked_for(sentence: str, code: str) -> None:
    with pytest.raises(UserError) as refused:
        sentence_vector(FakeSpace(WORDS), sentence)
    assert refused.value.code == code and str(refused.value)


def test_a_word_adds_what_is_lost_without_it() -> None:
    picture = np.array([0.6, 0.8, 0], np.float32)
    contributions = dict(word_contributions(FakeSpace(WORDS), "red cat", picture))
    whole = (0.6 + 0.8) / np.sqrt(2)
    assert contributions == pytest.approx({"red": whole - 0.8, "cat": whole - 0.6})


def test_a_word_may_take_away_or_do_nothing() -> None:
    picture = np.array([0, 1, 0], np.float32)
    (_, red), (_, the), (_, cat) = word_contributions(FakeSpace(WORDS), "red the cat", picture)
    assert red == pytest.approx(1 / np.sqrt(2) - 1) and the == 0 and cat == pytest.approx(1 / np.sqrt(2))


def test_a_single_word_has_the_whole_cosine() -> None:
    contributions = word_contributions(FakeSpace(WORDS), " cat ", np.array([0.6, 0.8, 0], np.float32))
    assert contributions == (("cat", pytest.approx(0.8)),)


def test_of_a_long_sentence_the_first_words_are_asked_about() -> None:
    asked = []

    class Counting(FakeSpace):
        def texts(self, sentences: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
            asked.extend(sentences)
            return super().texts(sentences, progress)

    sentence = " ".join(["red"] * MOST_WORDS + ["cat"] * 3)
    contributions = word_contributions(Counting(WORDS), sentence, np.array([0, 1, 0], np.float32))
    assert [word for word, _ in contributions] == ["red"] * MOST_WORDS and len(asked) == MOST_WORDS + 1
    assert all(ensemble[0].endswith("cat cat cat") for ensemble in asked)
