"""Omniglot: alphabets of characters, in either layout, or fetched."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from fsl_demo import datasets, runtime
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.omniglot import VALIDATION
from tests.datasets.trees import (
    assert_balanced_pairs_within,
    assert_everything_is_used_once,
    assert_no_class_in_common,
    class_tree,
    served,
)

CHARACTERS = ["character01", "character02"]


def tree(root: Path, background: str, evaluation: str) -> Path:
    for alphabet in ("Arcadian", "Tifinagh", *VALIDATION):
        class_tree(root / background / alphabet, CHARACTERS, 2)
    for alphabet in ("Avesta", "Tibetan", "ULOG"):
        class_tree(root / evaluation / alphabet, CHARACTERS, 3)
    return root


@pytest.mark.parametrize(
    "layout",
    [
        ("omniglot/background", "omniglot/evaluation"),
        ("omniglot-py/images_background", "omniglot-py/images_evaluation"),
    ],
)
def test_no_alphabet_is_in_two_parts_and_all_are_used(tmp_path: Path, layout: tuple[str, str]) -> None:
    data = datasets.read("omniglot", tree(tmp_path, *layout))
    alphabets = [{name.split("/")[0] for name in part.classes} for part in (data.train, data.validation, data.test)]
    assert alphabets == [{"Arcadian", "Tifinagh"}, set(VALIDATION), {"Avesta", "Tibetan", "ULOG"}]
    assert data.grouped and "Tibetan/character02" in data.test.classes and len(data.test.classes) == 6
    assert_no_class_in_common(data)
    assert_everything_is_used_once(data, tmp_path)
    assert_balanced_pairs_within(data.validation, 2_000)
    assert_balanced_pairs_within(data.test, 10_000)


def test_a_missing_half_is_said(tmp_path: Path) -> None:
    class_tree(tmp_path / "omniglot" / "background" / "Latin", CHARACTERS, 2)
    with pytest.raises(UserError) as error:
        datasets.read("omniglot", tmp_path)
    assert error.value.code == "data_missing"


def test_a_copy_without_the_validation_alphabets_is_said(tmp_path: Path) -> None:
    class_tree(tmp_path / "omniglot" / "background" / "Arcadian", CHARACTERS, 2)
    class_tree(tmp_path / "omniglot" / "evaluation" / "Avesta", CHARACTERS, 2)
    with pytest.raises(UserError):
        datasets.read("omniglot", tmp_path)


def test_it_can_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.guard_torchvision()
    from torchvision.datasets import Omniglot

    monkeypatch.setenv("no_proxy", "*")
    tree(tmp_path / "server", "images_background", "images_evaluation")
    sums = {}
    for part in ("images_background", "images_evaluation"):
        file = tmp_path / "server" / f"{part}.zip"
        with zipfile.ZipFile(file, "w") as archive:
            for path in (tmp_path / "server" / part).rglob("*.png"):
                archive.write(path, path.relative_to(tmp_path / "server"))
        sums[part] = hashlib.md5(file.read_bytes()).hexdigest()
    monkeypatch.setattr(Omniglot, "zips_md5", sums)
    with served(tmp_path / "server") as address:
        monkeypatch.setattr(Omniglot, "download_url_prefix", address)
        data = datasets.read("omniglot", tmp_path / "data", download=True)
    assert len(data.train.classes) == 4 and len(data.test.classes) == 6


def test_without_a_connection_the_data_is_said_to_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.guard_torchvision()
    from torchvision.datasets import Omniglot

    monkeypatch.setattr(Omniglot, "download_url_prefix", (tmp_path / "nowhere").as_uri())
    with pytest.raises(UserError) as error:
        datasets.read("omniglot", tmp_path, download=True)
    assert error.value.code == "data_missing"
