"""The table of data sets: what is not there is said with its cause."""

from pathlib import Path

import pytest

from fsl_demo import datasets
from fsl_demo.core.errors import UserError
from fsl_demo.datasets import DATASETS
from tests.datasets.trees import class_tree


@pytest.mark.parametrize("name", DATASETS)
def test_missing_data_is_said_with_its_place(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        datasets.read(name, tmp_path)
    assert error.value.code == "data_missing"
    first = {"objects": "cifar_fs", "digits_and_characters": "mnist"}
    missing = first.get(name, name.removesuffix("_unseen"))
    assert missing in str(error.value)
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize("name", ["mnits", "no/such/folder", ""])
def test_an_unknown_name_is_said_with_what_there_is(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match="mnist, mnist_unseen, omniglot, digits_and_characters, att_faces, lfw, cif"
    ) as error:
        datasets.read(name or str(tmp_path / "gone"), tmp_path)
    assert error.value.code == "data_unknown"


@pytest.mark.parametrize(
    ("name", "fold", "reason"),
    [
        ("att_faces", 0, "1 to 5"),
        ("att_faces", 6, "1 to 5"),
        ("lfw", -1, "0 to 10"),
        ("lfw", 11, "0 to 10"),
        ("mnist", 1, "no folds"),
        ("omniglot", 0, "no folds"),
    ],
)
def test_a_fold_that_is_not_there_is_said(name: str, fold: int, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=reason) as error:
        datasets.read(name, tmp_path, fold)
    assert error.value.code == "setting_bad" and error.value.params["value"] == fold


@pytest.mark.parametrize("name", ["att_faces", "lfw", "cifar_fs"])
def test_what_cannot_be_downloaded_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="by hand") as error:
        datasets.read(name, tmp_path, download=True)
    assert error.value.code == "setting_bad" and name in str(error.value)


def test_a_folder_is_a_data_set_by_its_path(tmp_path: Path) -> None:
    data = datasets.read(str(class_tree(tmp_path / "pets", ["cat", "dog"], 4)), tmp_path)
    assert data.name == "pets" and list(data.train.classes) == ["cat", "dog"]
