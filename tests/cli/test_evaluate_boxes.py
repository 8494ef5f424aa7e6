"""`evaluate` on photographs with boxes and on phrases, by a method and a network that say what they were told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fsl_demo.cli.evaluate import located
from fsl_demo.core.episodes import Progress
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.inference.region_space import Proposals
from fsl_demo.services import reading
from tests.backbones.loaded import crops
from tests.cli.conftest import Call
from tests.nearest import Nearest
from tests.told import Told, proposed, region

BOX = (0.25, 0.0, 0.75, 0.5)
PICTURES = crops("cat")[:2]


class ToldSpace:
    """A region network that takes every picture for a bottle where the box is."""

    def __init__(self, networks: object, most: int) -> None:
        assert most == 300

    def propose(self, pictures: Sequence[Picture], progress: Progress) -> list[Proposals]:
        return [proposed([BOX], np.eye(20, dtype=np.float32)[[4]]) for _ in pictures]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two photographs, each with a cat, and a phrase for the one of Flickr8k's."""
    regions = {picture.name: [region(BOX, cat=0.9)] for picture in PICTURES}
    regions["a.png"] = [region((0.0, 0.0, 0.2, 0.2), a_dog=0.8), region(BOX, a_dog=0.7, two_cats=0.6)]
    monkeypatch.setattr(reading, "registry", lambda *_: Registry(methods=[Told(regions), Nearest()]))
    monkeypatch.setattr(located, "RegionSpace", ToldSpace)
    images, annotations = [], []
    (tmp_path / "voc2007").mkdir()
    for number, picture in enumerate(PICTURES):
        picture.image().save(tmp_path / "voc2007" / picture.name)
        width, height = picture.image().size
        images.append({"id": number, "file_name": picture.name, "width": width, "height": height, "split": "test"})
        bbox = [width / 4, 0, width / 2, height / 2]
        annotations.append({"image_id": number, "category_id": 8, "bbox": bbox, "difficult": 0})
    written = {"images": images, "annotations": annotations, "categories": [{"id": 8, "name": "cat"}]}
    (tmp_path / "voc2007" / "annotations.json").write_text(json.dumps(written))
    phrases = [["A dog", ["animals"], 1, 0, 2, [0]], ["two cats", ["animals"], 2, 3, 2, [0]]]
    entry = {
        "image": "a.png",
        "split": "test",
        "boxes": [[56, 0, 112, 112]],
        "sentences": [{"phrases": phrases}],
        "source_width": 400,
        "source_height": 300,
    }
    (tmp_path / "flickr8k_entities").mkdir()
    (tmp_path / "flickr8k_entities" / "phrases.jsonl").write_text(json.dumps(entry))
    (tmp_path / "flickr8k" / "images").mkdir(parents=True)
    PICTURES[0].image().resize((224, 224)).save(tmp_path / "flickr8k" / "images" / "a.png")
    return tmp_path


def test_boxes_of_the_region_network_and_of_methods(call: Call, root: Path) -> None:
    outcome = call("evaluate", "--data", "voc2007", "--root", root, "--json", root / "out.json")
    assert outcome.code == 0, outcome.err
    network, told = json.loads((root / "out.json").read_text())["documents"]
    assert network["method"] == "regions" and told["method"] == "told"
    assert network["figures"]["recall_100"]["mean"] == 1 and network["figures"]["detection"]["mean"] == 0
    assert told["figures"]["detection"]["mean"] == told["figures"]["labels"]["mean"] == 1
    assert told["differences"]["detection"]["mean"] == 1 and told["classes"]["detection"] == {"cat": 1}
    assert "told, 2 photographs:\n- mAP at 0.5: 100.0 %" in outcome.out


def test_phrases_are_looked_for(call: Call, root: Path) -> None:
    outcome = call("evaluate", "--data", "flickr8k_entities", "--root", root, "--format", "json")
    assert outcome.code == 0, outcome.err
    (figures,) = outcome.json()
    assert figures["method"] == "told" and figures["phrases"] == {"animals": 2}
    assert figures["at"]["1"]["mean"] == 0.5 and figures["bound"]["mean"] == 1


def test_what_cannot_be_measured_is_said(call: Call, root: Path) -> None:
    for data, name in (("voc2007", "nobody"), ("flickr8k_entities", "nobody"), ("flickr8k_entities", "nearest")):
        outcome = call("evaluate", "--data", data, "--root", root, "--methods", name)
        assert outcome.code == 1 and name in outcome.err and "told" in outcome.err
    outcome = call("evaluate", "--data", "voc2007", "--root", root / "nowhere", "--methods", "told")
    assert outcome.code == 1 and "voc2007" in outcome.err
