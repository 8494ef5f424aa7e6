"""`diagnose`: class folders, episodes and collections in; findings out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import ImageOps

from fsl_demo.cli import parser
from fsl_demo.core.collections import CollectionLabel
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from fsl_demo.store import Workspace
from tests.averaged import COLOURS, Averaged, patterned


@pytest.fixture(autouse=True)
def methods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "registry", lambda vectors: Registry([Averaged()]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of five; a red picture lies among the green, and a blue one is there twice."""
    for index, colour in enumerate(COLOURS):
        (tmp_path / "pets" / colour).mkdir(parents=True)
        for n in range(5):
            patterned(colour, 10 * index + n).save(tmp_path / "pets" / colour / f"{n}.png")
    patterned("red", 90).save(tmp_path / "pets" / "green" / "wrong.png")
    ImageOps.mirror(patterned("blue", 20)).save(tmp_path / "pets" / "blue" / "copy.png")
    return tmp_path / "pets"


def run(*arguments: str | Path) -> int:
    chosen = parser().parse_args(["diagnose", *map(str, arguments)])
    code: int = chosen.run(chosen)
    return code


def pictures(colour: str, *seeds: int) -> list[Picture]:
    return [from_image(patterned(colour, seed), f"{colour}{seed}.png") for seed in seeds]


def test_findings_of_class_folders(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--workspace", tmp_path / "none") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 findings in 17 pictures of 3 classes, and 0 queries\n")
    assert "- Labelled “green”, but the others say “red”" in printed and "(wrong.png)" in printed
    assert "- Nearly the same picture 2 times in “blue”: they count as one. (0.png, copy.png)" in printed
    assert "best on these pictures: cannot tell yet" in printed
    assert not (tmp_path / "none").exists()


def test_the_document(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "green" / "torn.png").write_bytes(b"no picture")
    assert run(folder, "--format", "json", "--workspace", tmp_path / "none") == 1
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert "torn.png" in told.err
    wrong, copies = document["findings"]
    assert (wrong["kind"], wrong["suspected"], wrong["pictures"][0]["class_name"]) == ("wrong_label", "red", "green")
    assert [picture["file"] for picture in copies["pictures"]] == ["0.png", "copy.png"]
    assert document["leaks"][0]["of"] == "held_out" and document["overall"]["mean"] == pytest.approx(16 / 17)
    assert document["curve"]["sizes"] == [1, 2, 3, 4] and document["comparison"]["best"] == "averaged"


def test_a_saved_episode_with_its_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = Workspace(tmp_path / "workspace")
    red, blue = pictures("red", 1, 2, 3), pictures("blue", 4, 5, 6)
    copy = from_image(ImageOps.mirror(patterned("red", 1)), "copy.png")
    support = tuple(Example(picture, index) for index, members in enumerate((red, blue)) for picture in members)
    episode = Episode((ClassSpec("red"), ClassSpec("blue")), support, (copy, *pictures("blue", 7)))
    saved = workspace.save_episode(LabelledEpisode(episode, labels={0: Label(0), 1: Label(1)}))
    assert run("--episode", saved, "--workspace", workspace.folder) == 0
    printed = capsys.readouterr().out
    assert "1 findings in 6 pictures of 2 classes, and 2 queries" in printed
    assert "1 labelled queries are near-duplicates of pictures that are learned from." in printed


def test_a_collection_as_it_is_and_frozen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = Workspace(tmp_path / "workspace")
    members = {"red": pictures("red", *range(5)), "blue": pictures("blue", *range(10, 15))}
    workspace.collections.create("colours")
    labelled = {picture: [CollectionLabel(name)] for name, listed in members.items() for picture in listed}
    workspace.collections.add("colours", {**labelled, pictures("green", 40)[0]: []})
    assert run("--collection", "colours", "--workspace", workspace.folder) == 0
    assert "0 findings in 10 pictures of 2 classes, and 0 queries" in capsys.readouterr().out
    tested = {listed[0].sha256 for listed in members.values()}
    places = {p.sha256: ("test" if p.sha256 in tested else "train", p.sha256) for p in labelled}
    workspace.collections.freeze("colours", places)  # type: ignore[arg-type]
    assert run("--collection", "colours@1", "--workspace", workspace.folder) == 0
    assert "0 findings in 8 pictures of 2 classes, and 2 queries" in capsys.readouterr().out


def test_what_is_marked_as_right_does_not_come_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = Workspace(tmp_path / "workspace")
    members = [("red", picture) for picture in pictures("red", *range(5))]
    members += [("blue", picture) for picture in pictures("blue", *range(10, 15)) + pictures("red", 90)]
    labelled = {picture: [CollectionLabel(name)] for name, picture in members}
    workspace.collections.add("colours", labelled, new=True)
    inside = ("--collection", "colours", "--workspace", workspace.folder)

    def right(*arguments: str) -> str:
        chosen = parser().parse_args(
            ["collections", "right", "colours", *arguments, "--workspace", str(workspace.folder)]
        )
        assert chosen.run(chosen) == 0
        return capsys.readouterr().out

    assert run(*inside) == 0
    key = capsys.readouterr().out.split("[")[1].split("]")[0]
    assert right(key, "--annotator", "Ada") == "1 findings are marked as right.\n"
    assert run(*inside, "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    (mark,) = document["right"]
    assert (mark["finding"]["key"], mark["annotator"], document["findings"]) == (key, "Ada", [])
    assert key in right() and "Ada" in right()
    assert right(key, "--take-back") == "1 findings are doubted again.\n" and key not in right()
    with pytest.raises(UserError, match="no key of a finding"):
        right("typo")


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    Workspace(tmp_path / "workspace")
    with pytest.raises(UserError, match="There is no collection “birds”"):
        run("--collection", "birds", "--workspace", tmp_path / "workspace")
    with pytest.raises(SystemExit):
        run(tmp_path, "--collection", "birds")
