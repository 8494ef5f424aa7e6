"""One broken row, picture or file never stops an import, in any format: it is named, and the rest comes in."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.regions import RegionLabel
from fsl_demo.services import collections
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import CLASSIFIED, FORMATS, read
from fsl_demo.store.exchange.classified import ClassifiedPicture
from tests.colours import painted

Files = dict[str, bytes]
COUNT = 4
"""Pictures of each export."""
BOX = (0.25, 0.25, 0.75, 0.75)


def picture(seed: int) -> Picture:
    return from_image(painted((200, 30, 30), seed, size=16), f"p{seed}.png")


PICTURES = [picture(seed) for seed in range(COUNT)]
NAMES = ("cat", "dog", "cat", "dog")
EPISODE = LabelledEpisode(
    Episode(
        (ClassSpec("cat"), ClassSpec("dog")),
        (Example(PICTURES[0], 0, (BOX,)), Example(PICTURES[1], 1, (BOX,))),
        tuple(PICTURES[2:]),
    ),
    regions={0: (RegionLabel(BOX, "cat"),), 1: (RegionLabel(BOX, "dog"),)},
)


@dataclass(frozen=True)
class Damage:
    """What is done to a file of an export.

    Attributes:
        format: id of the format; "folders" are those of a frozen version.
        file: a pattern that the file's name matches; the first of several is damaged.
        old, new: of its text, in the first place where the pattern is; "" as the old one is the whole file.
        code: of the error that is told.
        lost: how many pictures, or boxes, do not come in.
    """

    format: str
    file: str
    old: str
    new: str
    code: str = "annotation_bad"
    lost: int = 1

    def __str__(self) -> str:
        return f"{self.format} {self.old[:20]} -> {self.new[:20]}"


SHA = PICTURES[0].sha256
CHOICES = r'"choices": \[\s*"cat"\s*\]'
COCO = "annotations/labels_train.json"
LONG = "x" * 101
LABELS: list[tuple[Any, ...]] = [
    ("parquet", r"data/train.*\.parquet", "", "no Parquet", "annotation_bad", 2),
    ("parquet", r"data/train.*\.parquet", "IHDR", "XXXX", "picture_"),
    ("label-studio-choices", "tasks.json", CHOICES, '"choices": []'),
    ("label-studio-choices", "tasks.json", CHOICES, '"choices": "cat"'),
    ("label-studio-choices", "tasks.json", CHOICES, f'"choices": ["{LONG}"]', "class_name_long"),
    ("label-studio-choices", "tasks.json", r'"data": \{', '"data": 7, "x": {'),
    ("label-studio-choices", r"images/p0.*", "IHDR", "XXXX", "picture_"),
    ("webdataset", r"train-000000.tar", "IHDR", "XXXX", "picture_"),
    ("webdataset", r"train-000000.tar", "", "no tar", "tar_broken", 2),
    ("fiftyone", "train/labels.json", r'"p0-(\w+)": 0', r'"p0-\1": 9'),
    ("fiftyone", "train/labels.json", r'"p0-(\w+)": 0', r'"p0-\1": [0, 1]'),
    ("fiftyone", "train/labels.json", r'"p0-(\w+)": 0', rf'"p0-\1": "{LONG}"', "class_name_long"),
    ("fiftyone", "train/labels.json", "", "{", "import_document", 2),
    ("fiftyone", r"train/data/p0.*", "IHDR", "XXXX", "picture_"),
    ("cvat", "annotations.xml", '<tag label="cat"', '<tag lable="cat"'),
    ("cvat", "annotations.xml", r'(<tag label="cat"[^>]*>)', r'\1<tag label="dog"/>'),
    ("cvat", "annotations.xml", r' name="p0[^"]*"', ""),
    ("cvat", r"images/p0.*", "IHDR", "XXXX", "picture_"),
    ("imagenet", "train.txt", r"(p0\S*) 0", r"\1 0 1"),
    ("imagenet", "train.txt", r"(p0\S*) 0", r"\1 9"),
    ("imagenet", "train.txt", r"(p0\S*) 0", r"\1 cat"),
    ("imagenet", "train.txt", "", "\udcff", "import_document", 2),
    ("imagenet", r"images/p0.*", "IHDR", "XXXX", "picture_"),
    ("coco-labels", COCO, r'"category_id": 1', '"category_id": 9', "box_category"),
    ("coco-labels", COCO, r'"id": 1,\s*"file_name"', '"id": null, "file_name"'),
    ("coco-labels", COCO, r'"file_name": "[^"]*"', '"file_name": 7'),
    ("coco-labels", COCO, "", "[", "import_document", 2),
    ("coco-labels", r"images/train/p0.*", "IHDR", "XXXX", "picture_"),
    ("folders", r"train/cat/p0.*", "IHDR", "XXXX", "picture_"),
    ("metadata.csv", "metadata.csv", "p0.png,cat", 'p0.png,"cat', "table_quote"),
    ("metadata.csv", "metadata.csv", "p0.png,cat", "p0.png,cat,more", "table_cells"),
    ("metadata.csv", "metadata.csv", "p0.png,cat", f"p0.png,{LONG}", "class_name_long"),
    ("metadata.csv", "metadata.csv", "p0.png,cat", "elsewhere.png,cat", "import_incomplete"),
    ("metadata.csv", "p0.png", "IHDR", "XXXX", "picture_"),
    ("metadata.jsonl", "metadata.jsonl", r'\{"file_name": "p0.png"', '{"file_name": "p0.png'),
    ("metadata.jsonl", "metadata.jsonl", r'\{"file_name": "p0.png".*\}', "[1]"),
    ("metadata.jsonl", "metadata.jsonl", r'"label": "cat"', '"label": ["cat"]'),
    ("metadata.jsonl", "metadata.jsonl", "p0.png", "elsewhere.png", "import_incomplete"),
]  # fmt: skip
BOXES: list[tuple[Any, ...]] = [
    ("coco", "annotations.json", r'"bbox": \[[^\]]*\]', '"bbox": "all"'),
    ("coco", "annotations.json", r'"bbox": \[[^\]]*\]', '"bbox": [1, 2]', "box_empty"),
    ("coco", "annotations.json", r'"category_id": 1', '"category_id": 9', "box_category"),
    ("coco", "annotations.json", r'"image_id": 1', '"image_id": 9', "boxes_file_missing"),
    ("coco", r"images/p0.*", "IHDR", "XXXX", "picture_"),
    ("voc", r"Annotations/p0.*", "", "<annotation><"),
    ("voc", r"Annotations/p0.*", r"<xmin>\d+", "<xmin>left", "box_empty"),
    ("voc", r"Annotations/p0.*", r"<name>cat", "<name>", "box_name"),
    ("voc", r"JPEGImages/p0.*", "IHDR", "XXXX", "picture_"),
    ("yolo", r"labels/p0.*", r"^0 ", "0 0.5 "),
    ("yolo", r"labels/p0.*", r"^0 ", "7 ", "box_category"),
    ("yolo", r"labels/p0.*", "", "\udcff\udcfe", "import_document"),
    ("yolo", r"images/p0.*", "IHDR", "XXXX", "picture_"),
    ("label-studio", "tasks.json", r'"rectanglelabels": \[\s*"cat"\s*\]', '"rectanglelabels": 7'),
    ("label-studio", "tasks.json", r'"type": "rectanglelabels"', '"type": 7'),
    ("label-studio", "tasks.json", r'"x": [\d.]+', '"x": "left"'),
    ("label-studio", r"images/p0.*", "IHDR", "XXXX", "picture_"),
    ("cvat boxes", "annotations.xml", r'xtl="[\d.]+"', 'xtl="left"', "box_empty"),
    ("cvat boxes", "annotations.xml", r'label="cat"', 'label=""', "box_name"),
    ("cvat boxes", "annotations.xml", r'name="p0.png"', 'name="elsewhere.png"', "boxes_file_missing"),
]  # fmt: skip


def packed(pictures: Path) -> Files:
    """The files of a zip, but for the documents that say everything about an episode."""
    with zipfile.ZipFile(pictures) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith(".episode.json")}


def damaged(files: Files, damage: Damage) -> Files:
    name = next(name for name in sorted(files) if re.fullmatch(damage.file, name))
    text = files[name].decode("latin-1")
    changed, count = re.subn(damage.old, damage.new, text, count=1, flags=re.M) if damage.old else (damage.new, 1)
    assert count == 1, f"{damage.old} is not in {name}"
    data = changed.encode("utf-8", "surrogateescape") if not damage.old else changed.encode("latin-1")
    return {**files, name: data}


def unpacked(folder: Path, files: Files) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    PICTURES[seed].image().save(buffer, "PNG")
    return buffer.getvalue()


def with_table(name: str) -> Files:
    rows = [f'{{"file_name": "p{seed}.png", "label": "{label}"}}' for seed, label in enumerate(NAMES)]
    if name.endswith(".csv"):
        rows = ["file_name,label", *(f"p{seed}.png,{label}" for seed, label in enumerate(NAMES))]
    return {name: "\n".join(rows).encode(), **{f"p{seed}.png": png(seed) for seed in range(COUNT)}}


def with_cvat_boxes() -> Files:
    boxes = "".join(
        f'<image id="{seed}" name="p{seed}.png" width="16" height="16">'
        f'<box label="{label}" xtl="4.0" ytl="4.0" xbr="12.0" ybr="12.0"/></image>'
        for seed, label in enumerate(NAMES)
    )
    text = f"<annotations><version>1.1</version>{boxes}</annotations>"
    return {"annotations.xml": text.encode(), **{f"images/p{seed}.png": png(seed) for seed in range(COUNT)}}


def with_folders() -> Files:
    places = zip(range(COUNT), ("train", "train", "validation", "test"), NAMES, strict=True)
    pictures = {f"{part}/{label}/p{seed}.png": png(seed) for seed, part, label in places}
    return {"collection.json": b'{"classes": ["cat", "dog"]}', **pictures}


MADE: dict[str, Callable[[], Files]] = {
    "folders": with_folders,
    "cvat boxes": with_cvat_boxes,
    "metadata.csv": lambda: with_table("metadata.csv"),
    "metadata.jsonl": lambda: with_table("metadata.jsonl"),
}


def exported(name: str, path: Path) -> Files:
    if name in MADE:
        return MADE[name]()
    if name in CLASSIFIED:
        write = CLASSIFIED[name].write_pictures
        assert write is not None
        parts = ("train", "train", "validation", "test")
        write([ClassifiedPicture(*each) for each in zip(PICTURES, NAMES, parts, strict=True)], path)
    else:
        FORMATS[name].write([("id", EPISODE)], path)
    return packed(path)


def labels(folder: Path, workspace: Workspace, told: list[UserError]) -> dict[str, str | None]:
    """The class of each picture that comes into a collection with one."""
    collected = collections.of_files(folder, workspace.ingest, annotator="", progress=quiet, report=told.append)
    return {picture.sha256: given[0].class_name for picture, given in collected.items() if given}


def boxes(folder: Path, told: list[UserError]) -> int:
    """How many boxes come in."""
    count = 0
    for labelled in read(folder, report=told.append):
        count += sum(len(example.boxes) for example in labelled.episode.support)
        count += sum(map(len, labelled.regions.values()))
    return count


def is_told(told: list[UserError], code: str) -> bool:
    return any(error.code.startswith(code) for error in told) and all(str(error) for error in told)


@pytest.mark.parametrize("damage", [Damage(*each) for each in LABELS], ids=str)
def test_labels(damage: Damage, tmp_path: Path) -> None:
    files = exported(damage.format, tmp_path / "out.zip")
    whole = {each.sha256: name for each, name in zip(PICTURES, NAMES, strict=True)}
    workspace = Workspace(tmp_path / "workspace")
    told: list[UserError] = []
    assert labels(unpacked(tmp_path / "whole", files), workspace, told) == whole and told == []
    rest = labels(unpacked(tmp_path / "damaged", damaged(files, damage)), workspace, told)
    assert rest.items() <= whole.items()
    assert len(rest) == COUNT - damage.lost
    assert is_told(told, damage.code), told


@pytest.mark.parametrize("damage", [Damage(*each) for each in BOXES], ids=str)
def test_boxes(damage: Damage, tmp_path: Path) -> None:
    files = exported(damage.format, tmp_path / "out.zip")
    told: list[UserError] = []
    assert boxes(unpacked(tmp_path / "whole", files), told) == COUNT and told == []
    assert boxes(unpacked(tmp_path / "damaged", damaged(files, damage)), told) == COUNT - damage.lost
    assert is_told(told, damage.code), told


ROWS = [
    ("csv", r"^p0.png,cat,support", 'p0.png,"cat,support', "table_quote"),
    ("csv", r"^p0.png,cat,support", "p0.png,cat,nobody", "csv_row"),
    ("csv", r"^p0.png,cat,support", "p0.png,,support", "csv_row"),
    ("csv", r"^p0.png,cat,support", f"p0.png,{LONG},support", "class_name_long"),
    ("csv", rf"{SHA}", f"{'0' * 64}", "import_incomplete"),
    ("csv", rf"{SHA},", f"{SHA},,,,,,more", "table_cells"),
    ("boxes", r"^p0.png,cat,4", 'p0.png,"cat,4', "table_quote"),
    ("boxes", r"^p0.png,cat,4", "p0.png,cat,left", "csv_row"),
    ("boxes", rf"{SHA}", f"{'0' * 64}", "boxes_file_missing"),
]


@pytest.mark.parametrize(("name", "old", "new", "code"), ROWS, ids=[f"{name}-{new[:24]}" for name, _, new, _ in ROWS])
def test_rows_of_tables(name: str, old: str, new: str, code: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    workspace.save_episode(EPISODE)
    path = tmp_path / "out.csv"
    FORMATS[name].write([("id", EPISODE)], path)
    text, count = re.subn(old, new, path.read_text("utf-8-sig"), count=1, flags=re.M)
    assert count == 1, text
    path.write_text(text, "utf-8")
    told: list[UserError] = []
    (labelled,) = read(path, workspace, report=told.append)
    assert {PICTURES[1]} <= {example.picture for example in labelled.episode.support}
    assert set(labelled.episode.queries) == set(PICTURES[2:])
    assert is_told(told, code), told
