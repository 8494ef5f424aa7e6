"""Named collections in the Collection tab: made of searches, episodes and uploads; undone; frozen; exported."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from fsl_demo.core.collections import CollectionLabel
from fsl_demo.store.collections import CollectionStore
from fsl_demo.ui.importing import Into, start_import
from fsl_demo.ui.incoming import Upload
from fsl_demo.ui.page import Page
from tests.nearest import Telling
from tests.ui.conftest import Browser


@pytest.fixture
def store(page: Page) -> CollectionStore:
    page.registry.methods["telling"] = Telling("telling")
    return page.workspace.collections


def labels(store: CollectionStore, name: str) -> dict[str, tuple[str | None, str, str] | None]:
    return {
        each.picture.name: each.label and (each.label.class_name, each.label.annotator, each.label.source)
        for each in store.pictures(name)
    }


def test_an_episode_and_a_search_become_collections(filled: Browser, store: CollectionStore) -> None:
    filled.label(filled.document.queries[0], filled.document.classes[0].key)
    filled.edit("save")
    filled.edit("collect_episodes", collection="paint", episodes=[filled.document.episode_id])
    assert filled.notice == "Added to “paint”: 7."
    assert labels(store, "paint") == {
        "r1.png": ("red", "", "episode"),
        "r2.png": ("red", "", "episode"),
        "b1.png": ("blue", "", "episode"),
        "b2.png": ("blue", "", "episode"),
        "q1.png": ("red", "Ada", "blind"),
        "q2.png": None,
        "q3.png": None,
    }
    hits = filled.document.queries[:2]
    filled.edit("collect_pictures", collection="found", pictures=hits)
    assert labels(store, "found") == {"q1.png": ("red", "Ada", "blind"), "q2.png": None}
    filled.edit("collect_everything", collection="all of it")
    assert store.summary("all of it").pictures == 7
    filled.edit("collect_pictures", collection="found", pictures=["0" * 64])
    assert "has no picture 000" in filled.notice
    filled.edit("collect_episodes", collection="a@b", episodes=[filled.document.episode_id])
    assert "no “@”" in filled.notice and len(store.summaries()) == 3
    shown = filled.panel("episodes")
    assert '<option value="all of it">' in shown and "Add to a collection" in shown


def test_uploads_come_with_the_classes_of_their_folders(filled: Browser, store: CollectionStore) -> None:
    first, second = filled.document.queries[:2]
    filled.edit("collect_uploads", collection="paint", pictures=[["reds", first], ["", second]], annotator="Bob")
    assert labels(store, "paint") == {"q1.png": ("reds", "Bob", "imported"), "q2.png": None}


def test_the_list_and_a_collection_are_shown(filled: Browser, store: CollectionStore) -> None:
    assert "No collection yet" in filled.panel("collections")
    filled.edit("create_collection", collection="<b>empty</b>")
    pictures = [filled.context.picture(sha) for sha in filled.document.queries]
    red, blue = CollectionLabel("red", "Ada"), CollectionLabel("blue", "Bob")
    store.add("paint", {pictures[0]: [red], pictures[1]: [blue, red], pictures[2]: []}, new=True)
    shown = filled.panel("collections")
    assert "&lt;b&gt;empty&lt;/b&gt;" in shown and "<b>empty" not in shown
    assert "3 pictures, 1 unlabelled, 1 disputed" in shown
    opened = filled.panel("collections", opened="Paint")
    tiles = re.findall(r'id="named-[0-9a-f]{16}"', opened)
    assert len(tiles) == 3 and opened.count("≠ Disputed") == 1
    assert "Bob: blue; Ada: red" in opened
    only = filled.panel("collections", opened="paint", state="disputed")
    assert len(re.findall(r'id="named-', only)) == 1 and 'alt="q2.png"' in only
    assert filled.panel("collections", opened="paint", class_name="red").count('id="named-') == 1
    assert "No picture here" in filled.panel("collections", opened="paint", class_name="green")
    assert filled.panel("collections", opened="gone") == "" and "no collection “gone”" in filled.notice


def test_what_is_removed_deleted_or_renamed_comes_back(filled: Browser, store: CollectionStore) -> None:
    first, second = filled.document.queries[:2]
    filled.edit("collect_uploads", collection="paint", pictures=[["red", first], ["blue", second]])
    filled.edit("remove_from_collection", collection="paint", pictures=[first])
    assert labels(store, "paint") == {"q2.png": ("blue", "", "imported")}
    assert "Taken out: 1." in filled.panel("collections", opened="paint", taken_out=1)
    filled.edit("put_back_into_collection", collection="paint", pictures=[first])
    assert labels(store, "paint")["q1.png"] == ("red", "", "imported")
    filled.edit("rename_collection", collection="paint", name="oil")
    filled.edit("delete_collection", collection="oil")
    assert not store.summaries()
    assert "The collection “oil” is deleted." in filled.panel("collections", deleted="oil")
    filled.edit("restore_collection", collection="oil")
    assert store.summary("oil").pictures == 2


def test_a_version_is_frozen_compared_and_exported(filled: Browser, page: Page, store: CollectionStore) -> None:
    filled.edit("save")
    filled.edit("collect_episodes", collection="paint", episodes=[filled.document.episode_id])
    frozen = filled.job("freeze", collection="paint", train=50, validation=0, test=50)
    assert frozen["text"] == "Frozen as version 1."
    assert [notice["text"] for notice in frozen["notices"]] == [
        "Pictures without a label (3, the first is “q1.png”) were left out."
    ]
    version = store.version("paint")
    assert [len(version.part(part)) for part in ("train", "validation", "test")] == [2, 0, 2]
    filled.edit("remove_from_collection", collection="paint", pictures=[version.pictures[0].picture.sha256])
    filled.job("freeze", collection="paint")
    opened = filled.panel("collections", opened="paint")
    assert "paint@1" in opened and "paint@2" in opened and version.digest[:12] in opened
    changes = filled.panel("version_changes", collection="paint", number=2)
    assert "Removed: 1" in changes and "r1.png" in changes and "Added" not in changes
    shown = filled.job("export_version", collection="paint", number=1)
    assert shown["text"] == "Exported pictures: 4."
    with zipfile.ZipFile(page.exports() / shown["file"]) as archive:
        assert len(archive.namelist()) == 5
    assert filled.job("freeze", collection="paint", train=10) == {} and "make 100 together" in filled.notice
    assert filled.job("freeze", collection="gone") == {} and "no collection “gone”" in filled.notice


def test_a_version_goes_out_for_another_tool_and_its_labels_come_back(
    filled: Browser, store: CollectionStore, tmp_path: Path
) -> None:
    words = [[CollectionLabel("cat", "anne")], [CollectionLabel("dog", "anne")], []]
    hashes = filled.document.queries[:3]
    pictures = [filled.page.workspace.picture(sha) for sha in hashes]
    store.add("pets", dict(zip(pictures, words, strict=True)), new=True)
    store.freeze("pets", {sha: ("train", sha) for sha in hashes[:2]})
    assert 'data-format="parquet"' in filled.panel("collections", opened="pets")
    assert filled.job("export_version", collection="pets", number=1, format="gone") == {} and "gone" in filled.notice
    shown = filled.job("export_version", collection="pets", number=1, format="label-studio-choices")
    with zipfile.ZipFile(filled.page.exports() / shown["file"]) as archive:
        tasks = json.loads(archive.read("tasks.json"))
    tasks[0]["annotations"][0]["result"][0]["value"]["choices"] = ["dog"]
    tasks.append({"data": {"image": "?", "sha256": hashes[2]}, "annotations": tasks[0]["annotations"]})
    tasks.append({"data": {"image": "gone.png"}, "annotations": tasks[0]["annotations"]})
    upload = Upload(filled.draft, tmp_path / "corrected.json")
    upload.path.write_text(json.dumps(tasks), "utf-8")
    start_import(filled.context, upload, Into("pets", "Bob"))
    ended = filled.ended(filled.page.jobs.of(filled.draft)[-1])
    missing, changes = (notice["text"] for notice in ended["notices"])
    assert "gone.png" in missing
    assert "labels that differ 1, pictures newly labelled 1, labels that are the same 1, left out 1" in changes
    assert labels(store, "pets") == {
        "q1.png": ("dog", "corrected.json", "imported"),
        "q2.png": ("dog", "anne", "blind"),
        "q3.png": ("dog", "Bob", "imported"),
    }
    assert store.summary("pets").disputed == 1
