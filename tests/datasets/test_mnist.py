"""MNIST from its own files."""

import gzip
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fsl_demo import datasets, runtime
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets import mnist
from fsl_demo.datasets.parts import Part
from tests.datasets.trees import assert_balanced_pairs_within, assert_no_class_in_common, served

NAMES = {True: "train", False: "t10k"}


def write(folder: Path, pack: Callable[[bytes], bytes] = bytes, suffix: str = "") -> dict[bool, np.ndarray]:
    """60 pictures to train on and 40 to test with, digits in turn; each picture's first pixel is its number."""
    folder.mkdir(parents=True)
    parts = {}
    for train, count in ((True, 60), (False, 40)):
        labels = (np.arange(count) % 10).astype(np.uint8)
        images = np.random.default_rng(count).integers(0, 256, (count, 28, 28), np.uint8)
        images[:, 0, 0] = np.arange(count)
        header = struct.pack(">iiii", 0x803, count, 28, 28)
        (folder / f"{NAMES[train]}-images-idx3-ubyte{suffix}").write_bytes(pack(header + images.tobytes()))
        header = struct.pack(">ii", 0x801, count)
        (folder / f"{NAMES[train]}-labels-idx1-ubyte{suffix}").write_bytes(pack(header + labels.tobytes()))
        parts[train] = images
    return parts


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "VALIDATION", 20)
    monkeypatch.setattr(mnist, "PAIRS", 100)


def numbers(part: Part) -> list[int]:
    pictures = [item for items in part.classes.values() for item in items]
    assert all(isinstance(item, Picture) for item in pictures)
    return sorted(item.image().getpixel((0, 0))[0] for item in pictures)  # type: ignore[union-attr]


def test_the_last_pictures_of_the_training_file_validate(tmp_path: Path) -> None:
    images = write(tmp_path / "MNIST" / "raw")
    data = datasets.read("mnist", tmp_path)
    assert numbers(data.train) == list(range(40)) and numbers(data.validation) == list(range(40, 60))
    assert numbers(data.test) == list(range(40))
    assert [list(part.classes) for part in (data.train, data.test)] == [[str(digit) for digit in range(10)]] * 2
    first = data.train.classes["3"][1]
    assert isinstance(first, Picture) and first.name == "3-1.png"
    np.testing.assert_array_equal(np.asarray(first.image())[..., 1], images[True][13])
    assert_balanced_pairs_within(data.validation, 50)
    assert_balanced_pairs_within(data.test, 100)


def test_unseen_digits_are_not_trained_on(tmp_path: Path) -> None:
    write(tmp_path / "MNIST" / "raw")
    data = datasets.read("mnist_unseen", tmp_path)
    assert list(data.train.classes) == ["0", "1", "2", "3", "4"] == list(data.validation.classes)
    assert list(data.test.classes) == ["5", "6", "7", "8", "9"]
    assert numbers(data.train) + numbers(data.validation) == [n for n in range(60) if n % 10 < 5]
    assert numbers(data.test) == [n for n in range(40) if n % 10 >= 5]
    assert_balanced_pairs_within(data.test, 100)
    with pytest.raises(AssertionError):
        assert_no_class_in_common(data)  # training and validation share digits, as the protocol says


def test_it_can_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.guard_torchvision()
    from torchvision.datasets import MNIST

    monkeypatch.setenv("no_proxy", "*")
    write(tmp_path / "server", gzip.compress, ".gz")
    sums = [(file.name, hashlib.md5(file.read_bytes()).hexdigest()) for file in (tmp_path / "server").iterdir()]
    monkeypatch.setattr(MNIST, "resources", sorted(sums))
    with served(tmp_path / "server") as address:
        monkeypatch.setattr(MNIST, "mirrors", [f"{address}/"])
        assert numbers(datasets.read("mnist", tmp_path / "data", download=True).test) == list(range(40))
    assert numbers(datasets.read("mnist", tmp_path / "data").train) == list(range(40))


def test_without_a_connection_the_data_is_said_to_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.guard_torchvision()
    from torchvision.datasets import MNIST

    monkeypatch.setattr(MNIST, "mirrors", [(tmp_path / "nowhere").as_uri() + "/"])
    with pytest.raises(UserError) as error:
        datasets.read("mnist", tmp_path, download=True)
    assert error.value.code == "data_missing"


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_file_that_was_cut_off_is_said(tmp_path: Path, name: str) -> None:
    write(tmp_path / "MNIST" / "raw")
    file = tmp_path / "MNIST" / "raw" / name
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(UserError) as error:
        datasets.read("mnist", tmp_path)
    assert error.value.code == "data_missing" and "raw" in str(error.value)
