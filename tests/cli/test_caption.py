"""`caption`, and `search --words`: pictures described and found from the command line."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from pyarrow import parquet

from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from fsl_demo.services.bulk import networks
from fsl_demo.store import Workspace
from tests.cli.conftest import Call
from tests.colours import painted
from tests.dictated import Dictated


@pytest.fixture(autouse=True)
def captioner(monkeypatch: pytest.MonkeyPatch) -> Dictated:
    captioner = Dictated()
    known = Registry(captioners=[captioner, Dictated("other")])
    monkeypatch.setattr(reading, "registry", lambda *_: known)
    return captioner


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, name in enumerate(("q1.png", "q2.png", "deep/q3.png")):
        place = tmp_path / "pictures" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        painted((200, 20, 20), seed).save(place)
    return tmp_path / "pictures"


def test_a_table(call: Call, folder: Path) -> None:
    outcome = call("caption", folder / "q1.png", folder / "deep")
    assert outcome.code == 0
    rows = outcome.out.splitlines()
    assert rows[0].split() == ["file", "caption", "certain"]
    assert rows[1].split("  ")[0] == str(folder / "q1.png")
    assert re.search(r"a red dog runs on the grass  +red dog \(87%\)$", rows[1])
    assert rows[2].endswith("may be wrong") and "%" not in rows[2]
    assert "describing pictures (2)" in outcome.err


def test_json_from_a_zip(call: Call, folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(folder / "q2.png", "a/q2.png")
    (row,) = call("caption", tmp_path / "more.zip", "--format", "json", "--captioner", "other").json()
    assert row["file"] == str(tmp_path / "more.zip" / "a" / "q2.png")
    assert row["captioner"] == "other" and row["hint"] is None
    assert row["captions"][0] == {"text": "a blue cat", "score": -1.2, "fit": 0.3, "doubtful": False}
    assert len(row["captions"]) == 3 and len(row["sha256"]) == 64


def test_what_is_certain_is_in_the_json(call: Call, folder: Path) -> None:
    (row,) = call("caption", folder / "q1.png", "--format", "json").json()
    assert row["hint"] == {"name": "red dog", "certainty": 0.87}


def test_a_workspace_keeps_and_finds_them(call: Call, folder: Path, tmp_path: Path, captioner: Dictated) -> None:
    first = call("caption", folder, "--workspace", tmp_path / "w")
    again = call("caption", folder, "--workspace", tmp_path / "w")
    assert again.out == first.out
    assert len(captioner.asked) == 3
    search = call("search", "--words", "dogs gras", "--workspace", tmp_path / "w")
    assert search.out.splitlines()[1].split("  ")[:2] == ["q1.png", "a red dog runs on the grass"]
    (row,) = call("search", "--words", "q3", "--workspace", tmp_path / "w", "--format", "json").json()
    assert (row["file"], row["caption"], row["doubtful"]) == ("q3.png", "a picture called q3", True)
    assert set(row) == {"file", "sha256", "caption", "doubtful", "classes", "episodes"}
    assert call("search", "--words", '"horse', "--workspace", tmp_path / "w").out.splitlines() == [
        "file  caption    classes"
    ]


def test_what_cannot_be_read_is_named_and_the_rest_is_described(call: Call, folder: Path) -> None:
    (folder / "notes.png").write_text("no picture", encoding="utf-8")
    outcome = call("caption", folder)
    assert outcome.code == 1
    assert "notes.png" in outcome.err
    assert "a blue cat" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("caption", "{empty}"), "There is no picture to describe"),
        (("caption", "{missing}"), "There is no folder"),
        (("caption", "{folder}", "--captioner", "nobody"), "no captioner “nobody”. There are: dictated, other"),
        (("search", "--words", " ", "--workspace", "{w}"), "Nothing to look for yet"),
        (("search", "--words", "dog", "--workspace", "{missing}"), "There is no folder"),
        (("search", "--words", "dog", "--workspace", "{w}"), "no picture to search yet"),
        (("search", "--words", "dog", "--data", "{folder}"), "Leave --data out"),
    ],
)
def test_what_is_wrong_is_said(
    call: Call, folder: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    Workspace(tmp_path / "w")
    places = {name: tmp_path / name for name in ("empty", "missing", "w")} | {"folder": folder}
    outcome = call(*(argument.format(**places) for argument in arguments))
    assert (outcome.code, outcome.out) == (1, "")
    assert message in outcome.err
    assert not (tmp_path / "missing").exists()


@pytest.mark.process
def test_any_number_of_captions_go_into_a_table(
    call: Call, captioner: Dictated, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "registry", lambda: Registry(captioners=[captioner]))
    out = tmp_path / "captions.parquet"
    assert call("caption", folder, "--out", out).code == 0
    rows = {row["file"]: row["caption"] for row in parquet.read_table(out).to_pylist()}
    documents = call("caption", folder, "--format", "json").json()
    printed = {Path(row["file"]).relative_to(folder).as_posix(): row for row in documents}
    assert rows == {file: row["captions"][0]["text"] for file, row in printed.items()}
    for more in (["--format", "json"], ["--workspace", tmp_path / "w"], [folder]):
        assert call("caption", folder, *more, "--out", out).code == 2
