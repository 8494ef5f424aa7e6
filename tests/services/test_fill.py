"""Blanks: which words come, with a picture and without, and what is refused."""

import numpy as np
import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.inference.phrases import FUNCTION_WORDS
from fsl_demo.methods.two_stream import TwoStream
from fsl_demo.services.fill import fill
from tests.backbones.loaded import crops, networks


@pytest.fixture(scope="module")
def method() -> TwoStream:
    return TwoStream(networks())


def test_words_come_likeliest_first_with_both_probabilities(method: TwoStream) -> None:
    words = [word for word in method.matcher.whole_words() if word not in FUNCTION_WORDS]
    filled = fill(method, crops("cat")[0], sentence="a ___ runs on the grass", top=len(words))
    for ranking in (filled.seen, filled.unseen):
        assert sorted(ranked.word for ranked in ranking) == sorted(words)
    seen, unseen = [ranked.seen for ranked in filled.seen], [ranked.unseen for ranked in filled.unseen]
    for values in (seen, unseen):
        assert values == sorted(values, reverse=True) and 0.5 < sum(values) < 1
    assert {ranked.word: ranked for ranked in filled.seen} == {ranked.word: ranked for ranked in filled.unseen}
    assert fill(method, crops("cat")[0], sentence="a ___ runs on the grass", top=3).seen == filled.seen[:3]


def test_the_sentence_counts(method: TwoStream) -> None:
    def grass(sentence: str) -> float:
        filled = fill(method, crops("cat")[0], sentence=sentence, top=len(method.matcher.whole_words()))
        return next(word.unseen for word in filled.unseen if word.word == "grass")

    assert grass("a brown dog runs through the green ___") > 5 * grass("two men eat ___ at a table in a restaurant")


def test_without_the_picture_the_picture_does_not_matter(method: TwoStream) -> None:
    cat, other = (fill(method, crops(subject)[0], "a ___ in the air") for subject in ("cat", "rocket"))
    assert cat.unseen[0].word == other.unseen[0].word
    assert cat.unseen[0].unseen == pytest.approx(other.unseen[0].unseen)
    assert cat.seen[0].seen != pytest.approx(other.seen[0].seen, abs=1e-4)


def test_only_whole_words(method: TwoStream) -> None:
    assert all(word.isalpha() for word in method.matcher.whole_words())
    assert len(method.matcher.whole_words()) > 3_000 and "dog" in method.matcher.whole_words()


@pytest.mark.parametrize("blank", ["[MASK]", "[mask]", "___", "_____", "__"])
def test_ways_to_write_a_blank(method: TwoStream, blank: str) -> None:
    first = fill(method, crops("cat")[0], "a ___ sits")
    again = fill(method, crops("cat")[0], f"a {blank} sits")
    np.testing.assert_allclose([word.seen for word in again.seen], [word.seen for word in first.seen], rtol=1e-5)


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        (" ", "search_empty"),
        ("a dog runs", "blank_none"),
        ("a ___ runs on the [MASK]", "blank_many"),
        ("dog " * 60 + "___", "search_long"),
        ("一隻 ___ 在跑", "search_script"),
    ],
)
def test_what_is_refused(method: TwoStream, sentence: str, code: str) -> None:
    with pytest.raises(UserError) as refused:
        fill(method, crops("cat")[0], sentence)
    assert refused.value.code == code


def test_a_blank_alone_is_filled(method: TwoStream) -> None:
    assert len(fill(method, crops("cat")[0], "___").seen) == 5
