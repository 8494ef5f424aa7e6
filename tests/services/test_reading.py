"""Settings from the command line, of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from fsl_demo.core.capabilities import Classifies
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.registry import Registry
from fsl_demo.core.settings import Settings, choice, slider, text
from fsl_demo.services import reading


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
