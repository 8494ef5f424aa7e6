"""CIFAR-FS: the published split of classes over both folders of CIFAR-100."""

import json
import shutil
from pathlib import Path

import pytest

from fsl_demo import datasets
from fsl_demo.core.errors import UserError
from tests.datasets.trees import assert_everything_is_used_once, assert_no_class_in_common, class_tree, files

SPLITS = {
    "train": [["fish", "ray"], ["trees", "oak_tree"], ["people", "baby"]],
    "val": [["fish", "shark"], ["people", "boy"]],
    "test": [["trees", "pine_tree"], ["people", "girl"]],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "cifar100"
    names = [name for split in SPLITS.values() for _, name in split]
    class_tree(folder / "train", names, 3)
    class_tree(folder / "test", names, 1)
    for other in ("fc100", "cifar-fs"):
        (folder / "splits" / other).mkdir(parents=True)
    for split, pairs in SPLITS.items():
        (folder / "splits" / "cifar-fs" / f"{split}.json").write_text(json.dumps(pairs))
        (folder / "splits" / "fc100" / f"{split}.json").write_text("[]")
    return tmp_path


def test_the_published_classes_with_pictures_of_both_folders(root: Path) -> None:
    data = datasets.read("cifar_fs", root)
    assert list(data.train.classes) == ["ray", "oak_tree", "baby"]
    assert list(data.validation.classes) == ["shark", "boy"] and list(data.test.classes) == ["pine_tree", "girl"]
    assert len(data.train.classes["ray"]) == 4
    assert {file.parts[-2] for file in files(data.test)} == {"pine_tree", "girl"}
    assert_no_class_in_common(data)
    assert_everything_is_used_once(data, root)


@pytest.mark.parametrize("gone", ["splits", "splits/cifar-fs", "splits/cifar-fs/val.json", "train/baby", "test/girl"])
def test_what_is_missing_is_said(root: Path, gone: str) -> None:
    path = root / "cifar100" / gone
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(UserError, match="cifar") as error:
        datasets.read("cifar_fs", root)
    assert error.value.code == "data_missing"
