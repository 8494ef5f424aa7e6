"""`episodes`: from an import to an export, on a workspace of its own."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fsl_demo.cli import episodes
from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode, Run, Scores
from fsl_demo.core.pictures import ingest
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS
from tests.cli.conftest import SURFACES, Call


@pytest.fixture
def saved(tmp_path: Path, support: Path, queries: Path) -> tuple[Path, str]:
    """A workspace with one episode: nine support pictures, two queries, scores of the first, no labels."""
    scores = Scores(
        *("prototype", "abc", {"none_below": None}, 0.5),
        np.array([[0.9, 0.2, 0.1]], np.float32),
        np.array([[0.8, 0.15, 0.05]], np.float32),
        none_below=0.3,
    )
    episode = Episode(
        (ClassSpec("brick", ("a wall",)), ClassSpec("grass"), ClassSpec("gravel")),
        tuple(
            Example(ingest(file), index)
            for index, surface in enumerate(SURFACES)
            for file in sorted((support / surface).iterdir())
        ),
        tuple(ingest(file) for file in sorted(queries.rglob("*.png"))[:2]),
    )
    folder = tmp_path / "workspace"
    return folder, Workspace(folder).save_episode(LabelledEpisode(episode, "Surfaces", (Run(scores),)))


def test_list(call: Call, saved: tuple[Path, str]) -> None:
    folder, episode_id = saved
    (row,) = call("episodes", "list", "--workspace", folder, "--format", "csv").csv()
    assert (row["id"], row["title"], row["classes"]) == (episode_id, "Surfaces", "brick; grass; gravel")
    assert (row["support"], row["queries"], row["labelled"], row["methods"]) == ("9", "2", "0", "prototype")
    (summary,) = call("episodes", "list", "--workspace", folder, "--format", "json").json()
    assert summary["id"] == episode_id
    assert episode_id in call("episodes", "list", "--workspace", folder).out
    for wanted, listed in (
        (("--class", "BRICK"), True),
        (("--class", "sand"), False),
        (("--text", "surf"), True),
        (("--method", "asif"), False),
        (("--since", "2000"), True),
        (("--until", "2000"), False),
        (("--deleted",), False),
    ):
        assert (episode_id in call("episodes", "list", "--workspace", folder, *wanted).out) is listed, wanted


def test_show(call: Call, saved: tuple[Path, str]) -> None:
    folder, episode_id = saved
    shown = call("episodes", "show", episode_id, "--workspace", folder, "--format", "json").json()
    assert set(shown) == {"id", "title", "classes", "support", "methods", "queries"}
    assert shown["classes"][0] == {"name": "brick", "descriptions": ["a wall"]}
    assert [example["class"] for example in shown["support"]] == ["brick"] * 3 + ["grass"] * 3 + ["gravel"] * 3
    first, second = shown["queries"]
    assert first["predictions"]["prototype"]["label"] == "brick"
    assert (first["answer"], first["unlike"]) == ("brick", first["predictions"]["prototype"]["unlike"])
    assert (second["predictions"], second["answer"]) == ({}, None)
    assert (first["labelled"], first["label"], first["number"]) == (False, None, 1)
    table = call("episodes", "show", episode_id, "--workspace", folder).out
    assert "brick (3); a wall" in table
    assert "brick 80%" in table


def test_a_box_is_marked_shown_exported_and_taken_back(call: Call, saved: tuple[Path, str], tmp_path: Path) -> None:
    folder, episode_id = saved
    box = ("episodes", "box", episode_id, "--workspace", folder, "--name", "a red ball", "--query")
    assert call(*box, "2", "--edges", "0.1", "0.2", "0.95", "0.8", "--annotator", "Ann").code == 0
    assert call(*box, "2", "--edges", "-0.7", "0", "0.5", "0.5").code == 0

    def regions() -> list[tuple[str, list[float], str]]:
        shown = call("episodes", "show", episode_id, "--workspace", folder, "--format", "json").json()
        assert shown["queries"][0]["regions"] == [] and shown["support"][0]["boxes"] == []
        return [(region["name"], region["box"], region["annotator"]) for region in shown["queries"][1]["regions"]]

    assert regions() == [("a red ball", [0.1, 0.2, 0.95, 0.8], "Ann"), ("a red ball", [0.0, 0.0, 0.5, 0.5], "")]
    assert "a red ball; a red ball" in call("episodes", "show", episode_id, "--workspace", folder).out
    out = tmp_path / "coco.zip"
    assert call("episodes", "export", "--format", "coco", "--out", out, "--workspace", folder).code == 0
    with zipfile.ZipFile(out) as file:
        bboxes = [mark["bbox"] for mark in json.loads(file.read("annotations.json"))["annotations"]]
    query = Workspace(folder).episode(episode_id).episode.queries[1]
    width, height = query.width, query.height
    np.testing.assert_allclose(bboxes[0], [0.1 * width, 0.2 * height, 0.85 * width, 0.6 * height], atol=1e-3)
    copy = tmp_path / "copy"
    (again,) = call("episodes", "import", out, "--workspace", copy).out.split()
    assert Workspace(copy).episode(again).regions == Workspace(folder).episode(episode_id).regions
    assert call(*box, "2", "--edges", "0.1", "0.2", "0.949", "0.8", "--clear").code == 0
    assert len(regions()) == 1
    for arguments, expected in (
        (("2", "--edges", "0.1", "0.2", "0.95", "0.8", "--clear"), "nothing to take back"),
        (("3", "--edges", "0", "0", "1", "1"), "has no query 3"),
        (("3", "--edges", "0", "0", "1", "1", "--clear"), "has no query 3"),
        (("2", "--edges", "0.5", "0", "0.5", "1"), "no area"),
        (("2", "--edges", "nan", "0", "0.5", "1"), "no area"),
        (("2", "--edges", "90", "0", "99", "1"), "beyond the picture"),
    ):
        refused = call(*box, *arguments)
        assert refused.code == 1 and expected in refused.err, arguments
    assert len(regions()) == 1 and call(*box, "2", "--edges", "0", "0", "1").code == 2


def test_label_by_class_none_and_clear(call: Call, saved: tuple[Path, str]) -> None:
    folder, episode_id = saved
    label = ("episodes", "label", episode_id, "--workspace", folder, "--query")

    def labels() -> list[tuple[bool, str | None, str | None]]:
        shown = call("episodes", "show", episode_id, "--workspace", folder, "--format", "json").json()
        return [(query["labelled"], query["label"], query["annotator"]) for query in shown["queries"]]

    assert call(*label, "2", "--class", " Grass", "--annotator", "Ann").code == 0
    assert call(*label, "1", "--none").code == 0
    assert labels() == [(True, None, ""), (True, "grass", "Ann")]
    assert "(none of these)" in call("episodes", "show", episode_id, "--workspace", folder).out
    assert call(*label, "1", "--clear").code == 0
    assert labels()[0] == (False, None, None)
    for arguments, expected in (
        (("3", "--none"), "has no query 3"),
        (("1", "--class", "sand"), "There are: brick, grass, gravel"),
    ):
        refused = call(*label, *arguments)
        assert refused.code == 1
        assert expected in refused.err
    assert call(*label, "0", "--none").code == 2
    assert call(*label, "1").code == 2
    assert call(*label, "1", "--none", "--clear").code == 2


def test_export_and_import(call: Call, saved: tuple[Path, str], tmp_path: Path) -> None:
    folder, episode_id = saved
    call("episodes", "label", episode_id, "--workspace", folder, "--query", "1", "--class", "brick")
    assert set(episodes.Formats()) == set(FORMATS)
    for name, chosen in FORMATS.items():
        file = tmp_path / f"{name}{chosen.suffix}"
        outcome = call("episodes", "export", episode_id, "--workspace", folder, "--format", name, "--out", file)
        assert (outcome.code, outcome.out.strip()) == (0, str(file))
    everything = tmp_path / "all.zip"
    assert call("episodes", "export", "--workspace", folder, "--out", everything).code == 0
    assert sum(name.endswith(".png") for name in zipfile.ZipFile(everything).namelist()) == 11

    elsewhere = tmp_path / "elsewhere"
    outcome = call("episodes", "import", everything, "--workspace", elsewhere)
    assert outcome.code == 0
    shown = call("episodes", "show", outcome.out.strip(), "--workspace", elsewhere, "--format", "json").json()
    assert shown["title"] == "Surfaces"
    assert shown["queries"][0]["label"] == "brick"
    assert shown["queries"][0]["predictions"]["prototype"]["label"] == "brick"


def test_class_folders_become_a_support_set(call: Call, support: Path, tmp_path: Path) -> None:
    broken = support.parent / "with a broken picture"
    for file in support.rglob("*.png"):
        place = broken / file.relative_to(support)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
    (broken / "brick" / "zero.png").touch()
    outcome = call("episodes", "import", broken, "--workspace", tmp_path)
    assert outcome.code == 1
    assert "“zero.png” is empty" in outcome.err
    shown = call("episodes", "show", outcome.out.strip(), "--workspace", tmp_path, "--format", "json").json()
    assert len(shown["support"]) == 9


def test_delete_and_restore(call: Call, saved: tuple[Path, str]) -> None:
    folder, episode_id = saved
    listed = ("episodes", "list", "--workspace", folder)
    assert call("episodes", "delete", episode_id, "--workspace", folder).code == 0
    assert episode_id not in call(*listed).out
    assert episode_id in call(*listed, "--deleted").out
    assert call("episodes", "restore", episode_id, "--workspace", folder).code == 0
    assert episode_id in call(*listed).out


def test_what_is_not_there_is_said_and_not_made(call: Call, saved: tuple[Path, str], tmp_path: Path) -> None:
    none = tmp_path / "none"
    for arguments in (("list",), ("show", "x"), ("delete", "x"), ("export", "--out", tmp_path / "x.zip")):
        outcome = call("episodes", *arguments, "--workspace", none)
        assert outcome.code == 1
        assert "There is no folder" in outcome.err
        assert not none.exists()
    for action in (("show",), ("delete",), ("restore",), ("label", "--query", "1", "--none")):
        outcome = call("episodes", action[0], "0123", *action[1:], "--workspace", saved[0])
        assert outcome.code == 1
        assert "no episode 0123" in outcome.err
    assert call("episodes", "import", tmp_path / "none.zip", "--workspace", tmp_path / "w").code == 1
