"""Photographs of VOC 2007 with their objects."""

import json
from pathlib import Path

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.datasets import voc2007


def test_photographs_have_all_their_objects(tmp_path: Path) -> None:
    images = [
        {"id": number, "file_name": f"images/{number}.avif", "width": 200, "height": 100, "split": split}
        for number, split in ((1, "test"), (2, "train"), (3, "test"))
    ]
    annotations = [
        {"image_id": 1, "category_id": 12, "bbox": [50, 25, 100, 50], "difficult": 0},
        {"image_id": 1, "category_id": 8, "bbox": [190, -1, 20, 11], "difficult": 1},
        {"image_id": 2, "category_id": 8, "bbox": [0, 0, 20, 10], "difficult": 0},
    ]
    categories = [{"id": 12, "name": "dog"}, {"id": 8, "name": "cat"}]
    (tmp_path / "voc2007").mkdir()
    written = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "voc2007" / "annotations.json").write_text(json.dumps(written))
    first, second = voc2007.photographs(tmp_path, "test")
    assert first.file == tmp_path / "voc2007" / "images" / "1.avif" and first.size == (200, 100)
    dog, cat = first.things
    assert (dog.name, dog.box, dog.difficult) == ("dog", (0.25, 0.25, 0.75, 0.75), False)
    assert (cat.name, cat.box, cat.difficult) == ("cat", (0.95, 0, 1, 0.1), True)
    assert second.things == ()


def test_classes_left_out_are_among_the_twenty() -> None:
    assert voc2007.CLASSES == 20 and set(voc2007.LEFT_OUT) < set(voc2007.NAMES) == set(voc2007.WORDS)


def test_absent_photographs_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        voc2007.photographs(tmp_path, "test")
    assert refused.value.code == "data_missing"
