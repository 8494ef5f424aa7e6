"""Formats for pictures with a class each: out, corrected, and in again by the pixels."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fsl_demo.core.collections import Changes, CollectionLabel, FrozenCollection
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.datasets import file_source
from fsl_demo.services import bringing_in, collections, freezing
from fsl_demo.services.bringing_in import Counting
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import CLASSIFIED, FORMATS, read
from tests.colours import painted

Told = list[UserError]
PETS = "Pets"
NAMES = ("cat", "Hund & Katze", "cat", "狗", "狗", "cat")
PARTS = ("train", "train", "validation", "test", "train", "test")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def picture(seed: int) -> Picture:
    return from_image(painted((200, 30, 30), seed, size=8), f"picture {seed}.png")


@pytest.fixture
def frozen(workspace: Workspace) -> FrozenCollection:
    """Six pictures of three classes in three parts, which Anne labelled."""
    labels = {picture(seed): [CollectionLabel(name, "anne")] for seed, name in enumerate(NAMES)}
    workspace.collections.add(PETS, labels, new=True)
    return workspace.collections.freeze(
        PETS, {picture(seed).sha256: (part, picture(seed).sha256) for seed, part in enumerate(PARTS)}
    )


def written(frozen: FrozenCollection, name: str, tmp_path: Path) -> Path:
    path = tmp_path / f"{name}{CLASSIFIED[name].suffix}"
    freezing.export_as(CLASSIFIED[name], frozen, path=path, report=pytest.fail)
    return path


def unpacked(path: Path) -> Path:
    folder = path.with_suffix("")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


def brought_in(workspace: Workspace, path: Path, told: Told | None = None) -> tuple[Changes, int]:
    counting = Counting((told if told is not None else []).append)
    collected = collections.of_files(
        path,
        workspace.ingest,
        annotator="",
        progress=quiet,
        report=counting,
        known=bringing_in.known(workspace, PETS),
    )
    return bringing_in.put(workspace, PETS, collected, origin=path.name), counting.left_out


def words(workspace: Workspace) -> list[list[tuple[str | None, str, str]]]:
    return [
        [(label.class_name, label.annotator, label.source) for label in collected.labels]
        for collected in workspace.collections.pictures(PETS)
    ]


@pytest.mark.parametrize("name", CLASSIFIED)
def test_a_frozen_version_comes_back_as_it_was(
    name: str, frozen: FrozenCollection, workspace: Workspace, tmp_path: Path
) -> None:
    before = words(workspace)
    assert brought_in(workspace, written(frozen, name, tmp_path)) == (Changes(same=6), 0)
    assert words(workspace) == before
    elsewhere = Workspace(tmp_path / "elsewhere")
    elsewhere.collections.create(PETS)
    assert brought_in(elsewhere, tmp_path / f"{name}.zip")[0] == Changes(new=6)
    back = {each.picture: each.label for each in elsewhere.collections.pictures(PETS)}
    assert {each: label and label.class_name for each, label in back.items()} == {
        picture(seed): class_name for seed, class_name in enumerate(NAMES)
    }


@pytest.mark.parametrize("name", CLASSIFIED)
def test_an_episode_keeps_what_is_support_and_what_are_queries(name: str, tmp_path: Path) -> None:
    queries = tuple(picture(seed) for seed in (3, 4, 5))
    support = (Example(picture(0), 0), Example(picture(1), 1))
    labelled = LabelledEpisode(
        Episode((ClassSpec("cat"), ClassSpec("dog")), support, queries), labels={0: Label(1), 1: Label(None)}
    )
    CLASSIFIED[name].write([("one", labelled), ("two", labelled)], tmp_path / "out.zip")
    for back in read(tmp_path / "out.zip"):
        assert back.episode == replace(labelled.episode)
        assert back.labels == labelled.labels
    assert len(read(tmp_path / "out.zip")) == 2


def test_a_corrected_parquet_file_of_datasets_comes_back(
    frozen: FrozenCollection, workspace: Workspace, tmp_path: Path
) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    folder = unpacked(written(frozen, "parquet", tmp_path))
    shards = {part: str(folder / "data" / f"{part}-00000-of-00001.parquet") for part in set(PARTS)}
    loaded = datasets.load_dataset("parquet", data_files=shards, cache_dir=str(tmp_path / "cache"))
    train = loaded["train"]
    assert {part: len(rows) for part, rows in loaded.items()} == {"train": 3, "validation": 1, "test": 2}
    assert train.features["label"].names == ["cat", "Hund & Katze", "狗"]
    assert train[1]["image"].size == (8, 8) and train[1]["name"] == "picture 1.png"

    def corrected(row: dict[str, Any], place: int) -> dict[str, Any]:
        return {"label": 2 if place == 0 else row["label"], "name": "renamed", "sha256": ""}

    train.map(corrected, with_indices=True).to_parquet(str(tmp_path / "corrected.parquet"))
    assert brought_in(workspace, tmp_path / "corrected.parquet") == (Changes(differ=1, same=2), 0)
    assert words(workspace)[0] == [("狗", "corrected.parquet", "imported"), ("cat", "anne", "blind")]
    assert [each.disputed for each in workspace.collections.pictures(PETS)] == [True, *[False] * 5]
    assert brought_in(workspace, tmp_path / "corrected.parquet") == (Changes(same=3), 0)


def bmp(path: Path) -> bytes:
    """The same pixels in another file."""
    buffer = io.BytesIO()
    with Image.open(path) as image:
        image.save(buffer, "BMP")
    return buffer.getvalue()


def test_corrected_choices_come_back_with_and_without_the_pictures(
    frozen: FrozenCollection, workspace: Workspace, tmp_path: Path
) -> None:
    folder = unpacked(written(frozen, "label-studio-choices", tmp_path))
    assert '<Choice value="Hund &amp; Katze"/>' in (folder / "config.xml").read_text("utf-8")
    tasks = json.loads((folder / "tasks.json").read_text("utf-8"))
    tasks[0]["annotations"][0]["result"][0]["value"]["choices"] = ["狗"]
    tasks[1]["annotations"][0] |= {"completed_by": {"email": "bob@example.org"}}
    tasks[2]["annotations"][0]["result"][0]["value"]["choices"] = ["new class"]
    tasks[3]["annotations"][0]["result"][0]["value"]["choices"] = []
    tasks[4]["annotations"][0]["result"][0]["value"]["choices"] = ["x" * 101]
    tasks[5] = 7
    (tmp_path / "export.json").write_text(json.dumps(tasks), "utf-8")
    told: Told = []
    assert brought_in(workspace, tmp_path / "export.json", told) == (Changes(differ=2, same=1), 3)
    assert [error.code for error in told] == ["annotation_bad", "class_name_long", "annotation_bad"]
    assert words(workspace)[:3] == [
        [("狗", "export.json", "imported"), ("cat", "anne", "blind")],
        [("Hund & Katze", "bob@example.org", "imported"), ("Hund & Katze", "anne", "blind")],
        [("new class", "export.json", "imported"), ("cat", "anne", "blind")],
    ]

    first = next((folder / "images").glob("picture_0-*.png"))
    (folder / "images" / "renamed.bmp").write_bytes(bmp(first))
    first.unlink()
    tasks[0]["data"] = {"image": "/data/local-files/?d=images/renamed.bmp"}
    tasks[0]["annotations"][0]["result"][0]["value"]["choices"] = ["Hund & Katze"]
    (folder / "tasks.json").write_text(json.dumps(tasks[:1]), "utf-8")
    assert brought_in(workspace, folder) == (Changes(differ=1), 0)
    assert words(workspace)[0][0] == ("Hund & Katze", folder.name, "imported")


def swapped(path: Path, old: str, new: str) -> None:
    """Change a text in one place."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


FIRST = f"picture_0-{picture(0).sha256[:12]}"
CORRECTIONS = [
    ("fiftyone", "train/labels.json", f'"{FIRST}": 0', f'"{FIRST}": 2'),
    ("cvat", "annotations.xml", '<tag label="cat"', '<tag label="狗"'),
    ("imagenet", "train.txt", f"{FIRST}.png 0", f"{FIRST}.png 2"),
    ("coco-labels", "annotations/labels_train.json", '"category_id": 1', '"category_id": 3'),
]


@pytest.mark.parametrize(("name", "file", "old", "new"), CORRECTIONS, ids=[case[0] for case in CORRECTIONS])
@pytest.mark.parametrize("renamed", [False, True])
def test_a_corrected_class_comes_back_with_and_without_the_pictures(
    name: str,
    file: str,
    old: str,
    new: str,
    renamed: bool,
    frozen: FrozenCollection,
    workspace: Workspace,
    tmp_path: Path,
) -> None:
    folder = unpacked(written(frozen, name, tmp_path))
    swapped(folder / file, old, new)
    if renamed:  # and what our own exports say beside is gone, as after a round through another tool
        for path in folder.rglob("*.png"):
            path.rename(path.with_name(path.name.replace("picture_", "renamed-")))
        for path in (path for path in folder.rglob("*") if path.suffix in (".json", ".xml", ".txt")):
            text = path.read_text("utf-8").replace("picture_", "renamed-").replace('"sha256"', '"other"')
            path.write_text(re.sub("-[0-9a-f]{12}", "-x", text.replace(" sha256=", " other=")), "utf-8")
        for path in folder.rglob("*.png"):
            path.rename(path.with_name(re.sub("-[0-9a-f]{12}", "-x", path.name)))
        (folder / "pictures.json").unlink(missing_ok=True)
    else:
        for path in folder.rglob("*.png"):
            path.unlink()
    assert brought_in(workspace, folder) == (Changes(differ=1, same=5), 0)
    assert words(workspace)[0] == [("狗", name, "imported"), ("cat", "anne", "blind")]


def test_what_other_tools_write_of_their_own(workspace: Workspace, tmp_path: Path) -> None:
    """Samples of FiftyOne, folders of CVAT, categories of one COCO file, the metadata of an imagefolder."""
    samples = [
        {"filepath": "data/0.png", "ground_truth": {"_cls": "Classification", "label": "cat"}, "tags": []},
        {"filepath": "data/1.png", "guess": {"_cls": "Classification", "label": "x"}, "ground_truth": None},
        {"filepath": "data/2.png", "ground_truth": None},
    ]
    as_folder(tmp_path / "fiftyone", {f"data/{n}.png": png(n) for n in range(3)})
    (tmp_path / "fiftyone" / "samples.json").write_text(json.dumps({"samples": samples}))
    as_folder(tmp_path / "cvat", {"cat/3.png": png(3), "no_label/4.png": png(4), "a b/5.png": png(5)})
    coco = {
        "images": [{"id": 7, "file_name": "6.png"}, {"id": 8, "file_name": "7.png"}],
        "categories": [{"id": 0, "name": "ant"}],
        "annotations": [{"id": 1, "image_id": 8, "category_id": 0, "bbox": [], "segmentation": []}],
    }
    as_folder(tmp_path / "coco", {"train/6.png": png(6), "train/7.png": png(7), "a.json": json.dumps(coco).encode()})
    rows = ["file_name,label", "x/8.png,3", "x/9.png,"]
    as_folder(tmp_path / "hub", {"x/8.png": png(8), "x/9.png": png(9), "metadata.csv": "\n".join(rows).encode()})
    workspace.collections.create(PETS)
    for name in ("fiftyone", "cvat", "coco", "hub"):
        assert brought_in(workspace, tmp_path / name)[1] == 0
    labels = {each.picture: each.label for each in workspace.collections.pictures(PETS)}
    back = [label and label.class_name for label in (labels[picture(number)] for number in range(10))]
    assert back == ["cat", "x", None, "cat", None, "a b", None, "ant", "3", None]


def test_a_table_of_an_export_corrects_a_collection(
    frozen: FrozenCollection, workspace: Workspace, tmp_path: Path
) -> None:
    labelled = LabelledEpisode(
        Episode((ClassSpec("cat"), ClassSpec("=x")), (Example(picture(0), 1), Example(picture(2), 0)))
    )
    FORMATS["csv"].write([("id", labelled)], tmp_path / "labels.csv")
    assert brought_in(workspace, tmp_path / "labels.csv") == (Changes(differ=1, same=1), 0)
    assert words(workspace)[0][0] == ("=x", "labels.csv", "imported")
    FORMATS["huggingface"].write([("id", labelled)], tmp_path / "out.zip")
    row = {"file_name": f"elsewhere/{picture(3).sha256}.png", "label": "new", "annotator": "bob"}
    (tmp_path / "metadata.jsonl").write_text(f"{json.dumps(row)}\n{json.dumps({'file_name': 'gone.png'})}\n")
    told: Told = []
    assert brought_in(workspace, tmp_path / "metadata.jsonl", told) == (Changes(differ=1), 1)
    assert [error.code for error in told] == ["import_incomplete"]
    assert words(workspace)[3][0] == ("new", "bob", "imported")
    (tmp_path / "other.csv").write_text("picture,class\na.png,cat\n")
    with pytest.raises(UserError) as caught:
        brought_in(workspace, tmp_path / "other.csv")
    assert caught.value.code == "csv_columns"


def test_cvat_boxes_are_read_where_there_are_no_tags(tmp_path: Path) -> None:
    box = '<box label="cat" xtl="0" ytl="0" xbr="4" ybr="8"/>'
    image = f'<image id="0" name="0.png" width="8" height="8">{box}</image>'
    as_folder(
        tmp_path / "in", {"images/0.png": png(0), "annotations.xml": f"<annotations>{image}</annotations>".encode()}
    )
    (labelled,) = read(tmp_path / "in")
    assert labelled.episode.support == (Example(picture(0), 0, ((0.0, 0.0, 0.5, 1.0),)),)


def test_a_picture_moved_to_another_folder_comes_back_from_every_part(
    frozen: FrozenCollection, workspace: Workspace, tmp_path: Path
) -> None:
    freezing.export(frozen, tmp_path / "pets.zip", pytest.fail)
    folder = unpacked(tmp_path / "pets.zip")
    (moved,) = (folder / "validation" / "cat").iterdir()
    (folder / "validation" / "dog").mkdir()
    (folder / "validation" / "dog" / "x.bmp").write_bytes(bmp(moved))
    moved.unlink()
    (folder / "test" / "cat" / "broken.png").write_bytes(b"no picture")
    assert brought_in(workspace, folder) == (Changes(differ=1, same=5), 1)
    assert words(workspace)[2] == [("dog", "pets", "imported"), ("cat", "anne", "blind")]


def test_shards_that_are_full_are_followed_by_others(
    frozen: FrozenCollection, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, full, files in (
        ("parquet", 200, ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]),
        ("webdataset", 4_000, ["train-000000.tar", "train-000001.tar"]),
    ):
        monkeypatch.setattr(f"fsl_demo.store.exchange.{name}.SHARD_BYTES", full)
        folder = unpacked(written(frozen, name, tmp_path))
        assert sorted(str(path.relative_to(folder)) for path in folder.rglob("train-*")) == files
        assert brought_in(workspace, tmp_path / f"{name}.zip") == (Changes(same=6), 0)


def test_what_is_too_large_to_unpack_in_memory_is_read_from_disk(
    frozen: FrozenCollection, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_source, "MAX_INSIDE", 100)
    for name, shards in (("parquet", 3), ("webdataset", 3)):
        folder = unpacked(written(frozen, name, tmp_path))
        assert brought_in(workspace, folder) == (Changes(same=6), 0)
        told: Told = []
        with pytest.raises(UserError) as caught:
            brought_in(workspace, tmp_path / f"{name}.zip", told)
        assert caught.value.code == "archive_no_pictures"
        assert [error.code for error in told] == ["shard_large"] * shards


def test_webdataset_opens_the_shards_and_what_it_writes_comes_back(
    frozen: FrozenCollection, workspace: Workspace, tmp_path: Path
) -> None:
    webdataset = pytest.importorskip("webdataset")
    folder = unpacked(written(frozen, "webdataset", tmp_path))
    shards = f"{folder}/train-{{000000..000000}}.tar"
    samples = list(webdataset.WebDataset(shards, shardshuffle=False).decode("pil"))
    assert [(sample["png"].size, sample["cls"], sample["json"]["label"]) for sample in samples] == [
        ((8, 8), 0, "cat"),
        ((8, 8), 1, "Hund & Katze"),
        ((8, 8), 2, "狗"),
    ]
    with webdataset.TarWriter(str(tmp_path / "corrected.tar")) as out:
        for number, sample in enumerate(samples):
            corrected = ({"cls": 2}, {"json": {**sample["json"], "label": "new"}}, {})[number]
            kept = {kind: sample[kind] for kind in ("png", "cls", "json")}
            out.write({"__key__": f"renamed {number}", **kept, **corrected})
    assert brought_in(workspace, tmp_path / "corrected.tar") == (Changes(differ=2, same=1), 0)
    assert [labels[0] for labels in words(workspace)[:2]] == [
        ("狗", "corrected.tar", "imported"),
        ("new", "corrected.tar", "imported"),
    ]


def test_shards_of_anyone(workspace: Workspace, tmp_path: Path) -> None:
    """Classes by number alone, by a list of names, by words; samples that say nothing, or what there is not."""
    files = {"a.png": png(0), "a.cls": b"1", "b.PNG": png(1), "b.cls": b"0\n", "c.png": png(2), "d.png": png(3)}
    as_tar(tmp_path / "shard.tar", {**files, "d.cls": b"-1", "._a.cls": b"5"})
    elsewhere = {"e.png": png(4), "e.json": b'{"label": "in words"}', "f.jpg": b"no picture", "f.cls": b"1"}
    as_tar(tmp_path / "named.tar", {**elsewhere, "g.png": png(5), "g.cls": b"9", "classnames.txt": b"ant\nbee\n"})
    workspace.collections.create(PETS)
    assert brought_in(workspace, tmp_path / "shard.tar") == (Changes(new=4), 0)
    assert words(workspace) == [[("1", "", "imported")], [("0", "", "imported")], [], []]
    told: Told = []
    assert brought_in(workspace, tmp_path / "named.tar", told) == (Changes(new=1), 2)
    assert [error.code for error in told] == ["picture_unknown", "annotation_bad"]
    assert words(workspace)[-1] == [("in words", "", "imported")]
    as_tar(tmp_path / "folders.tar", {"cat/1.png": png(6), "cat/1.json": b'{"shapes": []}', "dog/1.png": png(7)})
    assert brought_in(workspace, tmp_path / "folders.tar") == (Changes(new=2), 0)
    assert [labels[0][0] for labels in words(workspace)[-2:]] == ["cat", "dog"]


def test_a_broken_shard_stops_no_other(frozen: FrozenCollection, workspace: Workspace, tmp_path: Path) -> None:
    folder = unpacked(written(frozen, "webdataset", tmp_path))
    (folder / "train-000001.tar").write_bytes(b"no tar")
    data = (folder / "test-000000.tar").read_bytes()
    (folder / "test-000000.tar").write_bytes(data[:4_000])
    told: Told = []
    assert brought_in(workspace, folder, told) == (Changes(same=5), 2)
    assert [error.code for error in told] == ["tar_broken", "tar_cut"]


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + bytes(64) + b"PAR1"])
def test_a_broken_shard_is_left_out(
    data: bytes, frozen: FrozenCollection, workspace: Workspace, tmp_path: Path
) -> None:
    folder = unpacked(written(frozen, "parquet", tmp_path))
    (folder / "data" / "broken.parquet").write_bytes(data)
    assert brought_in(workspace, folder) == (Changes(same=6), 1)
    with pytest.raises(UserError) as caught:
        brought_in(workspace, folder / "data" / "broken.parquet")
    assert caught.value.code == "archive_no_pictures"


def shard(path: Path, rows: list[dict[str, Any]], names: list[str] | None = None) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}} if names else {}
    table = pyarrow.Table.from_pylist(rows)
    parquet.write_table(
        table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})}), path
    )
    return path


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    picture(seed).image().save(buffer, "PNG")
    return buffer.getvalue()


def image(seed: int) -> dict[str, object]:
    return {"bytes": png(seed), "path": f"{seed}.png"}


def as_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def as_tar(path: Path, files: Mapping[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def test_bad_rows_are_left_out_and_the_rest_comes_in(workspace: Workspace, tmp_path: Path) -> None:
    rows = [
        {"image": image(0), "label": 0},
        {"image": image(1), "label": 9},
        {"image": {"bytes": b"x", "path": "x.png"}, "label": 1},
        {"image": {"bytes": None, "path": "y.png"}, "label": 1},
        {"image": None, "label": 1},
        {"image": image(2), "label": -1},
        {"image": image(3), "label": None},
    ]
    workspace.collections.create(PETS)
    told: Told = []
    assert brought_in(workspace, shard(tmp_path / "a.parquet", rows, ["cat", "dog"]), told) == (Changes(new=3), 4)
    assert [error.code for error in told] == ["annotation_bad", "picture_unknown", "import_incomplete"]
    assert words(workspace) == [[("cat", "", "imported")], [], []]
    rows = [{"img": image(4), "label": "in words"}]
    assert brought_in(workspace, shard(tmp_path / "b.parquet", rows)) == (Changes(new=1), 0)
    assert words(workspace)[-1] == [("in words", "", "imported")]


def test_without_pyarrow_the_reason_is_said(
    frozen: FrozenCollection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        written(frozen, "parquet", tmp_path)
    assert caught.value.code == "parquet_missing" and not (tmp_path / "parquet.zip").exists()
