"""A diagnosis from pictures to findings, without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image, ImageFilter, ImageOps

from fsl_demo.core.episodes import ClassSpec, Episode, Example, quiet
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.registry import Registry
from fsl_demo.evaluation.diagnosis.diagnosis import Diagnosis
from fsl_demo.evaluation.diagnosis.findings import Duplicates, PoorPicture, WrongLabel
from fsl_demo.services import diagnosis as service
from fsl_demo.services.diagnosis import Subject, diagnose
from fsl_demo.services.predict import Plan
from tests.averaged import COLOURS, Averaged, patterned
from tests.nearest import Nearest

REGISTRY = Registry([Averaged(), Nearest()])


def picture(colour: str, seed: int, change: Callable[[Image.Image], Image.Image] = lambda image: image) -> Picture:
    return from_image(change(patterned(colour, seed)), f"{colour}{seed}.png")


def support(shots: int) -> list[Example]:
    return [
        Example(picture(colour, 100 * index + n), index) for index, colour in enumerate(COLOURS) for n in range(shots)
    ]


def diagnosed(examples: list[Example], *queries: Picture, told: list[UserError] | None = None) -> Diagnosis:
    classes = tuple(ClassSpec(name) for name in COLOURS)
    episode = Episode(classes, tuple(examples), queries)
    plans = [Plan(method, method.Settings()) for method in REGISTRY.methods.values()]
    report = (told if told is not None else []).append
    return diagnose(REGISTRY, Subject(episode, (None,) * len(queries)), plans, progress=quiet, report=report)


def test_what_was_planted_is_found_and_nothing_else() -> None:
    examples = support(5)
    examples[2] = replace(examples[2], class_index=1)  # a red one among the green
    examples.append(Example(picture("blue", 201, ImageOps.mirror), 2))
    examples[7] = Example(picture("green", 102, lambda image: image.filter(ImageFilter.GaussianBlur(9))), 1)
    diagnosis = diagnosed(examples, picture("red", 0))
    kinds = {type(finding): finding for finding in diagnosis.findings}
    assert len(diagnosis.findings) == 4
    wrong, poor = kinds[WrongLabel], kinds[PoorPicture]
    assert isinstance(wrong, WrongLabel) and (wrong.label, wrong.suspected) == ("green", "red")
    assert wrong.picture == examples[2].picture
    assert isinstance(poor, PoorPicture) and (poor.fault, poor.picture) == ("blurred", examples[7].picture)
    copies = [finding for finding in diagnosis.findings if isinstance(finding, Duplicates)]
    assert {(finding.leaks, finding.exact) for finding in copies} == {(False, False), (True, True)}
    assert diagnosis.method == "averaged"


def test_methods_are_compared_on_the_same_pictures() -> None:
    diagnosis = diagnosed(support(4))
    assert diagnosis.comparison is not None and set(diagnosis.comparison.right) == {"averaged", "nearest"}
    assert diagnosis.comparison.pictures == 12 and not diagnosis.comparison.tells
    assert diagnosis.curve is not None and diagnosis.curve.sizes == (1, 2, 3)
    assert set(diagnosis.curve.points) == {"averaged", "nearest"}
    assert diagnosis.curve.points["averaged"][-1].mean == 1


@pytest.mark.parametrize(
    ("examples", "untold"),
    [
        (support(1)[:1], ["untold_one_class"]),
        (support(9)[:9], ["untold_one_class"]),
        ([*support(1)[:1], *support(5)[5:10]], ["untold_few_labels", "untold_curve"]),
    ],
    ids=["one picture", "one class", "a class with one picture"],
)
def test_where_little_can_be_told_that_is_said(examples: list[Example], untold: list[str]) -> None:
    diagnosis = diagnosed(examples)
    assert [reason.code for reason in diagnosis.untold] == untold and diagnosis.curve is None
    assert diagnosis.pictures == len(examples)


def test_all_pictures_the_same() -> None:
    examples = [Example(picture("red", 1), 0), Example(picture("red", 1, ImageOps.mirror), 1)] * 2
    diagnosis = diagnosed(examples)
    assert {finding.kind for finding in diagnosis.findings} == {"duplicates", "weak_class"}
    assert diagnosis.overall is None and diagnosis.comparison is None


def test_a_lost_picture_is_told_and_the_others_are_looked_at() -> None:
    def lost() -> Image.Image:
        raise UserError("picture_missing", file="gone.png", reason="gone")

    examples, told = support(3), list[UserError]()
    examples[0] = Example(replace(examples[0].picture, sha256="0" * 64, source=lost), 0)
    assert diagnosed(examples, told=told).pictures == 8
    assert [error.code for error in told] == ["picture_missing"]


def test_nothing_labelled_is_refused() -> None:
    with pytest.raises(UserError, match="no labelled picture"):
        diagnosed([], picture("red", 1))


def test_it_stops_when_it_is_told_to() -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "score":
            raise Cancelled

    episode = Episode(tuple(ClassSpec(name) for name in COLOURS), tuple(support(3)))
    plans = [Plan(method, method.Settings()) for method in REGISTRY.methods.values()]
    with pytest.raises(Cancelled):
        diagnose(REGISTRY, Subject(episode, ()), plans, progress=stop, report=lambda error: None)


def test_methods_are_compared_on_some_of_very_many_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "COMPARED", 9)
    diagnosis = diagnosed(support(6))
    assert diagnosis.comparison is not None and diagnosis.comparison.pictures == 9
    assert diagnosis.pictures == 18 and sum(score.total for score in diagnosis.scores) == 18


@pytest.mark.parametrize("methods", [[], [Nearest()]], ids=["none", "none with class means"])
def test_without_a_method_that_can_it_is_refused(methods: list[Nearest]) -> None:
    episode = Episode(tuple(ClassSpec(name) for name in COLOURS), tuple(support(2)))
    with pytest.raises(UserError, match="take a method that is not installed"):
        diagnose(Registry(methods), Subject(episode, ()), [], progress=quiet, report=lambda error: None)


def test_a_method_that_cannot_answer_is_told_and_left_out() -> None:
    registry, told = Registry([Averaged(), Nearest(refuses_at=0)]), list[UserError]()
    episode = Episode(tuple(ClassSpec(name) for name in COLOURS), tuple(support(3)))
    plans = [Plan(method, method.Settings()) for method in registry.methods.values()]
    diagnosis = diagnose(registry, Subject(episode, ()), plans, progress=quiet, report=told.append)
    assert diagnosis.comparison is not None and set(diagnosis.comparison.right) == {"averaged"}
    assert [error.code for error in told] == ["class_empty"]
