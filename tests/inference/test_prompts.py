"""Prompt templates, and the sentences that stand for a class."""

import pytest

from fsl_demo.core.episodes import ClassSpec
from fsl_demo.core.errors import UserError
from fsl_demo.inference.prompts import LONGEST, MOST, balanced, default_templates, phrasing, prompts, templates
from tests.backbones.tiny_clip import library


def test_open_clips_simple_templates_are_the_default() -> None:
    lines = default_templates()
    assert len(lines) == 7 and "itap of a {}." in lines and all(line.count("{}") == 1 for line in lines)
    assert templates(None) == templates("") == templates(" \n\n") == lines


def test_typed_lines_are_tidied_and_taken_once() -> None:
    assert templates("a  photo of {}\n\n  a photo of {} \n{} drawn\r\n") == ("a photo of {}", "{} drawn")
    assert templates("set {a} of {}") == ("set {a} of {}",)


@pytest.mark.parametrize("typed", ["a photo", "{} and {}", "a photo of {}\nof { }", "{}" + "x" * (LONGEST - 1)])
def test_a_line_without_one_place_for_the_name_is_refused(typed: str) -> None:
    with pytest.raises(UserError) as refused:
        templates(typed)
    assert refused.value.code == "template_bad" and str(refused.value)


def test_there_is_a_limit() -> None:
    lines = [f"{number} {{}}" for number in range(MOST + 1)]
    assert len(templates("\n".join(lines[:MOST]))) == MOST
    assert len(templates("{}" + "x" * (LONGEST - 2))[0]) == LONGEST
    with pytest.raises(UserError) as refused:
        templates("\n".join(lines))
    assert refused.value.code == "templates_many"


def test_the_name_goes_into_each_template_and_before_each_description() -> None:
    spec = ClassSpec("sea_ lion", ("it barks", "on a {} rock"))
    lines = ("a {}.", "{}, drawn {x}")
    named, described = prompts(spec, lines, ("unused",))
    assert named == ["a sea lion.", "sea lion, drawn {x}"]
    assert described == ["sea lion: it barks", "sea lion: on a {} rock"]


def test_definitions_stand_in_for_a_missing_description() -> None:
    assert prompts(ClassSpec("lion"), ("{}",), ("a cat",)) == (["lion"], ["lion: a cat"])
    assert prompts(ClassSpec("lion"), ("{}",)) == (["lion"], [])
    assert prompts(ClassSpec("a {}"), ("the {}",))[0] == ["the a {}"]


def test_the_default_templates_are_open_clips_simple_ones() -> None:
    assert default_templates() == tuple(template("{}") for template in library().SIMPLE_IMAGENET_TEMPLATES)


def test_a_description_is_found_again_in_its_sentence() -> None:
    spec = ClassSpec("sea_horse", ("a fish: upright", "sea horse: again"))
    _, described = prompts(spec, ("a {}",))
    assert tuple(phrasing(spec, sentence) for sentence in described) == spec.descriptions


def test_name_and_descriptions_count_the_same_in_an_ensemble() -> None:
    assert balanced(["a", "b", "c"], ["d", "e"]).count("a") * 3 == balanced(["a", "b", "c"], ["d", "e"]).count("d") * 2
    assert balanced(["a"], []) == ["a"] and balanced([], ["d"]) == ["d"] and balanced([], []) == []
