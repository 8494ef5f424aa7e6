"""What class names mean."""

import pytest

from fsl_demo.core.episodes import ClassSpec
from fsl_demo.inference.glossary import definitions, imagenet_sentences, sentences


@pytest.mark.parametrize("name", ["euphonium", "Euphonium", "euphoniums"])
def test_a_name_is_looked_up_in_the_dictionary(name: str) -> None:
    assert any("brass" in text for text in definitions(name))


def test_underscores_are_spaces() -> None:
    assert definitions("giant_panda") == definitions("giant panda") != []


def test_of_two_words_each_is_looked_up_when_the_whole_is_unknown() -> None:
    texts = definitions("cougar body")
    assert any("American" in text for text in texts)
    assert definitions("zzyzx") == []


def test_templates_and_definitions_speak_of_a_class() -> None:
    named, described = sentences(ClassSpec("sea_horse"))
    assert "a bad photo of the sea horse." in named
    assert described and all(text.startswith("sea horse: ") for text in described)


def test_a_persons_own_descriptions_take_the_place_of_the_dictionarys() -> None:
    spec = ClassSpec("menorah", ("a candlestick with nine arms", "lit at Hanukkah", "燭台"))
    assert sentences(spec)[1] == ["menorah: a candlestick with nine arms", "menorah: lit at Hanukkah"]


def test_other_scripts_are_left_out() -> None:
    assert sentences(ClassSpec("燭台")) == ([], [])
    assert sentences(ClassSpec("燭台", ("a candlestick", "蠟燭"))) == ([], ["a candlestick"])
    assert sentences(ClassSpec("7")) == ([], [])


def test_every_imagenet_class_has_a_sentence() -> None:
    sentences = imagenet_sentences()
    assert len(sentences) == 1000 and all(": " in text for text in sentences)
    assert sentences[388].startswith("giant panda: ")
