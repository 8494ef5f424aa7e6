"""Settings from the command line, of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fsl_demo.core.capabilities import Classifies
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.core.regions import RegionLabel
from fsl_demo.core.registry import Registry
from fsl_demo.core.settings import Settings, choice, slider, text
from fsl_demo.services import reading
from fsl_demo.store.exchange import FORMATS


@dataclass(frozen=True)
class Kinds(Settings):
    model: str = text("a/b")
    kind: str | None = choice(("x", "y"))
    blend: float = slider(0.5, low=0.0, high=1.0, step=0.1)


class Some(Classifies[Kinds]):
    card = MethodCard(
        "some",
        "Some",
        paper="",
        checkpoint="none",
        needs_pictures=False,
        reads_text=True,
        transductive=False,
        explains=(),
        cost=0,
    )
    Settings = Kinds

    def fit(self, episode: Episode, settings: Kinds, progress: Progress = quiet) -> Any:
        raise NotImplementedError


KNOWN = Registry([Some()])


def test_texts_menus_and_numbers() -> None:
    given = ["some.model=c:/d.e=f g", "some.kind=y", "some.blend=0.25"]
    assert reading.settings(KNOWN, given) == {"some": Kinds("c:/d.e=f g", "y", 0.25)}


@pytest.mark.parametrize("given", ["some.kind=z", "some.blend=2", "some.blend=x", "some.other=1"])
def test_what_cannot_be(given: str) -> None:
    with pytest.raises(UserError) as refused:
        reading.settings(KNOWN, [given])
    assert refused.value.code == "setting_bad"


@pytest.mark.parametrize("name", ["coco", "voc", "yolo", "label-studio"])
def test_pictures_with_boxes_are_a_support_set(tmp_path: Path, name: str) -> None:
    grey = [from_image(Image.new("RGB", (20, 10), (value, 0, 0)), f"{value}.png") for value in range(4)]
    box = (0.0, 0.0, 0.5, 1.0)
    episode = Episode(
        (ClassSpec("Cat"), ClassSpec("dog")),
        (Example(grey[0], 0, (box, (0.5, 0.5, 1.0, 1.0))), Example(grey[1], 1, (box,))),
        (grey[2], grey[3]),
    )
    labelled = LabelledEpisode(episode, regions={0: (RegionLabel(box, "cat"), RegionLabel(box, "dog"))})
    FORMATS[name].write([("id", labelled), ("again", labelled)], tmp_path / "boxes.zip")
    told: list[UserError] = []
    learned = reading.task(tmp_path / "boxes.zip", {"CAT": ["a cat"]}, progress=quiet, report=told.append)
    assert [error.code for error in told] == ["boxes_no_examples"]
    assert learned.classes == (ClassSpec("Cat", ("a cat",)), ClassSpec("dog"))
    assert learned.support[:1] == episode.support[:1] and learned.support[-1] == episode.support[1]


def test_a_method_can_be_compared_with_itself() -> None:
    known = Registry([Some()])
    methods, settings = reading.compared(known, ["some", "some:blend=0", "some:model=x:/y=z"], ["some.kind=y"])
    assert [method.card.id for method in methods] == ["some", "some:blend=0", "some:model=x:/y=z"]
    assert [settings[method.card.id] for method in methods] == [
        Kinds(kind="y"),
        Kinds(kind="y", blend=0.0),
        Kinds("x:/y=z", "y"),
    ]
    assert known.method("some").card.id == "some" and len(known.methods) == 1
    for names, code in ((["other:blend=0"], "unknown_method"), (["some:other=0"], "setting_bad")):
        with pytest.raises(UserError) as refused:
            reading.compared(known, names, [])
        assert refused.value.code == code


def test_ranges_are_told() -> None:
    told = [setting.allowed() for setting in Kinds.controls()]
    assert told == ["text", "x, y", "0 to 1"]
