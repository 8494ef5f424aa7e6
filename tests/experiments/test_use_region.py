"""The study of regions in place of pictures: which photographs it takes, and that the difference is paired."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments import use_region
from fsl_demo.core.episodes import quiet
from fsl_demo.core.pictures import from_image
from fsl_demo.core.registry import Registry
from fsl_demo.datasets.voc2007 import Photograph, Thing
from tests.located import PatchDetector, scene
from tests.nearest import Nearest

WHERE = ((0.0, 0.0, 0.125, 0.125), (0.5, 0.25, 0.625, 0.375), (0.25, 0.5, 0.375, 0.625), (0.75, 0.75, 0.875, 0.875))


def test_regions_tell_small_things_apart_that_whole_pictures_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """On each picture a large grey surrounding of one of many shades hides the colour of a small patch."""
    monkeypatch.setattr(use_region, "SHOTS", (1,))
    monkeypatch.setattr(use_region, "QUERIES", 2)
    monkeypatch.setattr(use_region, "EPISODES", 3)
    monkeypatch.setattr(use_region, "WAY", 3)
    pool = {
        colour: [
            from_image(scene((colour, place), seed=9 * seed + number), "x.png") for number, place in enumerate(WHERE)
        ]
        for seed, colour in enumerate(("red", "green", "blue"))
    }
    method = Nearest()
    registry = Registry([method], detectors=[PatchDetector()])
    (row,) = use_region.rows(registry, method, pool, quiet)
    assert row["shot"] == 1 and row["region"]["mean"] == 1.0
    assert row["difference"]["mean"] == pytest.approx(row["region"]["mean"] - row["whole"]["mean"])


def test_photographs_of_one_class_alone_are_taken() -> None:
    def photograph(*names: str) -> Photograph:
        return Photograph(Path("x.jpg"), (9, 9), tuple(Thing((0.0, 0.0, 1.0, 1.0), name, False) for name in names))

    every = [photograph("cat"), photograph("cat", "dog"), photograph("tvmonitor", "tvmonitor"), photograph("cat")]
    taken = use_region.single([*every, photograph("cat")], most=2)
    assert {name: len(own) for name, own in taken.items()} == {"cat": 2, "television": 1}
    assert taken["cat"] == [every[0], every[3]]
