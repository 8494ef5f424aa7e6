"""`search`: pictures ranked by a sentence or a picture, from a workspace or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode
from fsl_demo.core.pictures import ingest
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from fsl_demo.store import Workspace
from tests.cli.conftest import Call
from tests.colours import ColourSpace, painted
from tests.located import Located, scene
from tests.nearest import Matching, Nearest, Searching

COLOURS = {"red": (220, 10, 10), "pink": (220, 90, 90), "blue": (10, 10, 220), "navy": (40, 40, 160)}


@pytest.fixture(autouse=True)
def space(monkeypatch: pytest.MonkeyPatch) -> ColourSpace:
    """The only space there is; its method is called "colours"."""
    space = ColourSpace()
    known = Registry([Nearest("plain"), Searching("colours", space)])
    monkeypatch.setattr(reading, "registry", lambda *_: known)
    return space


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures, two of them in a folder of their own."""
    for seed, (name, rgb) in enumerate(COLOURS.items()):
        place = tmp_path / "pictures" / ("cold" if rgb[2] > rgb[0] else "")
        place.mkdir(parents=True, exist_ok=True)
        painted(rgb, seed).save(place / f"{name}.png")
    return tmp_path / "pictures"


@pytest.fixture
def workspace(folder: Path, tmp_path: Path) -> Path:
    """An episode of two classes, and a picture that was added for searching."""
    files = {file.stem: ingest(file) for file in folder.rglob("*.png")}
    store = Workspace(tmp_path / "workspace")
    classes = (ClassSpec("warm"), ClassSpec("cold"))
    support = (Example(files["red"], 0), Example(files["blue"], 1))
    store.save_episode(LabelledEpisode(Episode(classes, support, (files["navy"],))))
    store.add_to_collection([files["pink"]])
    return store.folder


def test_a_sentence_ranks_a_workspace(call: Call, workspace: Path) -> None:
    outcome = call("search", "red", "--workspace", workspace)
    assert outcome.code == 0
    rows = [line.split() for line in outcome.out.splitlines()]
    assert rows[0] == ["similarity", "file", "classes"]
    assert [row[1] for row in rows[1:3]] == ["red.png", "pink.png"]
    assert rows[1][2] == "warm"
    assert len(rows) == 5


def test_json(call: Call, workspace: Path) -> None:
    matches = call("search", "blue", "--workspace", workspace, "--top", "2", "--format", "json").json()
    assert [set(match) for match in matches] == [{"file", "sha256", "similarity", "classes", "episodes"}] * 2
    assert [match["file"] for match in matches] == ["blue.png", "navy.png"]
    assert [match["classes"] for match in matches] == [["cold"], []]
    assert matches[0]["episodes"] == matches[1]["episodes"] != []
    assert 1 >= matches[0]["similarity"] > matches[1]["similarity"] > 0.9


def test_a_picture_finds_its_like_but_not_itself(call: Call, workspace: Path, folder: Path) -> None:
    matches = call("search", "--like", folder / "red.png", "--workspace", workspace, "--format", "json").json()
    assert [match["file"] for match in matches][:1] == ["pink.png"]
    assert len(matches) == 3


def test_a_folder(call: Call, folder: Path) -> None:
    matches = call("search", "blue", "--data", folder, "--format", "json").json()
    assert [match["file"] for match in matches][:2] == ["cold/blue.png", "cold/navy.png"]
    assert matches[0]["classes"] == matches[0]["episodes"] == []


def test_a_broken_picture_is_named_and_the_rest_is_ranked(call: Call, folder: Path) -> None:
    (folder / "notes.png").write_text("no picture", encoding="utf-8")
    outcome = call("search", "blue", "--data", folder, "--method", "colours")
    assert outcome.code == 1
    assert "notes.png" in outcome.err
    assert "cold/blue.png" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((" ",), "Nothing to look for yet"),
        (("red " * 2_500,), "9999 characters"),
        (("雪地裡的狗",), "Colours does not read this script"),
        (("red", "--method", "plain"), "no method “plain”. There are: colours"),
    ],
)
def test_what_cannot_be_searched_for(
    call: Call, workspace: Path, space: ColourSpace, arguments: tuple[str, ...], message: str
) -> None:
    outcome = call("search", *arguments, "--workspace", workspace)
    assert (outcome.code, outcome.out) == (1, "")
    assert message in outcome.err
    assert not space.embedded


def test_nothing_to_search(call: Call, tmp_path: Path) -> None:
    missing = tmp_path / "misspelled"
    assert "There is no folder" in call("search", "red", "--workspace", missing).err
    assert not missing.exists()
    empty = Workspace(tmp_path / "workspace").folder
    assert "no picture to search yet" in call("search", "red", "--workspace", empty).err
    assert "There is no folder" in call("search", "red", "--data", missing).err


def test_no_method_compares_texts_with_pictures(call: Call, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "registry", lambda *_: Registry([Nearest("plain")]))
    assert "None of the methods compares texts" in call("search", "red", "--workspace", workspace).err


def test_a_sentence_or_a_picture_is_needed(call: Call) -> None:
    assert call("search").code == 2
    assert call("search", "red", "--like", "red.png").code == 2


def test_the_first_pictures_in_a_new_order(
    call: Call, workspace: Path, folder: Path, space: ColourSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Backwards:
        title, improves, top = "Backwards", "colours", 10

        def reads(self, text: str) -> bool:
            return True

        def match(self, pictures: Any, sentences: Any, progress: Any) -> np.ndarray:
            return np.zeros((len(pictures), len(sentences)))

        def blended(self, similarities: np.ndarray, matches: np.ndarray) -> np.ndarray:
            return -similarities

    arguments = ("search", "red", "--workspace", workspace, "--format", "json")
    plain = [match["file"] for match in call(*arguments).json()]
    assert call(*arguments, "--rerank").code == 1
    known = Registry([Searching("colours", space), Matching("streams", Backwards())])
    monkeypatch.setattr(reading, "registry", lambda *_: known)
    assert [match["file"] for match in call(*arguments, "--rerank").json()] == plain[::-1]
    assert [match["file"] for match in call(*arguments, "--rerank", "--top", "1").json()] == plain[-1:]
    outcome = call("search", "--like", folder / "red.png", "--workspace", workspace, "--rerank")
    assert outcome.code == 1 and "needs a sentence" in outcome.err
    monkeypatch.setattr(Backwards, "improves", "another")
    assert call(*arguments, "--rerank").code == 1


def test_where_gives_the_best_region_of_each_picture(
    call: Call, folder: Path, space: ColourSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "None of the methods says where" in call("search", "red", "--data", folder, "--where").err
    known = Registry([Searching("colours", space), Located()])
    monkeypatch.setattr(reading, "registry", lambda *_: known)
    scene(("red", (0.5, 0.25, 1.0, 0.75)), seed=5).save(folder / "scene.png")
    rows = call("search", "red", "--data", folder, "--where", "--format", "json").json()
    regions = {row["file"]: row["region"] for row in rows}
    assert regions["scene.png"]["box"] == [0.5, 0.25, 1.0, 0.75] and regions["cold/blue.png"] is None
    scores = [row["region"]["score"] if row["region"] else 0 for row in rows]
    assert scores == sorted(scores, reverse=True) and "similarity" in rows[0]
    assert "0.50 0.25 1.00 0.75" in call("search", "red", "--data", folder, "--where").out
    monkeypatch.setattr("fsl_demo.services.places.LEAST", 0.95)
    nowhere = call("search", "green", "--data", folder, "--where")
    assert nowhere.out.strip() == "Nothing like it is in these pictures."
    refused = call("search", "--like", folder / "red.png", "--data", folder, "--where")
    assert refused.code == 1 and "It needs a sentence." in refused.err
