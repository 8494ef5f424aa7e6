"""Things of a picture, and the words that explain them."""

from typing import Any

import pytest
from PIL import Image

from fsl_demo.core.pictures import from_image
from fsl_demo.detectors.named_things import WORDS, NamedThingDetector
from fsl_demo.inference import dictionary_space
from tests.dictionary_of_colours import PLACES, Colours, halves


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> NamedThingDetector:
    monkeypatch.setattr(dictionary_space, "vocabulary", lambda: ("red", "green", "blue", "something"))
    made: Any = NamedThingDetector.__new__(NamedThingDetector)
    space = Colours()
    made._space = lambda progress: space
    result: NamedThingDetector = made
    return result


def test_things_come_once_each_with_its_best_words(detector: NamedThingDetector) -> None:
    (regions,) = detector.detect([halves("red", "blue")])
    assert [(region.box, region.words[0][0]) for region in regions] == [(PLACES[0], "red"), (PLACES[2], "blue")]
    assert [region.score for region in regions] == pytest.approx([0.9, 0.7])
    assert all(len(region.words) == WORDS and region.words[0][1] > 0.5 for region in regions)


def test_a_picture_with_nothing_in_it(detector: NamedThingDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsl_demo.detectors.named_things.LEAST", 0.95)
    assert detector.detect([halves("red", "blue"), from_image(Image.new("RGB", (1, 1)), "x.png")]) == [(), ()]
