"""Anybody's class folders, and exports of the workbench, as data to train on."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from fsl_demo import datasets
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.datasets import folders
from fsl_demo.datasets.parts import Item, Part, opened
from fsl_demo.store.exchange import imagefolder
from tests.datasets.trees import assert_everything_is_used_once, class_tree


def names(part: Part) -> dict[str, list[str]]:
    return {name: [item.name for item in items] for name, items in part.classes.items()}


def test_the_last_quarter_of_each_class_validates(tmp_path: Path) -> None:
    class_tree(tmp_path, ["cat"], 12)
    class_tree(tmp_path, ["dog"], 3)
    data = folders.read(tmp_path)
    assert names(data.train) == {"cat": [f"{n}.png" for n in range(1, 10)], "dog": ["1.png", "2.png"]}
    assert names(data.validation) == {"cat": ["10.png", "11.png", "12.png"], "dog": ["3.png"]}
    assert not data.test.classes
    assert_everything_is_used_once(data, tmp_path)


def test_a_folder_of_a_train_split_trains_on_that(tmp_path: Path) -> None:
    class_tree(tmp_path / "train", ["cat", "dog"], 4)
    class_tree(tmp_path / "test", ["cat", "dog"], 2)
    data = folders.read(tmp_path)
    used = [item for part in (data.train, data.validation) for items in part.classes.values() for item in items]
    assert len(used) == 8 and all(isinstance(item, Path) and "test" not in item.parts[-3:] for item in used)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Fourteen real digits of two classes, some of them queries; one is of none of these, one unlabelled."""
    images = (load_digits().images[:16] * (255 / 16)).astype(np.uint8)
    pictures = [
        from_image(Image.fromarray(image).convert("RGB"), f"digit {number}.png") for number, image in enumerate(images)
    ]
    support = tuple(Example(pictures[number], number % 2) for number in range(8))
    episode = Episode((ClassSpec("Zéro / 0"), ClassSpec("一")), support, tuple(pictures[8:]))
    labels = {number: Label(number % 2, "Ada", source="blind", suggestion=None, seconds=1.0) for number in range(6)}
    labels[6] = Label(None, "Ada", source="blind", suggestion=None, seconds=1.0)
    path = tmp_path / "collection.zip"
    imagefolder.write([("first", LabelledEpisode(episode, "Digits", runs=(), labels=labels))], path)
    return path


@pytest.mark.parametrize("unpacked", [False, True])
def test_an_export_gives_support_and_labelled_queries(export: Path, tmp_path: Path, unpacked: bool) -> None:
    if unpacked:
        shutil.unpack_archive(export, tmp_path / "collection")
    data = folders.read(tmp_path / "collection" if unpacked else export)
    assert data.name == "collection" and len(data.train.classes) == 2
    for part, counts in ((data.train, [5, 5]), (data.validation, [2, 2])):
        assert [len(items) for items in part.classes.values()] == counts
    used: list[Item] = [
        item for part in (data.train, data.validation) for items in part.classes.values() for item in items
    ]
    assert len({opened(item).sha256 for item in used}) == 14
    assert not {"digit 14", "digit 15"} & {item.name.rsplit("-", 1)[0] for item in used}


def test_a_picture_of_several_episodes_does_not_train_and_validate(tmp_path: Path) -> None:
    images = (load_digits().images[:12] * (255 / 16)).astype(np.uint8)
    pictures = [from_image(Image.fromarray(image).convert("RGB"), "digit.png") for image in images]
    classes, episodes = (ClassSpec("one"), ClassSpec("other")), []
    for number, (support, queries) in enumerate(((pictures[:6], pictures[6:]), (pictures[6:], pictures[:6]))):
        examples = tuple(Example(picture, i % 2) for i, picture in enumerate(support))
        labels = {i: Label(i % 2, "Ada", source="blind", suggestion=None, seconds=1.0) for i in range(6)}
        episode = Episode(classes, examples, tuple(queries))
        episodes.append((f"episode {number}", LabelledEpisode(episode, "Digits", runs=(), labels=labels)))
    imagefolder.write(episodes, tmp_path / "twice.zip")
    data = folders.read(tmp_path / "twice.zip")
    train, validation = (
        [opened(item).sha256 for items in part.classes.values() for item in items]
        for part in (data.train, data.validation)
    )
    assert len(train) + len(validation) == 12 and not set(train) & set(validation)


def test_an_export_of_support_pictures_only(tmp_path: Path) -> None:
    class_tree(tmp_path / "support", ["cat", "dog"], 4)
    assert names(folders.read(tmp_path).validation) == {"cat": ["4.png"], "dog": ["4.png"]}


def test_one_class_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        folders.read(class_tree(tmp_path, ["cat"], 5))
    assert error.value.code == "one_class"


def test_a_class_that_is_too_small_is_named(tmp_path: Path) -> None:
    class_tree(tmp_path, ["cat"], 5)
    with pytest.raises(UserError, match="“dog” has 2; training needs three") as error:
        folders.read(class_tree(tmp_path, ["dog"], 2))
    assert error.value.code == "setting_bad"


def test_a_folder_without_classes_is_said(tmp_path: Path) -> None:
    (tmp_path / "loose.txt").touch()
    with pytest.raises(UserError) as error:
        folders.read(tmp_path)
    assert error.value.code == "no_class_folders"


def test_a_broken_zip_is_named(tmp_path: Path) -> None:
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("cat/1.png", b"0" * 5000)
    for content, code in ((b"", "broken"), (b"no zip", "broken"), (whole.read_bytes()[:200], "cut")):
        (tmp_path / "broken.zip").write_bytes(content)
        with pytest.raises(UserError, match=r"broken\.zip") as error:
            folders.read(tmp_path / "broken.zip")
        assert error.value.code == f"archive_{code}"


def test_several_shards_are_one_data_set(tmp_path: Path) -> None:
    for number, (label, kind) in enumerate([("cat", "tar"), ("Cat", "zip"), ("dog", "tar")]):
        tree = class_tree(tmp_path / f"tree {number}", [label], 4)
        shutil.make_archive(str(tmp_path / f"pets-{number}"), kind, tree)
    data = datasets.read(str(tmp_path / "pets-*.*"), tmp_path)
    assert data.name == "pets" and {name: len(items) for name, items in data.train.classes.items()} == {
        "cat": 6,
        "dog": 3,
    }
    assert len({opened(item).sha256 for item in (*data.train.classes["dog"], *data.validation.classes["dog"])}) == 4
    few = datasets.read(str(tmp_path / "pets-{0,2}.tar"), tmp_path)
    assert {name: len(items) for name, items in few.train.classes.items()} == {"cat": 3, "dog": 3}
    with pytest.raises(UserError) as refused:
        datasets.read(str(tmp_path / "others-*.tar"), tmp_path)
    assert refused.value.code == "source_missing"
