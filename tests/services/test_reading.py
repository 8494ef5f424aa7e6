"""Settings from the command line, of each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from fsl_demo.cli import methods
from fsl_demo.core.capabilities import MethodCard
from fsl_demo.core.errors import UserError
from fsl_demo.services import reading


@dataclass(frozen=True)
class Kinds:
    model: str = field(default="a/b", metadata={"text": "a/b", "help": "-"})
    kind: str | None = field(default=None, metadata={"choices": ("x", "y"), "help": "-"})
    blend: float = field(default=0.5, metadata={"low": 0.0, "high": 1.0, "step": 0.1, "help": "-"})


CARD = MethodCard("some", "Some", "", "none", False, True, False, (), 0)
KNOWN: dict[str, Any] = {"some": SimpleNamespace(Settings=Kinds)}


def test_texts_menus_and_numbers() -> None:
    given = ["some.model=c:/d.e=f g", "some.kind=y", "some.blend=0.25"]
    assert reading.settings(KNOWN, given) == {"some": Kinds("c:/d.e=f g", "y", 0.25)}


@pytest.mark.parametrize("given", ["some.kind=z", "some.blend=2", "some.blend=x", "some.other=1"])
def test_what_cannot_be(given: str) -> None:
    with pytest.raises(UserError) as refused:
        reading.settings(KNOWN, [given])
    assert refused.value.code == "setting_bad"


def test_a_method_can_be_compared_with_itself() -> None:
    known = {"some": SimpleNamespace(Settings=Kinds, card=CARD)}
    methods, settings = reading.compared(known, ["some", "some:blend=0", "some:model=x:/y=z"], ["some.kind=y"])
    assert [method.card.id for method in methods] == ["some", "some:blend=0", "some:model=x:/y=z"]
    assert [settings[method.card.id] for method in methods] == [
        Kinds(kind="y"),
        Kinds(kind="y", blend=0.0),
        Kinds("x:/y=z", "y"),
    ]
    assert known["some"].card.id == "some" and len(known) == 1
    for names, code in ((["other:blend=0"], "unknown_method"), (["some:other=0"], "setting_bad")):
        with pytest.raises(UserError) as refused:
            reading.compared(known, names, [])
        assert refused.value.code == code


def test_ranges_are_told() -> None:
    told = [methods._range(dict(spec.metadata)) for spec in Kinds.__dataclass_fields__.values()]
    assert told == ["text", "x, y", "0 to 1"]
