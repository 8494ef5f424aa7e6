"""The CSV."""

import csv
from pathlib import Path

import pytest

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import plain_cell, safe_cell
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS, read
from fsl_demo.store.exchange.table import COLUMNS

write = FORMATS["csv"].write


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_a_picture(tmp_path: Path, workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(labelled)
    stored = workspace.episode(episode_id)
    write([(episode_id, stored)], tmp_path / "out.csv")
    table = rows(tmp_path / "out.csv")
    assert tuple(table[0]) == COLUMNS
    assert [(row["role"], row["label"]) for row in table] == [
        *(("support", name) for name in ("Two / 2 ", "zéro", "一", "zéro", "Two / 2 ")),
        ("query", "Two / 2 "),
        ("query", ""),
        ("query", "(none of these)"),
        ("query", ""),
    ]
    assert table[5] == {
        "file_name": "digit 10.png",
        "label": "Two / 2 ",
        "role": "query",
        "episode_id": episode_id,
        "annotator": "Ada",
        "created_at": workspace.label_history(episode_id, 0)[0].created_at,
        "sha256": labelled.episode.queries[0].sha256,
        "caption": "",
    }


def test_comes_back_from_the_workspace(tmp_path: Path, workspace: Workspace, labelled: LabelledEpisode) -> None:
    first, second = workspace.save_episode(labelled), workspace.save_episode(labelled)
    write([(name, workspace.episode(name)) for name in (first, second)], tmp_path / "out.csv")
    episodes = read(tmp_path / "out.csv", workspace)
    assert len(episodes) == 2
    episode = episodes[0].episode
    names = [spec.name for spec in episode.classes]
    assert sorted(names) == sorted(spec.name for spec in labelled.episode.classes)
    assert [(e.picture, names[e.class_index]) for e in episode.support] == [
        (e.picture, labelled.episode.classes[e.class_index].name) for e in labelled.episode.support
    ]
    assert episode.queries == labelled.episode.queries
    assert episodes[0].labels == {0: Label(names.index("Two / 2 "), "Ada"), 2: Label(None, "阿明")}


def test_pictures_beside_the_table(tmp_path: Path, labelled: LabelledEpisode) -> None:
    write([("id", labelled)], tmp_path / "out.csv")
    pictures = [*(example.picture for example in labelled.episode.support), *labelled.episode.queries]
    for picture in pictures[:-2]:
        picture.image().save(tmp_path / picture.name)
    pictures[0].image().save(tmp_path / pictures[-1].name)
    with pytest.raises(UserError) as caught:
        read(tmp_path / "out.csv")
    assert caught.value.code == "import_incomplete"
    assert (caught.value.params["count"], caught.value.params["first"]) == (2, "digit 12.png")
    for picture in pictures[-2:]:
        picture.image().save(tmp_path / picture.name)
    (episode,) = read(tmp_path / "out.csv")
    assert episode.episode.queries == labelled.episode.queries


def test_table_of_somebody_else(tmp_path: Path, digits: list[Picture]) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        digits[number].image().save(tmp_path / "in" / f"{number}.png")
    (tmp_path / "mine.csv").write_text(
        "role,file_name,label,extra\nsupport,in/0.png,cat,1\nsupport,in/1.png,dog,\nquery,in/2.png\n", encoding="utf-8"
    )
    (episode,) = read(tmp_path / "mine.csv")
    assert episode == LabelledEpisode(
        Episode((ClassSpec("cat"), ClassSpec("dog")), (Example(digits[0], 0), Example(digits[1], 1)), (digits[2],)),
        "mine",
    )


@pytest.mark.parametrize(
    "cell", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "'=1", "''-x", "cat", "", "'quoted'", "a=b"]
)
def test_cells_are_no_formulas_and_come_back(cell: str) -> None:
    assert not safe_cell(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert plain_cell(safe_cell(cell)) == cell


def test_formulas_are_escaped_in_the_file(tmp_path: Path, workspace: Workspace, digits: list[Picture]) -> None:
    picture = workspace.add_picture(from_image(digits[0].image(), "+file.png"))
    labelled = LabelledEpisode(
        Episode((ClassSpec("=1+1"), ClassSpec("-")), (Example(picture, 1),), (picture,)),
        "t",
        labels={0: Label(0, "@me")},
    )
    write([("id", labelled)], tmp_path / "t.csv")
    assert [(row["file_name"], row["label"], row["annotator"]) for row in rows(tmp_path / "t.csv")] == [
        ("'+file.png", "'-", ""),
        ("'+file.png", "'=1+1", "'@me"),
    ]
    (episode,) = read(tmp_path / "t.csv", workspace)
    assert [spec.name for spec in episode.episode.classes] == ["-", "=1+1"]
    assert episode.labels == {0: Label(1, "@me")}
    assert episode.episode.queries[0].name == "+file.png"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "csv_columns"),
        (b"file_name,label\na.png,cat\n", "csv_columns"),
        (b"file_name,label,role\n../a.png,cat,support\n", "import_incomplete"),
        (b"file_name,label,role\n/etc/hostname,cat,support\n", "import_incomplete"),
        (b"file_name,label,role\n,cat,support\n", "import_incomplete"),
        (b"file_name,label,role\na\0.png,cat,support\n", "table_no_text"),
        (b"file_name,label,role\n" + b"a" * 5_000 + b",cat,support\n", "import_incomplete"),
        (b"file_name,label,role\n.,cat,support\n", "import_incomplete"),
        (b"file_name,label,role\na.png,cat,supprt\n", "csv_row"),
        (b"file_name,label,role\n\xff\xfe,cat,support\n", "table_encoding"),
        (b'file_name,label,role\n"' + b"x" * 200_000 + b'",cat,support\n', "table_cell_long"),
        (b"file_name,label,role\na.png," + b"x" * 101 + b",support\n", "class_name_long"),
    ],
)
def test_broken_tables(tmp_path: Path, digits: list[Picture], content: bytes, code: str) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for folder in (tmp_path, inbox):
        digits[0].image().save(folder / "a.png")
    (inbox / "t.csv").write_bytes(content)
    with pytest.raises(UserError) as caught:
        read(inbox / "t.csv")
    assert caught.value.code == code
    assert str(caught.value)
