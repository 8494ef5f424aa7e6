"""Things of three data sets: photos in its parts, VOC 2007's boxes cut out."""

import json
from pathlib import Path

import pytest
from PIL import Image

from fsl_demo import datasets
from fsl_demo.core.errors import UserError
from fsl_demo.datasets import voc2007
from fsl_demo.datasets.parts import Cutout, opened
from tests.datasets.trees import assert_no_class_in_common, class_tree

SPLITS = {"train": ["ray"], "val": ["shark"], "test": ["girl"]}
BOXES = [
    # (picture, class, x, y, width, height, difficult)
    (1, 1, 20, 10, 40, 60, 0),
    (1, 1, 0, 0, 20, 60, 0),  # too small
    (1, 2, 60, 40, 40, 60, 0),
    (1, 2, 20, 10, 40, 60, 1),
    (2, 1, 10, 10, 40, 40, 0),
    (1, 3, 20, 10, 40, 60, 0),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    class_tree(tmp_path / "photos", [f"thing {number:02}" for number in range(20)], 2)
    cifar = tmp_path / "cifar100"
    for half in ("train", "test"):
        class_tree(cifar / half, [name for names in SPLITS.values() for name in names], 1)
    (cifar / "splits" / "cifar-fs").mkdir(parents=True)
    for split, names in SPLITS.items():
        (cifar / "splits" / "cifar-fs" / f"{split}.json").write_text(json.dumps([["kind", name] for name in names]))
    voc = tmp_path / "voc2007"
    (voc / "images").mkdir(parents=True)
    image = Image.new("RGB", (100, 100), "white")
    image.paste("red", (20, 10, 60, 70))
    for number in (1, 2):
        image.save(voc / "images" / f"{number}.png")
    annotations = {
        "images": [
            {"id": number, "file_name": f"images/{number}.png", "width": 100, "height": 100, "split": split}
            for number, split in ((1, "train"), (2, "test"))
        ],
        "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}, {"id": 3, "name": "person"}],
        "annotations": [
            {"image_id": picture, "category_id": category, "bbox": box, "difficult": difficult}
            for picture, category, *box, difficult in BOXES
        ],
    }
    (voc / "annotations.json").write_text(json.dumps(annotations))
    return tmp_path


def test_photos_has_every_second_class_to_test(root: Path) -> None:
    data = datasets.read("photos", root)
    numbers = [[int(name[-2:]) for name in part.classes] for part in (data.train, data.validation, data.test)]
    assert numbers == [[0, 2, 4, 10, 12, 14], [6, 8, 16, 18], list(range(1, 20, 2))]


def test_objects_joins_the_parts_and_leaves_out_what_tests_elsewhere(root: Path) -> None:
    data = datasets.read("objects", root)
    assert [name for name in data.train.classes if not name.startswith("photos")] == [
        "voc2007/cat",
        "voc2007/dog",
        "cifar_fs/ray",
    ]
    assert next(iter(data.validation.classes)) == "cifar_fs/shark" and next(iter(data.test.classes)) == "cifar_fs/girl"
    assert_no_class_in_common(data)


def test_a_box_is_cut_out_with_its_margin_inside_the_picture(root: Path) -> None:
    (dog,) = voc2007.objects(root, "train")["dog"]
    (cat,) = voc2007.objects(root, "train")["cat"]
    assert (dog.box, cat.box) == ((14, 1, 67, 80), (54, 31, 100, 100))
    picture = opened(dog)
    assert (picture.width, picture.height) == (53, 79)
    assert picture.image().getpixel((6, 9)) == (255, 0, 0) and picture.image().getpixel((5, 8)) == (255, 255, 255)
    assert opened(Cutout(dog.file, dog.box)) == picture


@pytest.mark.parametrize("gone", ["photos", "cifar100", "voc2007"])
def test_what_is_missing_is_said(root: Path, gone: str) -> None:
    (root / gone).rename(root / "elsewhere")
    with pytest.raises(UserError) as error:
        datasets.read("objects", root)
    assert error.value.code == "data_missing"
