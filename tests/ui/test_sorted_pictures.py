"""The sorted pictures as a zip: folders, names, formats, and the table."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from fsl_demo.ui.document import NONE
from fsl_demo.ui.sorted_pictures import sorted_queries
from tests.ui.conftest import Browser, Paint


def archive(browser: Browser, minimum: float = 0.0) -> zipfile.ZipFile:
    shown = browser.job("sorted_pictures", minimum=minimum)
    assert shown["state"] == "done", browser.notice
    return zipfile.ZipFile(browser.page.exports() / shown["file"])


def pictures(made: zipfile.ZipFile) -> list[str]:
    return sorted(name for name in made.namelist() if name != "sorted.csv")


def table(made: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.read("sorted.csv").decode("utf-8-sig"))))


@pytest.fixture
def predicted(filled: Browser) -> Browser:
    filled.predict()
    return filled


def test_a_folder_a_class_and_the_names_that_the_pictures_came_with(predicted: Browser) -> None:
    made = archive(predicted)
    assert pictures(made) == ["blue/q2.png", "red/q1.png", "red/q3.png"]
    stored = predicted.page.workspace.picture(predicted.document.queries[0]).image()
    assert Image.open(io.BytesIO(made.read("red/q1.png"))).convert("RGB").tobytes() == stored.tobytes()
    rows = table(made)
    assert list(rows[0]) == ["name", "path", "answer", "probability", "unlike", "label", "who", "sorted_to"]
    assert [(row["name"], row["answer"], row["unlike"]) for row in rows] == [
        ("q1.png", "red", "no"),
        ("q2.png", "blue", "no"),
        ("q3.png", "red", "no"),
    ]
    assert all(float(row["probability"]) > 0.9 for row in rows)
    assert [row["sorted_to"] for row in rows] == ["red/q1.png", "blue/q2.png", "red/q3.png"]


def test_what_somebody_said_counts_more_than_the_answer(predicted: Browser) -> None:
    first, second = (row.key for row in predicted.document.classes)
    q1, q2, _ = predicted.document.queries
    predicted.label(q1, second, first)
    predicted.label(q2, NONE, second)
    made = archive(predicted)
    assert pictures(made) == ["blue/q1.png", "red/q3.png", "unlike/q2.png"]
    rows = table(made)
    assert [(row["answer"], row["label"], row["who"]) for row in rows] == [
        ("red", "blue", "Ada"),
        ("blue", "none of these", "Ada"),
        ("red", "", ""),
    ]


def test_two_files_of_one_name_are_both_there(predicted: Browser, paint: Paint) -> None:
    predicted.add("queries", (paint("other.png", (200, 0, 20)), "elsewhere/q1.png"))
    predicted.predict()
    made = archive(predicted)
    assert len(pictures(made)) == 4 and "red/q1.png" in pictures(made)
    contents = {made.read(name) for name in pictures(made)}
    assert len(contents) == 4 == len({row["sorted_to"] for row in table(made)})
    assert [row["path"] for row in table(made)] == ["q1.png", "q2.png", "q3.png", "elsewhere/q1.png"]


def test_a_picture_that_came_from_several_files_is_there_for_each(predicted: Browser, paint: Paint) -> None:
    predicted.add("queries", (paint("q1.png", (210, 0, 0)), "copies/first.png"))
    made = archive(predicted)
    assert pictures(made) == ["blue/q2.png", "red/first.png", "red/q1.png", "red/q3.png"]
    assert made.read("red/first.png") == made.read("red/q1.png")
    assert [row["path"] for row in table(made)] == ["q1.png", "copies/first.png", "q2.png", "q3.png"]


@pytest.mark.parametrize("minimum", [0.0, 0.9, 0.995, 0.999, 1.0])
def test_the_same_folders_as_the_results_show(predicted: Browser, minimum: float) -> None:
    predicted.edit("set_setting", method="prototype", name="none_below", value="0.9")
    predicted.edit("set_setting", method="asif", name="none_below", value="0.9")
    predicted.predict()
    document = predicted.document
    names, shown = document.class_names(), {}
    for query in document.queries:
        row = predicted.row(query)
        shown[row["name"]] = "unlike" if "unlike" in row else "unsure" if row["p"] < minimum else names[row["answer"]]
    assert "unlike" in shown.values()
    folders = {picture.lines[0].name: picture.folder for picture in sorted_queries(predicted.context, minimum)}
    assert folders == shown


def test_classes_that_are_called_like_the_other_folders_keep_apart(filled: Browser) -> None:
    first, second = filled.document.classes
    filled.edits(("rename", {"key": first.key, "name": "unsure"}), ("rename", {"key": second.key, "name": "a/b"}))
    filled.predict()
    q1, q2, q3 = filled.document.queries
    filled.label(q3, NONE)
    folders = {query.sha: query.folder for query in sorted_queries(filled.context, 1.1)}
    filled.label(q1, first.key)
    folders |= {"labelled": sorted_queries(filled.context, 1.1)[0].folder}
    assert folders["labelled"] == "unsure" != folders[q1] == folders[q2] and folders[q3] == "unlike"
    names = pictures(archive(filled, 0.0))
    assert all(name.count("/") == 1 for name in names) and {name.split("/")[0] for name in names} == {
        "a%2Fb",
        "unlike",
        "unsure",
    }


@pytest.mark.parametrize(
    ("name", "written", "kind"),
    [
        ("a.png", "a.png", "PNG"),
        ("b.JPG", "b.JPG", "JPEG"),
        ("c.jpeg", "c.jpeg", "JPEG"),
        ("d.webp", "d.webp", "WEBP"),
        ("e.heic", "e.heic.png", "PNG"),
        ("f.tiff", "f.tiff", "TIFF"),
        ("g.gif", "g.gif", "GIF"),
        ("h", "h.png", "PNG"),
    ],
)
def test_a_picture_opens_as_what_its_name_says(
    predicted: Browser, paint: Paint, name: str, written: str, kind: str
) -> None:
    predicted.add("queries", (paint("more.png", (200, 0, 30)), f"trip/{name}"))
    predicted.predict()
    made = archive(predicted)
    image = Image.open(io.BytesIO(made.read(f"red/{written}")))
    assert (image.format, image.size) == (kind, (24, 24))
    assert kind == "TIFF" or not image.getexif()


def test_labels_alone_are_enough(filled: Browser) -> None:
    assert filled.job("sorted_pictures", minimum=0.0) == {}
    assert "There is nothing to sort out yet" in filled.notice
    filled.label(filled.document.queries[1], filled.document.classes[0].key)
    made = archive(filled)
    assert pictures(made) == ["red/q2.png"]
    assert table(made)[0]["probability"] == table(made)[0]["unlike"] == ""


def test_a_label_of_a_class_that_was_emptied_counts_as_none(filled: Browser) -> None:
    filled.edit("add_class", key="0123abcd")
    filled.edit("rename", key="0123abcd", name="green")
    filled.predict()
    filled.label(filled.document.queries[0], "0123abcd")
    filled.edit("rename", key="0123abcd", name="")
    filled.label(filled.document.queries[1], filled.document.classes[0].key)
    folders = sorted_queries(filled.context, 0.0)
    assert [query.folder for query in folders] == ["red"]


def test_a_picture_whose_file_is_lost_is_named_and_the_rest_is_packed(predicted: Browser) -> None:
    predicted.page.workspace._blobs.path(predicted.document.queries[0]).unlink()
    made = archive(predicted)
    assert pictures(made) == ["blue/q2.png", "red/q3.png"] and "q1.png" in predicted.notice


def test_names_cannot_leave_their_folder_or_run_as_formulas(predicted: Browser, paint: Paint) -> None:
    first = predicted.document.classes[0]
    predicted.edit("rename", key=first.key, name="../../up")
    predicted.add(
        "queries", (paint("more.png", (200, 0, 30)), ".."), (paint("x.png", (200, 9, 30)), "=cmd()/..\\..\\x.png")
    )
    predicted.predict()
    made = archive(predicted)
    for name in made.namelist():
        assert ".." not in Path(name).parts and not name.startswith("/") and "\\" not in name
    assert table(made)[-1]["path"].startswith("'=") and table(made)[-1]["name"] == "x.png"
