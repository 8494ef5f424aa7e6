"""`export classifier` from the command line."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import fsl_demo
from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode
from fsl_demo.core.pictures import ingest
from fsl_demo.core.shipped import CHECKPOINTS
from fsl_demo.store import Workspace
from tests.cli.conftest import SURFACES, Call

SMALL = ("--method", "siamese", "--set", "siamese.variant=characters")


def test_a_folder_is_written_and_answers_as_predict(
    call: Call, shared: dict[str, Method], support: Path, queries: Path, tmp_path: Path
) -> None:
    place = tmp_path / "surfaces"
    ran = call("export", "classifier", "--support", support, "--out", place, *SMALL)
    assert (ran.code, ran.out) == (0, f"{place}\n"), ran.err
    predicted = call(
        "predict", "--support", support, "--queries", queries, "--methods", "siamese", *SMALL[2:], "--format", "json"
    ).json()
    classifier = fsl_demo.load(place)
    for query in predicted["queries"]:
        answer = classifier.predict(queries / query["file"])
        expected = query["predictions"]["siamese"]
        assert (answer.label, answer.unlike) == (expected["label"], expected["unlike"])
        assert answer.probability == pytest.approx(expected["probability"], abs=1e-3)


def test_a_saved_episode_is_taken(call: Call, shared: dict[str, Method], support: Path, tmp_path: Path) -> None:
    episode = Episode(
        tuple(map(ClassSpec, SURFACES)),
        tuple(
            Example(ingest(file), number)
            for number, name in enumerate(SURFACES)
            for file in sorted((support / name).iterdir())
        ),
    )
    saved = Workspace(tmp_path / "workspace").save_episode(LabelledEpisode(episode))
    ran = call(
        *("export", "classifier", "--episode", saved, "--workspace", tmp_path / "workspace"),
        *("--out", tmp_path / "taken", *SMALL),
    )
    assert ran.code == 0, ran.err
    assert fsl_demo.load(tmp_path / "taken").classes == SURFACES


def test_what_is_there_is_refused_before_anything_is_computed(
    call: Call, shared: dict[str, Method], support: Path, tmp_path: Path
) -> None:
    ran = call("export", "classifier", "--support", support, "--out", tmp_path)
    assert ran.code == 1
    assert "is there already" in ran.err
    assert "embedding" not in ran.err


def test_a_version_of_a_checkpoint_is_taken_before_it_is_in_use(
    call: Call, shared: dict[str, Method], support: Path, tmp_path: Path
) -> None:
    place = tmp_path / "taken"
    ran = call("export", "classifier", "--support", support, "--checkpoint", "siamese_digits@1", "--out", place)
    assert ran.code == 0, ran.err
    (checkpoint,) = fsl_demo.load(place).description["checkpoints"]
    assert (checkpoint["name"], checkpoint["version"]) == ("siamese_digits", 1)
    refused = call(
        *("export", "classifier", "--support", support, "--checkpoint", "siamese_digits", "--out", tmp_path / "other"),
        *SMALL[2:],
    )
    assert refused.code == 2


def test_a_checkpoint_of_a_folder_does_not_say_where_it_lies(
    call: Call, shared: dict[str, Method], support: Path, tmp_path: Path
) -> None:
    home = tmp_path / "a secret place" / "digits"
    shutil.copytree(CHECKPOINTS / "siamese_digits", home)
    ran = call("export", "classifier", "--support", support, "--checkpoint", home, "--out", tmp_path / "taken")
    assert ran.code == 0, ran.err
    for file in (tmp_path / "taken").rglob("*.*"):
        assert b"a secret place" not in file.read_bytes(), file


def test_two_origins_are_refused(call: Call, support: Path, tmp_path: Path) -> None:
    ran = call("export", "classifier", "--support", support, "--episode", "1", "--out", tmp_path / "taken")
    assert ran.code == 2


@pytest.mark.parametrize(
    ("method", "words"), [("can-transductive", "looks at all queries"), ("nobody", "There is no method “nobody”")]
)
def test_a_method_that_cannot_is_refused(
    call: Call, shared: dict[str, Method], support: Path, tmp_path: Path, method: str, words: str
) -> None:
    ran = call("export", "classifier", "--support", support, "--method", method, "--out", tmp_path / "taken")
    assert ran.code == 1
    assert words in ran.err
    assert not (tmp_path / "taken").exists()


def test_packages_that_are_missing_are_named(
    call: Call, shared: dict[str, Method], support: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    ran = call("export", "classifier", "--support", support, "--out", tmp_path / "taken", *SMALL)
    assert ran.code == 1
    assert "make export" in ran.err
    assert "embedding" not in ran.err
