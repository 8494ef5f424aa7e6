"""Regions of Flickr8k's pictures and what captions call them."""

import json
from pathlib import Path

import pytest
from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.datasets import flickr8k_entities


def test_regions_have_the_phrases_that_mean_them_alone(tmp_path: Path) -> None:
    boxes = [[10, 20, 40, 60], [0, 0, 224, 224], [5, 5, 8, 90]]
    phrases = [["A dog", ["animals"], 1, 0, 2, [0]], ["two things", ["other"], 2, 3, 2, [0, 1]]]
    again = [["a dog", ["animals"], 1, 0, 2, [0]], ["its tail", ["bodyparts"], 3, 3, 2, [2]]]
    place = [["the beach", ["scene"], 4, 0, 2, [1]], ["the sky", ["scene"], 5, 3, 2, []]]
    sentences = [{"phrases": part} for part in (phrases, again, place)]
    entries = [
        {"image": f"{split}.webp", "split": split, "boxes": boxes, "sentences": sentences} for split in ("train", "dev")
    ]
    folder = tmp_path / "flickr8k_entities"
    folder.mkdir()
    (folder / "phrases.jsonl").write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    regions = flickr8k_entities.read(tmp_path)
    assert regions.phrases == [("a dog",), ("the beach",)]
    assert {cutout.file for cutout in regions.cutouts} == {tmp_path / "flickr8k/images/train.webp"}
    assert [cutout.box for cutout in regions.cutouts] == [(4, 11, 57, 90), (0, 0, 224, 224)]


def test_absent_phrases_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        flickr8k_entities.read(tmp_path)
    assert refused.value.code == "data_missing"


def test_photographs_have_every_box_and_every_phrase_that_has_boxes(tmp_path: Path) -> None:
    boxes = [[56, 0, 112, 224], [0, 112, 56, 112], [1, 1, 2, 2]]
    sentences = [
        {"phrases": [["A Dog", ["animals"], 1, 0, 2, [0]], ["the sky", ["scene"], 5, 3, 2, []]]},
        {"phrases": [["a dog", ["animals"], 1, 0, 2, [0]], ["Two things", ["other"], 2, 3, 2, [0, 1]]]},
    ]
    entry = {
        "image": "a.png",
        "split": "test",
        "boxes": boxes,
        "sentences": sentences,
        "source_width": 500,
        "source_height": 250,
    }
    folder = tmp_path / "flickr8k_entities"
    folder.mkdir()
    (folder / "phrases.jsonl").write_text(json.dumps(entry), encoding="utf-8")
    images = tmp_path / "flickr8k" / "images"
    images.mkdir(parents=True)
    Image.new("RGB", (224, 224), "red").save(images / "a.png")
    (photograph,) = flickr8k_entities.photographs(tmp_path, "test")
    assert [region.box for region in photograph.regions[:2]] == [(0.25, 0, 0.75, 1), (0, 0.5, 0.25, 1)]
    assert [region.phrases for region in photograph.regions] == [("a dog",), (), ()]
    assert [(phrase.text, len(phrase.boxes)) for phrase in photograph.phrases] == [
        ("a dog", 1),
        ("a dog", 1),
        ("two things", 2),
    ]
    assert photograph.phrases[2].kinds == ("other",)
    assert photograph.size == (500, 250)
    assert photograph.picture().image().size == (448, 224)
    assert flickr8k_entities.photographs(tmp_path, "train") == []
