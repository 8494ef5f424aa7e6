"""Captions that name what is there, and captions that mention what is not."""

import pytest

from fsl_demo.evaluation.mentions import chair, names_class, naming
from fsl_demo.evaluation.objects import objects
from tests.backbones.loaded import crops
from tests.dictated import Dictated

PICTURES = [*crops("cat"), *crops("coffee")]


def dictated(*texts: str) -> Dictated:
    return Dictated(sentences={picture.name: (text,) for picture, text in zip(PICTURES, texts, strict=True)})


@pytest.mark.parametrize(
    ("text", "name", "with_kinds", "exactly"),
    [
        ("a mandolin on a bed", "mandolin", True, True),
        ("a photo of a stringed instrument", "mandolin", True, False),
        ("an object", "mandolin", False, False),
        ("a man watches", "panda", False, False),
        ("two elephants", "elephant", True, True),
        ("an animal", "cougar_face", True, False),
        ("a cougar", "cougar_face", True, True),
        ("a container", "barrel", True, False),
        ("a yin yang", "yin_yang", True, True),
        ("a brain", "brain", True, True),
        ("a brainy boy", "brain", False, False),
    ],
)
def test_a_caption_names_a_class_or_its_kind(text: str, name: str, with_kinds: bool, exactly: bool) -> None:
    assert (names_class(text, name, True), names_class(text, name, False)) == (with_kinds, exactly)


def test_naming_is_counted_over_pictures() -> None:
    captioner = dictated("a cat", "a feline", "a dog", "an animal", "an espresso", "a beverage", "a dog", "a cat")
    named = naming(captioner, PICTURES, ["cat"] * 4 + ["espresso"] * 4)
    assert named.named.mean == pytest.approx(5 / 8) and named.exactly.mean == pytest.approx(2 / 8)
    assert named.words == pytest.approx(2) and "62.5 %" in named.markdown()
    assert named.as_dict()["pictures"] == 8 and "captions" not in named.as_dict()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two men on motorbikes", ["person", "motorbike"]),
        ("a baby bird near a train track", ["bird"]),
        ("a baby on a couch", ["person", "sofa"]),
        ("a hot dog on a dining table with potted plants", ["diningtable", "pottedplant"]),
        ("a passenger train", ["train"]),
        ("a field of grass", []),
    ],
)
def test_objects_are_mentioned_by_their_synonyms(text: str, expected: list[str]) -> None:
    assert objects(text) == expected


def test_chair_counts_objects_that_are_not_there() -> None:
    texts = ("a man and a dog", "a dog", "grass", "a cat", "two girls", "a bus", "a jet", "a boat and a man")
    there = [{"person"}, {"dog", "car"}, {"cat"}, {"dog"}, {"person"}, {"bus"}, {"train"}, {"person", "boat"}]
    figures = chair(dictated(*texts), PICTURES, [frozenset(names) for names in there])
    assert figures.instances.mean == pytest.approx(3 / 9) and figures.sentences.mean == pytest.approx(3 / 8)
    assert figures.recall.mean == pytest.approx(6 / 10) and figures.mentions == pytest.approx(9 / 8)
    assert figures.instances.low < 3 / 9 < figures.instances.high
