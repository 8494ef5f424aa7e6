"""Nouns, what they mean, and what they are kinds of."""

import pytest

from fsl_demo.inference.hypernyms import GENERAL, ancestors, imagenet, meanings, mentions, synsets


def nouns(text: str) -> list[str]:
    return [mention.noun for mention in mentions(text)]


def kinds_of(name: str) -> set[str]:
    return {noun for kind in ancestors(meanings(name)[0]) - GENERAL for noun in synsets()[kind].nouns}


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("mandolin", {"stringed instrument", "musical instrument"}),
        ("espressos", {"coffee", "beverage"}),
        ("sea_lions", {"seal", "mammal", "animal"}),
        ("women", {"person"}),
        ("daisy", {"flower", "plant"}),
    ],
)
def test_a_noun_is_of_its_kinds(name: str, kinds: set[str]) -> None:
    assert kinds <= kinds_of(name)


def test_kinds_end_below_object() -> None:
    general = {"object", "entity", "whole", "artifact", "living thing"}
    assert not general & (kinds_of("mandolin") | kinds_of("daisy"))


def test_a_name_that_is_no_noun_means_nothing() -> None:
    assert meanings("zzyzx") == meanings("") == meanings("燭台") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two children play in the snow.", ["child", "snow"]),
        ("a man watches a bird that flies over a parking meter", ["man", "bird", "parking meter"]),
        ("a small white dog stands on its hind legs", ["dog", "leg"]),
        ("two brown dogs", ["dog"]),
        ("a snowboarder in the air", ["snowboarder"]),
        ("", []),
    ],
)
def test_the_nouns_of_a_sentence(text: str, expected: list[str]) -> None:
    assert [noun for noun in nouns(text) if noun not in ("air",)] == expected


def test_a_mention_says_where_it_stands() -> None:
    first = mentions("a hot dog and two cups")[0]
    assert (first.start, first.end, first.noun) == (1, 3, "hot dog")


def test_all_of_imagenet_is_in_the_table() -> None:
    assert len(imagenet()) == 1000 and all(synset in synsets() for synset in imagenet())
