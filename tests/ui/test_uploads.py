"""Files that come in: pictures, folders and zips, and the edits that put them somewhere."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from fsl_demo.ui import uploads as incoming
from tests.ui.conftest import Browser, Paint


def zipped(archive: Path, files: dict[str, Path]) -> Path:
    with zipfile.ZipFile(archive, "w") as out:
        for name, file in files.items():
            out.write(file, name)
    return archive


def shapes(browser: Browser) -> list[tuple[str, int]]:
    return [(row.name, len(row.pictures)) for row in browser.document.rows()]


def test_pictures_become_queries_under_their_own_names(filled: Browser) -> None:
    names = [filled.page.workspace.picture(query).name for query in filled.document.queries]
    assert names == ["q1.png", "q2.png", "q3.png"]
    assert list(filled.document.paths.values()) == [["q1.png"], ["q2.png"], ["q3.png"]]
    assert [row["name"] for row in filled.rows.values()] == names


def test_broken_uploads_are_named_and_the_rest_is_kept(browser: Browser, uploads: Path, paint: Paint) -> None:
    text = uploads / "notes.jpg"
    text.write_text("not a picture")
    empty = uploads / "empty.png"
    empty.touch()
    whole = paint("whole.png", (1, 2, 3))
    cut = uploads / "cut.png"
    cut.write_bytes(whole.read_bytes()[:400])
    browser.add("queries", text, empty, whole, cut)
    assert len(browser.document.queries) == 1
    for name in ("notes.jpg", "empty.png", "cut.png"):
        assert name in browser.notice


def test_folders_and_zips_fill_the_rows(browser: Browser, uploads: Path, paint: Paint) -> None:
    browser.add(
        "classes", (paint("1.png", (200, 0, 0)), "pets/cat/1.png"), (paint("2.png", (0, 0, 200)), "pets/dog/2.png")
    )
    assert [row.name for row in browser.document.rows()] == ["cat", "dog"]
    files = {"Dog/3.png": paint("3.png", (0, 200, 0)), "owl/4.png": paint("4.png", (0, 90, 0))}
    browser.add("classes", zipped(uploads / "more.zip", files))
    assert shapes(browser) == [("cat", 1), ("dog", 2), ("owl", 1)]
    browser.undo()
    assert shapes(browser) == [("cat", 1), ("dog", 1)]
    browser.undo()
    assert browser.document.is_empty()


def test_a_zip_of_nested_folders_without_classes_gives_queries(browser: Browser, uploads: Path, paint: Paint) -> None:
    files = {"1.png": paint("1.png", (200, 0, 0)), "2.png": paint("2.png", (0, 0, 200))}
    browser.add("classes", zipped(uploads / "flat.zip", files))
    assert len(browser.document.queries) == 2 and not browser.document.rows()
    assert list(browser.document.paths.values()) == [["flat.zip/1.png"], ["flat.zip/2.png"]]
    nested = {"trip/day 1/a.png": paint("a.png", (9, 0, 0)), "trip/day 2/more/b.png": paint("b.png", (0, 9, 0))}
    browser.add("queries", zipped(uploads / "nested.zip", nested))
    assert len(browser.document.queries) == 4 and not browser.document.rows()
    assert list(browser.document.paths.values())[2:] == [
        ["nested.zip/trip/day 1/a.png"],
        ["nested.zip/trip/day 2/more/b.png"],
    ]


def test_pictures_beside_the_class_folders_are_named_and_left_out(
    browser: Browser, uploads: Path, paint: Paint
) -> None:
    files = {
        "cat/1.png": paint("1.png", (200, 0, 0)),
        "dog/2.png": paint("2.png", (0, 0, 200)),
        "stray.png": paint("s.png", (9, 9, 9)),
        "notes.txt": paint("n.png", (1, 1, 1)),
    }
    browser.add("classes", zipped(uploads / "pets.zip", files))
    assert shapes(browser) == [("cat", 1), ("dog", 1)] and not browser.document.queries
    assert browser.notice == "“stray.png” lies in no class folder and was left out."


def test_a_picture_of_a_zip_that_cannot_be_read_is_named_and_the_rest_is_kept(
    browser: Browser, uploads: Path, paint: Paint
) -> None:
    bad = uploads / "bad.png"
    bad.write_bytes(b"no picture")
    browser.add("queries", zipped(uploads / "some.zip", {"a.png": paint("a.png", (1, 2, 3)), "bad.png": bad}))
    assert len(browser.document.queries) == 1 and "bad.png" in browser.notice


def test_a_zip_with_boxes_says_where_they_are_read(browser: Browser, uploads: Path, paint: Paint) -> None:
    files = {"images/a.png": paint("a.png", (1, 2, 3)), "labels/a.txt": uploads / "a.txt", "data.yaml": uploads / "y"}
    (uploads / "a.txt").write_text("0 0.5 0.5 0.5 0.5", encoding="utf-8")
    (uploads / "y").write_text("names: [cat]", encoding="utf-8")
    browser.add("classes", zipped(uploads / "yolo.zip", files))
    assert "“yolo.zip” holds boxes" in browser.notice and shapes(browser) == [("images", 1)]


@pytest.mark.parametrize("files", [{}, {"readme.txt": "a"}])
def test_a_zip_without_pictures(browser: Browser, uploads: Path, paint: Paint, files: dict[str, str]) -> None:
    browser.add("classes", zipped(uploads / "words.zip", {name: paint("x.png", (1, 2, 3)) for name in files}))
    assert browser.notice == "There is no picture in “words.zip”." and browser.document.is_empty()


def test_a_zip_that_climbs_out_is_refused(browser: Browser, uploads: Path, paint: Paint) -> None:
    browser.add("classes", zipped(uploads / "evil.zip", {"../../owl/3.png": paint("3.png", (0, 200, 0))}))
    assert not browser.document.rows()
    assert "evil.zip" in browser.notice


def test_how_many_pictures_there_are_is_said_with_each(browser: Browser, uploads: Path, paint: Paint) -> None:
    archive = zipped(uploads / "three.zip", {f"{n}.png": paint(f"{n}.png", (n, 2, 3)) for n in range(3)})
    entries = list(incoming.read(browser.context, archive, path="three.zip", target="queries"))
    assert [entry.total for entry in entries] == [3, 3, 3]
    assert entries[0].line().endswith(b"\n")


def test_the_same_file_twice_is_one_query_with_both_paths(browser: Browser, paint: Paint) -> None:
    file = paint("a.png", (1, 2, 3))
    browser.add("queries", (file, "trip/a.png"), (file, "copy/a.png"))
    (query,) = browser.document.queries
    assert browser.document.paths == {query: ["trip/a.png", "copy/a.png"]}


def test_a_support_picture_that_is_a_query_too_is_marked(filled: Browser, paint: Paint) -> None:
    key = filled.document.classes[0].key
    filled.add("queries", paint("r1.png", (200, 10, 10)))
    assert filled.row(filled.document.queries[-1])["support"] == key


def test_pictures_for_a_class_that_is_gone_are_refused(filled: Browser, paint: Paint) -> None:
    key = filled.document.classes[0].key
    filled.edit("remove_class", key=key)
    filled.add(key, paint("late.png", (9, 9, 9)))
    assert "This class is no longer there" in filled.notice


def test_a_picture_has_one_class(filled: Browser) -> None:
    first, second = filled.document.classes
    a, b = first.pictures
    filled.edit("add_pictures", target=second.key, pictures=[(a, "")])
    first, second = filled.document.classes
    assert first.pictures == [b] and second.pictures[-1] == a


def test_names_of_folders_that_are_too_long_are_refused_before_they_are_queued(browser: Browser, paint: Paint) -> None:
    browser.add("classes", (paint("1.png", (1, 2, 3)), f"{'x' * 300}/1.png"))
    assert "not understood" in browser.notice and browser.document.is_empty()
