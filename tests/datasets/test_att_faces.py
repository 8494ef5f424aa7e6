"""AT&T's faces: 40 people in five folds."""

from pathlib import Path

import pytest

from fsl_demo import datasets
from fsl_demo.core.errors import UserError
from tests.datasets.trees import (
    assert_balanced_pairs_within,
    assert_everything_is_used_once,
    assert_no_class_in_common,
    class_tree,
    parts,
)

PEOPLE = [f"s{number}" for number in range(1, 41)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    class_tree(folder / "att_faces", PEOPLE, pictures=10, suffix=".pgm")
    (folder / "att_faces" / "README").write_text("The ORL Database of Faces")
    return folder


@pytest.mark.parametrize("fold", range(1, 6))
def test_a_fold_has_no_people_in_common_and_uses_all(root: Path, fold: int) -> None:
    data = datasets.read("att_faces", root, fold)
    assert data.fold == fold and [len(part.classes) for part in parts(data)] == [28, 4, 8]
    assert_no_class_in_common(data)
    assert_everything_is_used_once(data, root)
    assert_balanced_pairs_within(data.validation, 360)
    assert_balanced_pairs_within(data.test, 720)


def test_each_person_is_tested_in_one_fold(root: Path) -> None:
    folds = [list(datasets.read("att_faces", root, fold).test.classes) for fold in range(1, 6)]
    assert folds[0] == PEOPLE[:8] and [name for fold in folds for name in fold] == PEOPLE
    assert list(datasets.read("att_faces", root).test.classes) == folds[0]


def test_an_incomplete_copy_is_said(tmp_path: Path) -> None:
    class_tree(tmp_path / "att_faces", PEOPLE[:39], pictures=2, suffix=".pgm")
    with pytest.raises(UserError) as error:
        datasets.read("att_faces", tmp_path)
    assert error.value.code == "data_missing"
