"""Who can do what is declared, and found in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from fsl_demo.core.capabilities import Classifies, Detects, Embeds, Locates, NamesPictures
from fsl_demo.core.cards import DetectorCard, MethodCard
from fsl_demo.core.episodes import Episode, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.core.settings import Settings
from tests.dictated import Dictated


class Plain(Classifies[Settings]):
    Settings = Settings

    def __init__(self, name: str) -> None:
        self.card = MethodCard(
            name,
            name.title(),
            paper="-",
            checkpoint="-",
            needs_pictures=True,
            reads_text=False,
            transductive=False,
            explains=(),
            cost=1,
        )

    def fit(self, episode: Episode, settings: Settings, progress: Progress = quiet) -> Any:
        raise NotImplementedError

    def words(self, picture: Picture) -> tuple[tuple[str, float], ...]:
        raise NotImplementedError  # not declared, so nobody is offered it


class Placed(Plain, Embeds):
    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        return np.zeros((len(pictures), 2), np.float32)


class Locating(Plain, Locates[Settings]):
    pass


class Nothing(Detects):
    card = DetectorCard("nothing", "Nothing", paper="-", checkpoint="-", finds=(), cost=1)

    def detect(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[Any]:
        return [() for _ in pictures]


REGISTRY = Registry([Plain("a"), Placed("b")], [Dictated("a"), Dictated("c")], [Nothing()])


def test_each_is_found_by_its_id() -> None:
    assert REGISTRY.method("b").card.id == "b" and REGISTRY.captioner("c").card.id == "c"
    assert REGISTRY.captioner().card.id == "a"  # the first
    assert REGISTRY.detector("nothing").card.title == "Nothing"
    assert [method.card.id for method in REGISTRY.chosen(["b", "a", "b"])] == ["b", "a"]


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda known: known.method("x"), "There is no method “x”. There are: a, b."),
        (lambda known: known.chosen(["a", "x"]), "There is no method “x”. There are: a, b."),
        (lambda known: known.captioner("x"), "There is no captioner “x”. There are: a, c."),
        (lambda known: known.detector("x"), "There is no detector “x”. There are: nothing."),
    ],
)
def test_an_unknown_id_is_told_in_a_sentence(ask: Callable[[Registry], object], sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        ask(REGISTRY)
    assert str(refused.value) == sentence


def test_nobody_is_there() -> None:
    for ask in (Registry().captioner, lambda: Registry().method("a")):
        with pytest.raises(UserError):
            ask()


def test_capabilities_are_those_that_are_declared() -> None:
    assert [method.card.id for method in REGISTRY.supporting(Classifies)] == ["a", "b"]
    assert [method.card.id for method in REGISTRY.supporting(Embeds)] == ["b"]
    assert REGISTRY.supporting(NamesPictures) == []
    locating = Locating("l")
    assert Registry([Plain("a"), locating]).supporting(Locates) == [locating]
    assert [detector.card.id for detector in REGISTRY.supporting(Detects)] == ["nothing"]


def test_two_of_one_kind_have_two_ids() -> None:
    with pytest.raises(ValueError, match="'a'"):
        Registry([Plain("a"), Plain("a")])


def test_what_is_declared_has_to_be_there() -> None:
    class Promise(Plain, Embeds):
        pass

    with pytest.raises(TypeError, match="embed"):
        Promise("p")  # type: ignore[abstract]
