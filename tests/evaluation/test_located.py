"""What is where on three small photographs, by stand-ins that say what they were told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsl_demo.core.capabilities import Detects
from fsl_demo.core.cards import DetectorCard
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.core.settings import Settings
from fsl_demo.datasets.flickr8k_entities import Photograph, Phrase
from fsl_demo.evaluation import grounding
from fsl_demo.evaluation.located import Scenes, of_detector, of_method, of_network
from fsl_demo.methods.compact_vlm import CompactVlm
from tests.backbones.loaded import crops, networks
from tests.evaluation.test_detection import LEFT, NOWHERE, RIGHT, TOP, truth
from tests.told import Told, proposed, region

PICTURES = crops("cat")[:3]
TRUTHS = [truth((LEFT, 0), (RIGHT, 1)), truth((TOP, 0)), truth()]
SCENES = Scenes(PICTURES, TRUTHS, ["cat", "dining table"])
REGIONS = {
    PICTURES[0].name: [region(LEFT, cat=0.9, dining_table=0.1), region(RIGHT, dining_table=0.8)],
    PICTURES[1].name: [region(NOWHERE, cat=0.7), region(TOP, cat=0.6)],
}


class ToldDetector(Detects):
    card = DetectorCard("looks", "Looks", paper="-", checkpoint="-", finds=("cat",), cost=1)

    def detect(self, pictures: list[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        return [tuple(REGIONS.get(picture.name, ())) for picture in pictures]


def test_a_method_that_locates() -> None:
    method = Told(REGIONS)
    row = of_method(method, Settings(), SCENES)
    assert [spec.name for spec in method.episodes[0].classes] == ["cat", "dining table"]
    assert row.classes["detection"] == {"cat": pytest.approx((51 + 50 * 2 / 3) / 101), "dining table": 1.0}
    assert row.classes["labels"] == {"cat": 1.0, "dining table": 1.0}
    assert row.figures["pointing"].value == pytest.approx(2 / 3)
    assert "mAP of whole pictures: 100.0 %" in row.markdown()


def test_differences_are_to_the_first_row() -> None:
    first = of_method(Told(REGIONS), Settings(), SCENES)
    nothing = of_method(Told({}, "blind"), Settings(), SCENES).beside(first)
    assert nothing.differences["pointing"].mean == pytest.approx(-2 / 3)
    assert "difference -66.7 %" in nothing.markdown()
    assert nothing.as_dict()["differences"]["detection"]["mean"] == pytest.approx(-first.figures["detection"].value)
    same = first.beside(first).differences["detection"]
    assert same.low == same.high == 0


def test_a_detector_names_boxes_but_no_pictures() -> None:
    row = of_detector(ToldDetector(), SCENES)
    assert row.figures["pointing"].value == pytest.approx(2 / 3) and "labels" not in row.figures


def test_a_region_network_with_its_own_head() -> None:
    classes = np.array([[0.9, 0.0], [0.1, 0.8]], np.float32)
    regions = [proposed([LEFT, RIGHT], classes), proposed([NOWHERE], classes[:1]), proposed([], np.zeros((0, 2)))]
    row = of_network("regions", regions, SCENES)
    assert row.figures["recall_100"].value == row.figures["recall_300"].value == pytest.approx(2 / 3)
    assert row.classes["detection"]["dining table"] == pytest.approx(1.0)


def test_a_method_without_boxes_points_by_its_heat_map() -> None:
    row = of_method(CompactVlm(networks()), CompactVlm.Settings(), SCENES)
    assert set(row.figures) == {"labels", "pointing"}
    assert 0 <= row.figures["pointing"].value <= 1


def test_phrases_are_looked_for_on_their_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    cat, table = Phrase("a cat", ("animals",), (LEFT,)), Phrase("a table", ("other",), (RIGHT,))
    phrases = (cat, table, Phrase("a table", ("other",), (RIGHT,)))
    photograph = Photograph(file=Path("a.webp"), size=(10, 10), regions=(), phrases=phrases)
    monkeypatch.setattr(Photograph, "picture", lambda _: PICTURES[0])
    first, second = Region(TOP, 0.9, (("a cat", 0.9), ("a table", 0.2))), Region(RIGHT, 0.5, (("a cat", 0.5),))
    method = Told({PICTURES[0].name: [first, second, Region(LEFT, 0.1)]})
    figures = grounding.of_method(method, [photograph])
    assert figures.at[1].value == 0 and figures.at[5].value == figures.bound.value == 1
    assert "right region among the first 5: 100.0 %" in figures.markdown()
    assert figures.as_dict()["phrases"] == {"animals": 1, "other": 2}
