"""LFW: View 1, a fold of View 2, and both kinds of lines in their pairs files."""

from pathlib import Path

import pytest

from fsl_demo import datasets
from fsl_demo.core.errors import UserError
from fsl_demo.datasets import lfw
from tests.datasets.trees import (
    assert_balanced_pairs_within,
    assert_everything_is_used_once,
    assert_no_class_in_common,
    picture,
)

COUNTS = {f"Person_{letter}": 1 + number % 4 for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
DEV_TEST = "2\nPerson_D\t1\t4\nPerson_C\t3\t2\nPerson_A\t1\tPerson_D\t2\nPerson_E\t1\tPerson_C\t3\n"


def view_2() -> str:
    """Ten folds of one pair of one person and one of two."""
    letters = "ABCDEFGHIJKLMNOPQRST"
    lines = ["10\t1"]
    for fold in range(10):
        first, second = letters[2 * fold : 2 * fold + 2]
        lines += [f"Person_{second}\t1\t2", f"Person_{second}\t2\tPerson_{first}\t1"]
    return "\n".join(lines) + "\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lfw, "VALIDATION", 5)
    for name, count in COUNTS.items():
        for number in range(1, count + 1):
            picture(tmp_path / "lfw" / name / f"{name}_{number:04}.webp")
    folder = tmp_path / "lfw" / "pairs"
    folder.mkdir()
    (folder / "pairsDevTest.txt").write_text(DEV_TEST)
    (folder / "pairs.txt").write_text(view_2())
    return tmp_path


def named(root: Path, name: str, number: int) -> Path:
    return root / "lfw" / name / f"{name}_{number:04}.webp"


def test_view_1_tests_the_pairs_of_its_file(root: Path) -> None:
    data = datasets.read("lfw", root)
    assert data.fold == 0 and list(data.test.pairs) == [
        (named(root, "Person_D", 1), named(root, "Person_D", 4), True),
        (named(root, "Person_C", 3), named(root, "Person_C", 2), True),
        (named(root, "Person_A", 1), named(root, "Person_D", 2), False),
        (named(root, "Person_E", 1), named(root, "Person_C", 3), False),
    ]
    assert set(data.test.classes) == {"Person_A", "Person_C", "Person_D", "Person_E"}


@pytest.mark.parametrize("fold", range(11))
def test_parts_have_no_people_in_common_and_use_all(root: Path, fold: int) -> None:
    data = datasets.read("lfw", root, fold)
    assert_no_class_in_common(data)
    assert_everything_is_used_once(data, root)
    assert_balanced_pairs_within(data.validation, 1000)
    assert len(data.validation.classes) == 5 and all(len(files) > 1 for files in data.validation.classes.values())
    tested = {file for items in data.test.classes.values() for file in items}
    assert all({first, second} <= tested for first, second, _ in data.test.pairs)


def test_a_fold_of_view_2_tests_its_own_pairs(root: Path) -> None:
    folds = [datasets.read("lfw", root, fold).test for fold in range(1, 11)]
    assert list(folds[2].pairs) == [
        (named(root, "Person_F", 1), named(root, "Person_F", 2), True),
        (named(root, "Person_F", 2), named(root, "Person_E", 1), False),
    ]
    people = [name for part in folds for name in part.classes]
    assert people == [f"Person_{letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]


def test_who_validates_does_not_hang_on_the_order_of_names(root: Path) -> None:
    chosen = list(datasets.read("lfw", root).validation.classes)
    assert chosen == list(datasets.read("lfw", root).validation.classes)
    several = [name for name, count in COUNTS.items() if count > 1 and name not in DEV_TEST]
    assert chosen not in (several[:5], several[-5:])


def test_pictures_are_found_by_their_number(root: Path) -> None:
    named(root, "Person_D", 3).unlink()
    assert datasets.read("lfw", root).test.pairs[0][1] == named(root, "Person_D", 4)


@pytest.mark.parametrize("gone", ["Person_C/Person_C_0003.webp", "Person_A/Person_A_0001.webp"])
def test_a_picture_of_a_pair_that_is_missing_is_said(root: Path, gone: str) -> None:
    (root / "lfw" / gone).unlink()
    with pytest.raises(UserError, match=gone.split("/")[0]) as error:
        datasets.read("lfw", root)
    assert error.value.code == "data_missing"


@pytest.mark.parametrize(("file", "fold"), [("pairsDevTest.txt", 0), ("pairs.txt", 3)])
def test_a_pairs_file_that_is_missing_is_said(root: Path, file: str, fold: int) -> None:
    (root / "lfw" / "pairs" / file).unlink()
    with pytest.raises(UserError, match="pairs") as error:
        datasets.read("lfw", root, fold)
    assert error.value.code == "data_missing"
