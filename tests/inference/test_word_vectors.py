"""Words as the semantic dictionary reads them."""

import pytest

from fsl_demo.inference.word_vectors import bare


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [("a red ball", "red ball"), ("The dog", "dog"), ("an apple", "apple"), ("another man", "another man"), ("a", "a")],
)
def test_a_phrase_loses_its_article(phrase: str, expected: str) -> None:
    assert bare(phrase) == expected
