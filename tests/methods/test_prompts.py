"""Prompt templates and the sentences of a class."""

from fsl_demo.episodes import ClassSpec
from fsl_demo.methods.prompts import default_templates, phrasing, prompts
from tests.backbones.tiny_clip import library


def test_the_default_templates_are_open_clips_simple_ones() -> None:
    assert default_templates() == tuple(template("{}") for template in library().SIMPLE_IMAGENET_TEMPLATES)


def test_a_description_is_found_again_in_its_sentence() -> None:
    spec = ClassSpec("sea_horse", ("a fish: upright", "sea horse: again"))
    _, described = prompts(spec, ("a {}",))
    assert tuple(phrasing(spec, sentence) for sentence in described) == spec.descriptions
