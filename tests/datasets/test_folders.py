"""Anybody's class folders, and exports of the workbench, as data to train on."""

import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from fsl_demo import datasets
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.datasets import folders
from fsl_demo.datasets.parts import Dataset, Item, Part, opened
from fsl_demo.store.exchange import imagefolder, parquet, webdataset
from fsl_demo.store.exchange.classified import ClassifiedPicture
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


@pytest.fixture(scope="module")
def labelled() -> list[ClassifiedPicture]:
    """Sixteen real digits of two classes, in turns, the last two of which nobody has labelled."""
    images = (load_digits().images[:16] * (255 / 16)).astype(np.uint8)
    pictures = [from_image(Image.fromarray(image).convert("RGB"), f"{n}.png") for n, image in enumerate(images)]
    names = ["Zéro / 0", "一"] * 7 + ["", ""]
    return [ClassifiedPicture(picture, name, "train") for picture, name in zip(pictures, names, strict=True)]


def hashes(data: Dataset) -> dict[str, set[str]]:
    parts = (data.train.classes, data.validation.classes)
    return {name: {opened(item).sha256 for part in parts for item in part[name]} for name in data.train.classes}


@pytest.mark.parametrize("written", [webdataset, parquet])
def test_files_of_other_tools_say_the_classes(
    written: Any, labelled: list[ClassifiedPicture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: dict[str, set[str]] = {}
    for entry in labelled[:14]:
        expected.setdefault(entry.label, set()).add(entry.picture.sha256)
    monkeypatch.setattr(written, "SHARD_BYTES", 1_500)
    written.write(labelled, tmp_path / "digits.zip")
    shutil.unpack_archive(tmp_path / "digits.zip", tmp_path)
    shards = sorted([*tmp_path.glob("*.tar"), *tmp_path.glob("data/*.parquet")])
    assert len(shards) > 1
    told: list[UserError] = []
    data = datasets.read(str(shards[0].with_name("train-*" + shards[0].suffix)), tmp_path, report=told.append)
    assert hashes(data) == expected
    assert {error.code for error in told} == {"labels_no_examples"}
    assert sum(error.params["count"] for error in told) == 2


def test_samples_whose_files_say_their_classes(labelled: list[ClassifiedPicture], tmp_path: Path) -> None:
    """Words, numbers with a list beside the tar, and a number that is in no list, which is told."""
    pictures = [entry.picture for entry in labelled[:8]]
    for form, says in (("words.tar", ("cat", "dog")), ("numbers.tar", ("0", "1"))):
        with tarfile.open(tmp_path / form, "w") as tar:
            for number, picture in enumerate(pictures):
                picture.image().save(tmp_path / "picture.png")
                tar.add(tmp_path / "picture.png", f"{number:03}.png")
                (tmp_path / "class").write_text("7" if (form, number) == ("numbers.tar", 7) else says[number % 2])
                tar.add(tmp_path / "class", f"{number:03}.{'cls' if number < 4 else 'cls.txt'}")
        (tmp_path / "classnames.txt").write_text("cat\ndog\n")
        told: list[UserError] = []
        data = folders.read(tmp_path / form, told.append)
        assert {name: len(of_class) for name, of_class in hashes(data).items()} == {
            "cat": 4,
            "dog": 4 if form == "words.tar" else 3,
        }
        assert [error.code for error in told] == ([] if form == "words.tar" else ["annotation_bad"])


def test_a_table_without_classes_or_pictures_is_refused(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow.parquet import write_table

    write_table(pyarrow.table({"image": [b"no picture"] * 3, "n": [1, 2, 3]}), tmp_path / "table.parquet")
    with pytest.raises(UserError, match="It has: image, n") as refused:
        folders.read(tmp_path / "table.parquet")
    assert refused.value.code == "table_no_classes"
    write_table(pyarrow.table({"image": [b"no picture", None], "label": ["a", "b"]}), tmp_path / "table.parquet")
    with pytest.raises(UserError) as refused:
        folders.read(tmp_path / "table.parquet", lambda error: None)
    assert refused.value.code in ("picture_unknown", "picture_missing")
    (tmp_path / "table.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError) as refused:
        folders.read(tmp_path / "table.parquet")
    assert refused.value.code == "table_broken"
