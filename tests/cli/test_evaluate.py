"""`evaluate`: figures over episodes, heat maps, leave one out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fsl_demo.checkpoints import layout
from fsl_demo.core.collections import CollectionLabel, Part
from fsl_demo.core.pictures import ingest
from fsl_demo.store import Workspace
from tests.backbones import tiny_clip
from tests.cli.conftest import SURFACES, Call, part

pytestmark = pytest.mark.usefixtures("shared")

SMALL = ("--way", "3", "--queries", "1", "--episodes", "2")


@pytest.mark.slow
def test_figures_of_every_method_on_the_same_episodes(call: Call, support: Path) -> None:
    outcome = call("evaluate", "--data", support, *SMALL, "--shot", "1,2", "--format", "json")
    assert outcome.code == 0
    first, two = outcome.json()
    assert (first["way"], first["shot"], first["queries"], first["episodes"], first["seed"]) == (3, 1, 1, 2, 0)
    assert two["shot"] == 2
    assert first["heat_maps"] == []
    assert [figures["method"] for figures in first["figures"]] == ["prototype", "asif", "compact-vlm", "can"]
    for figures in first["figures"]:
        assert 0 <= figures["accuracy"] <= 1
        assert figures["low"] <= figures["accuracy"] <= figures["high"]
    again = call("evaluate", "--data", support, *SMALL, "--shot", "1,2", "--format", "json")
    assert again.json() == [first, two]


def test_zero_shot_leaves_out_methods_that_need_pictures(call: Call, support: Path) -> None:
    (report,) = call("evaluate", "--data", support, *SMALL, "--shot", "0", "--format", "json").json()
    assert [figures["method"] for figures in report["figures"]] == ["asif", "compact-vlm"]
    outcome = call("evaluate", "--data", support, *SMALL, "--shot", "0", "--methods", "prototype")
    assert outcome.code == 1
    assert "Prototype learns from pictures only" in outcome.err


def test_the_test_part_of_a_frozen_collection(call: Call, support: Path, tmp_path: Path) -> None:
    pictures = [ingest(file) for file in sorted(support.glob("*/*.png"))]
    collections = Workspace(tmp_path).collections
    collections.add(
        "surfaces", {picture: [CollectionLabel(SURFACES[n // 3])] for n, picture in enumerate(pictures)}, new=True
    )
    places: dict[str, tuple[Part, str]] = {
        picture.sha256: ("train" if n % 3 == 0 else "test", picture.sha256) for n, picture in enumerate(pictures)
    }
    frozen = collections.freeze("surfaces", places)
    file = tmp_path / "measured.json"
    asked = ("evaluate", "--data", "surfaces@1", "--workspace", tmp_path, "--methods", "prototype", "--json", file)
    outcome = call(*asked, *SMALL, "--shot", "1")
    assert outcome.code == 0, outcome.err
    assert frozen.digest in json.loads(file.read_text())["split"]
    assert call(*asked, "--way", "3", "--queries", "2", "--shot", "1").code == 1  # two pictures of each class are there
    assert "no version 2" in call("evaluate", "--data", "surfaces@2", "--workspace", tmp_path).err


def test_settings_and_a_method_beside_itself(call: Call, support: Path) -> None:
    outcome = call(
        *("evaluate", "--data", support, *SMALL, "--shot", "1", "--format", "json"),
        *("--methods", "asif,asif:blend=1,prototype", "--set", "asif.none_below=0.99"),
    )
    (report,) = outcome.json()
    blend, pictures, prototype = report["figures"]
    assert [figure["method"] for figure in report["figures"]] == ["asif", "asif:blend=1", "prototype"]
    assert blend["unlike"] == pictures["unlike"] == 1 > prototype["unlike"]
    assert pictures["accuracy"] == prototype["accuracy"] and blend["ece"] != pictures["ece"]


def test_clip_with_weights_of_ones_own(
    call: Call, support: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_clip.register(monkeypatch)
    model = f"clip.model=tiny:{tiny_clip.save('tiny', tmp_path / 'mine.safetensors')}"
    names = "clip,clip:pictures=0,clip:pictures=1"
    outcome = call("evaluate", "--data", support, *SMALL, "--shot", "1", "--methods", names, "--set", model)
    assert outcome.code == 0 and all(f"| {name} |" in outcome.out for name in names.split(","))


def test_the_table_is_markdown_and_heat_maps_come_after_it(call: Call, support: Path) -> None:
    outcome = call("evaluate", "--data", support, *SMALL, "--shot", "1", "--methods", "prototype")
    assert "| prototype | " in outcome.out
    assert "blanking" not in outcome.out


@pytest.mark.slow
def test_heat_maps(call: Call, tmp_path: Path) -> None:
    for number, surface in enumerate([*SURFACES, "coins", "camera"]):
        (tmp_path / surface).mkdir()
        for x in range(2):
            part(surface, 120 * x, 10 * number).save(tmp_path / surface / f"{x}.png")
    arguments = ("--shot", "1", "--queries", "1", "--episodes", "2", "--methods", "prototype", "--heat-maps", "5")
    outcome = call("evaluate", "--data", tmp_path, *arguments)
    assert outcome.code == 0
    assert outcome.out.count("5 heat maps: blanking the top 20%") == 2
    assert "Shuffled weights: prototype" in outcome.out


def test_leave_one_out_names_what_looks_like_another_class(call: Call, support: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(support, data)
    part("grass", 200, 300).save(data / "brick" / "not a brick.png")
    outcome = call("evaluate", "--data", data, "--leave-one-out", "--methods", "prototype")
    assert outcome.code == 0
    assert "brick/not a brick.png looks like grass" in outcome.out
    (report,) = call("evaluate", "--data", data, "--leave-one-out", "--methods", "prototype", "--format", "json").json()
    assert set(report) == {"method", "pictures", "accuracy", "low", "high", "suspects"}
    assert report["pictures"] == 10
    assert report["suspects"][0]["file"] == "not a brick.png"


def test_what_cannot_be_measured_is_said(call: Call, support: Path, tmp_path: Path) -> None:
    for arguments, expected in (
        (("--data", tmp_path / "none"), "There is no folder"),
        (("--data", support), "classes"),
        (("--data", support, *SMALL, "--shot", "9"), "has 3 pictures"),
        (("--data", support, *SMALL, "--methods", "magic"), "no method “magic”"),
    ):
        outcome = call("evaluate", *arguments)
        assert (outcome.code, outcome.out) == (1, ""), arguments
        assert expected in outcome.err
    for arguments in (("--shot", "some"), ("--episodes", "0"), ("--heat-maps", "0")):
        assert call("evaluate", "--data", support, *arguments).code == 2


def test_rows_come_one_by_one_and_results_are_kept(call: Call, support: Path, tmp_path: Path) -> None:
    arguments = ("evaluate", "--data", support, *SMALL, "--shot", "1", "--methods", "prototype,asif")
    first = call(*arguments, "--results", tmp_path, "--json", tmp_path / "out" / "run.json")
    assert first.code == 0 and "measured before" not in first.err
    again = call(*arguments, "--results", tmp_path)
    assert again.out == first.out
    assert "measured before: prototype (2), asif (2)" in again.err
    assert "measured before" not in call(*arguments, "--results", tmp_path, "--fresh").err


def test_the_result_file_has_all_that_a_report_needs(call: Call, support: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    call(
        *("evaluate", "--data", support, *SMALL, "--shot", "1,2", "--methods", "prototype,asif:blend=1"),
        *("--set", "asif.none_below=0.1", "--json", file, "--workspace", tmp_path / "ws", "--threads", "1"),
    )
    report = json.loads(file.read_text())
    assert set(report) == {"command", "data", "split", "data_sha256", "version", "measured", "documents"}
    assert report["command"] == (
        f"python -m fsl_demo evaluate --data {support} --methods prototype,asif:blend=1 --set asif.none_below=0.1"
        " --way 3 --shot 1,2 --queries 1 --episodes 2"
    )
    assert [document["shot"] for document in report["documents"]] == [1, 2]
    for document in report["documents"]:
        assert all(figures["weights"] for figures in document["figures"])


def of_fold(fold: int, folder: Path) -> Path:
    """A checkpoint whose card names that fold."""
    copy = folder / f"fold_{fold}_{len(list(folder.glob('fold_*')))}"
    shutil.copytree(layout.FOLDER / "siamese_characters", copy)
    card = json.loads((copy / "card.json").read_text())
    (copy / "card.json").write_text(json.dumps(card | {"fold": fold}))
    return copy


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ([1], "two or more checkpoints, each of another fold"),
        ([1, 1], "two or more checkpoints, each of another fold"),
        ([1, 2, 1], "two or more checkpoints, each of another fold"),
        ([None, 1], "The card of siamese_characters does not say"),
        ([1, 2], "has no pairs to verify"),
    ],
)
def test_folds_that_have_no_threshold_are_refused(
    folds: list[int | None], message: str, call: Call, support: Path, tmp_path: Path
) -> None:
    checkpoints = ["siamese_characters" if fold is None else of_fold(fold, tmp_path) for fold in folds]
    outcome = call("evaluate", *checkpoints, "--data", support, "--by-fold", "--shot", "1")
    assert outcome.code == 1 and message in outcome.err
