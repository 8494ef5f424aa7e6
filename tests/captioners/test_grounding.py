"""Nouns that a picture bears out, and what is said in place of others."""

import numpy as np
import pytest

from fsl_demo.captioners import build
from fsl_demo.captioners.grounding import SOMEBODY, SURELY, Sight, forms, with_article
from fsl_demo.core.episodes import Hint
from fsl_demo.inference.hypernyms import imagenet, meanings, mentions
from fsl_demo.inference.kinds import certain, kinds
from tests.backbones.loaded import crops, networks


def sight(people: float = SOMEBODY - 1, **classes: float) -> Sight:
    """Of a picture that is of ImageNet's classes with these probabilities."""
    answers = np.full(1000, (1 - sum(classes.values())) / 1000, np.float32)
    for name, share in classes.items():
        answers[imagenet().index(meanings(name)[0])] += share
    row = answers @ kinds()[1].T
    synset, hint = certain(row) or ("", None)
    return Sight(kinds=row, people=people, scene="an outdoor scene", synset=synset, hint=hint)


def test_animals_and_people_that_are_not_there_are_wrong() -> None:
    banjo = sight(banjo=0.9)
    assert banjo.wrong("a brown dog and a girl with a ball on the grass") == ["dog", "girl"]
    assert banjo.wrong("a banjo on a bench") == []
    assert sight(people=SOMEBODY, banjo=0.9).wrong("two women and a puppy") == ["puppy"]
    assert sight(beagle=0.9).wrong("a dog near a cat") == ["cat"]


def test_an_animal_is_wrong_where_another_is_more_probable() -> None:
    assert sight(llama=0.5, beagle=0.3).wrong("a brown dog and a llama") == ["dog"]
    assert sight(beagle=0.5, llama=0.3).wrong("a brown dog and a beagle") == []


def test_things_are_judged_strictly_alone() -> None:
    assert sight(beagle=0.9).wrong("a dog in a red shirt by a train") == []
    assert sight(beagle=0.9).wrong("a dog in a red shirt by a train in the snow", strictly=True) == ["shirt", "train"]


@pytest.mark.parametrize("text", ["a banjo", "a stringed instrument on a bed", "a musical instrument"])
def test_a_name_its_kinds_and_more_exact_names_name_a_picture(text: str) -> None:
    assert sight(banjo=0.9).names(text)


def test_a_thing_gives_way_to_people_and_an_animal_does_not() -> None:
    assert not sight(banjo=0.9).names("a red ball")
    assert sight(people=SURELY, banjo=0.9).names("a man on a stage")
    assert not sight(people=SURELY - 0.01, banjo=0.9).names("a man on a stage")
    assert not sight(people=SURELY, beagle=0.9).names("a man on a stage")
    assert sight().names("anything")


def test_less_is_said_where_less_is_certain() -> None:
    assert sight(banjo=0.9).least == "a photo of a banjo"
    assert sight(banjo=0.35, violin=0.35).least == "a photo of a stringed instrument"
    assert sight().least == "an outdoor scene"


def test_what_is_likely_and_not_certain_is_said_with_perhaps() -> None:
    assert sight(banjo=0.45).least == "an outdoor scene, perhaps with a banjo"
    assert sight(banjo=0.22, violin=0.22).least == "an outdoor scene, perhaps with a stringed instrument"
    assert sight(banjo=0.35).least == "an outdoor scene"
    assert sight(banjo=0.45).hint is None


def test_captions_begin_anew_with_an_animal_or_the_people_that_are_there() -> None:
    assert sight(hippopotamus=0.9).start("a brown dog runs") == "a hippopotamus"
    assert sight(hippopotamus=0.45, beagle=0.2).start("a brown dog runs") == "a hippopotamus"
    assert sight(banjo=0.9).start("a man and a dog") == ""
    assert sight(people=SOMEBODY).start("a little girl and a dog") == "a little girl"
    assert sight(people=SOMEBODY).start("a dog and a man") == "" == sight().start("a man")


def test_nouns_are_banned_in_all_their_forms() -> None:
    assert forms("dog") == ["dog", "dogs", "doges"]
    assert {"man", "people", "girls"} <= set(forms("woman"))


@pytest.mark.parametrize(
    ("name", "text"),
    [("ant", "an ant"), ("bus", "a bus"), ("binoculars", "binoculars"), ("dress", "a dress"), ("food", "food")],
)
def test_articles(name: str, text: str) -> None:
    assert with_article(name) == text


@pytest.mark.parametrize("captioner", ["prefix", "gated"])
def test_what_is_said_of_photographs_is_borne_out(captioner: str) -> None:
    describer = build(networks())[captioner]
    pictures = [crops("cat")[0], crops("coffee")[0], crops("rocket")[0]]
    described, seen = describer.describe(pictures), describer.sights(pictures)  # type: ignore[attr-defined]
    for captions, view in zip(described, seen, strict=True):
        assert captions and not any(view.wrong(caption.text) for caption in captions)
    nouns = {mention.noun for mention in mentions(described[1][0].text)}
    assert "dog" not in nouns
    cat, *_ = describer.hints(pictures)
    assert cat is not None and isinstance(cat, Hint)
    assert seen[0].names(described[0][0].text)
