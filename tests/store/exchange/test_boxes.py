"""Boxes leave in the formats of annotation tools, open in those tools, and come back."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import math
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.regions import Box, RegionLabel
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS, read

ZIPS = ("coco", "voc", "yolo", "label-studio")
HALF = 0.5001
"""A pixel's half, and rounding."""
CLASSES = ("großer Hund, braun", "赤い 玉", "cat & <dog>")
WIDTH, HEIGHT = 61, 47
Told = list[UserError]


def picture(name: str, grey: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Picture:
    return from_image(Image.new("RGB", size, (grey, 40, 90)), name)


@pytest.fixture(scope="module")
def boxed() -> LabelledEpisode:
    """Two support pictures with boxes and one without; queries with three boxes, with another word, with none."""
    support = (
        Example(picture("hund 1.jpg", 1), 0, ((0.0, 0.0, 1.0, 1.0),)),
        Example(picture("玉.png", 2), 1, ((0.1, 0.2, 1 / 3, 0.77), (0.5, 0.5, 0.9, 0.95))),
        Example(picture("hund 1.jpg", 3), 2),
    )
    queries = (picture("q.png", 4), picture("q.png", 5), picture("empty.png", 6))
    regions = {
        0: (
            RegionLabel((0.0, 0.5, 0.25, 1.0), CLASSES[0], "Ada"),
            RegionLabel((0.01, 0.5, 0.27, 1.0), CLASSES[1], "Ada", source="accepted"),  # over the first
            RegionLabel((0.4, 0.1, 0.6, 0.3), CLASSES[0]),
        ),
        1: (RegionLabel((2 / 7, 0.1, 0.9, 0.8), "une tasse d'été", "阿明"),),
    }
    return LabelledEpisode(Episode(tuple(map(ClassSpec, CLASSES)), support, queries), "Boxes", regions=regions)


def expected(labelled: LabelledEpisode) -> dict[str, list[tuple[str, Box]]]:
    """By hash of each picture with boxes, their names and edges in pixels."""
    names = [spec.name for spec in labelled.episode.classes]
    marks = {
        example.picture.sha256: [(names[example.class_index], _pixels(box, example.picture)) for box in example.boxes]
        for example in labelled.episode.support
    }
    for position, query in enumerate(labelled.episode.queries):
        marks[query.sha256] = [(label.name, _pixels(label.box, query)) for label in labelled.regions.get(position, ())]
    return {sha: sorted(boxes, key=name_of) for sha, boxes in marks.items() if boxes}


def name_of(mark: tuple[str, Box]) -> str:
    return mark[0]


def _pixels(box: Box, picture: Picture) -> Box:
    left, top, right, bottom = box
    return left * picture.width, top * picture.height, right * picture.width, bottom * picture.height


def assert_near(boxes: dict[str, list[tuple[str, Box]]], labelled: LabelledEpisode) -> None:
    """The same names on the same pictures, each edge within half a pixel."""
    wanted = expected(labelled)
    assert boxes.keys() == wanted.keys()
    for sha, marks in boxes.items():
        assert [name for name, _ in sorted(marks, key=name_of)] == [name for name, _ in wanted[sha]]
        for (_, box), (_, right) in zip(sorted(marks, key=name_of), wanted[sha], strict=True):
            np.testing.assert_allclose(box, right, atol=HALF, rtol=0)


def unpacked(name: str, labelled: LabelledEpisode, folder: Path) -> Path:
    """A folder with what the format writes."""
    path = folder / f"{name}.zip"
    FORMATS[name].write([("id", labelled)], path)
    zipfile.ZipFile(path).extractall(folder / name)
    return folder / name


def strange(name: str, labelled: LabelledEpisode, folder: Path) -> Path:
    """The same as another program would have written it: without our document."""
    root = unpacked(name, labelled, folder)
    for file in root.glob("*.episode.json"):
        file.unlink()
    return root


def imported(path: Path, workspace: Workspace | None = None) -> tuple[LabelledEpisode, list[str]]:
    """The only episode, and the codes of what was told."""
    told: Told = []
    (labelled,) = read(path, workspace, report=told.append)
    assert all(str(error) for error in told)
    return labelled, [error.code for error in told]


# --- the tools ------------------------------------------------------------------------------------------------------


def shas(folder: Path) -> dict[str, str]:
    return {file.name: from_image(Image.open(file), "").sha256 for file in folder.iterdir()}


def test_pycocotools_reads_coco(boxed: LabelledEpisode, tmp_path: Path) -> None:
    from pycocotools.coco import COCO

    root = unpacked("coco", boxed, tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(root / "annotations.json"))
        results = coco.loadRes([{**a, "score": 0.5} for a in coco.loadAnns(coco.getAnnIds())])
    names = {category["id"]: category["name"] for category in coco.loadCats(coco.getCatIds())}
    assert list(names.values()) == [*CLASSES, "une tasse d'été"]
    of_file, boxes = shas(root / "images"), dict[str, list[tuple[str, Box]]]()
    for image in coco.loadImgs(coco.getImgIds()):
        assert (image["width"], image["height"]) == Image.open(root / "images" / image["file_name"]).size
        for annotation in coco.loadAnns(coco.getAnnIds(image["id"])):
            x, y, w, h = annotation["bbox"]
            boxes.setdefault(of_file[image["file_name"]], []).append(
                (names[annotation["category_id"]], (x, y, x + w, y + h))
            )
    assert_near(boxes, boxed)
    assert len(coco.getImgIds()) == 6 and len(results.getAnnIds()) == 7


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("coco", lambda sv, at: sv.from_coco(str(at / "images"), str(at / "annotations.json"))),
        ("voc", lambda sv, at: sv.from_pascal_voc(str(at / "JPEGImages"), str(at / "Annotations"))),
        ("yolo", lambda sv, at: sv.from_yolo(str(at / "images"), str(at / "labels"), str(at / "data.yaml"))),
    ],
)
def test_supervision_reads_boxes(
    boxed: LabelledEpisode, tmp_path: Path, name: str, opened: Callable[[Any, Path], Any]
) -> None:
    import supervision as sv

    root = unpacked(name, boxed, tmp_path)
    dataset = opened(sv.DetectionDataset, root)
    boxes = {}
    for path, image, detections in dataset:
        assert image.shape == (HEIGHT, WIDTH, 3)
        sha = from_image(Image.open(path), "").sha256
        marks = [
            (dataset.classes[number], tuple(map(float, box)))
            for number, box in zip(detections.class_id, detections.xyxy, strict=True)
        ]
        boxes |= {sha: marks} if marks else {}
    assert_near(boxes, boxed)
    assert len(dataset) == 6


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_label_studio_converts_its_rectangles(boxed: LabelledEpisode, tmp_path: Path) -> None:
    from label_studio_converter import Converter

    root = unpacked("label-studio", boxed, tmp_path)
    converter = Converter(str(root / "config.xml"), str(root), download_resources=False)
    converter.convert_to_coco(str(root / "tasks.json"), str(tmp_path / "coco"), is_dir=False)
    coco = json.loads((tmp_path / "coco" / "result.json").read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in coco["categories"]}
    assert set(names.values()) == {*CLASSES, "une tasse d'été"}
    of_file, files = shas(root / "images"), {image["id"]: image["file_name"] for image in coco["images"]}
    boxes: dict[str, list[tuple[str, Box]]] = {}
    for annotation in coco["annotations"]:
        x, y, w, h = annotation["bbox"]
        file = next(file for file in of_file if unquote(files[annotation["image_id"]]).endswith(file))
        boxes.setdefault(of_file[file], []).append((names[annotation["category_id"]], (x, y, x + w, y + h)))
    assert_near(boxes, boxed)
    shutil.move(tmp_path / "coco" / "result.json", root / "result.json")
    for file in [root / "tasks.json", *root.glob("*.episode.json")]:
        Path(file).unlink()
    back, told = imported(root)
    assert told == []
    assert_near(expected(back), boxed)


@pytest.mark.slow
def test_hugging_face_loads_boxes(boxed: LabelledEpisode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    import datasets

    root = unpacked("huggingface", boxed, tmp_path)
    rows = datasets.load_dataset(str(root), "pictures", split="train", cache_dir=str(tmp_path / "cache"))
    boxes = {}
    for row in rows:
        edges = [(x, y, x + w, y + h) for x, y, w, h in row["objects"]["bbox"]]
        marks = list(zip(row["objects"]["categories"], edges, strict=True))
        boxes |= {from_image(row["image"], "").sha256: marks} if marks else {}
    assert_near(boxes, boxed)


# --- back again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ZIPS)
def test_a_data_set_from_elsewhere_becomes_support_pictures_and_queries(
    boxed: LabelledEpisode, tmp_path: Path, workspace: Workspace, name: str
) -> None:
    """Pictures with boxes of one class support it; those of several classes and of none are queries."""
    back, told = imported(strange(name, boxed, tmp_path), workspace)
    assert told == []
    assert_near(expected(back), boxed)
    used = [CLASSES[0], CLASSES[1], "une tasse d'été"]
    order = [spec.name for spec in back.episode.classes]
    assert sorted(order) == sorted(used) and (order == used or name in ("voc", "label-studio"))
    assert len(back.episode.support) == 3 and len(back.episode.queries) == 3
    assert {label.source for labels in back.regions.values() for label in labels} == {"imported"}
    stored = workspace.episode(workspace.save_episode(back))
    assert stored.episode == back.episode and stored.regions == back.regions


def test_a_table_of_boxes_comes_back(boxed: LabelledEpisode, tmp_path: Path, workspace: Workspace) -> None:
    episode_id = workspace.save_episode(boxed)
    FORMATS["boxes"].write([(episode_id, workspace.episode(episode_id))], tmp_path / "boxes.csv")
    back, told = imported(tmp_path / "boxes.csv", workspace)
    assert told == []
    assert_near(expected(back), boxed)
    assert [spec.name for spec in back.episode.classes] == [*CLASSES]
    assert back.episode.queries == boxed.episode.queries
    assert [label.annotator for label in back.regions[0]] == ["Ada", "Ada", ""]
    assert [len(example.boxes) for example in back.episode.support] == [1, 2, 0]


def test_a_table_from_elsewhere_needs_no_more_than_names_labels_and_edges(tmp_path: Path) -> None:
    for number in range(3):
        picture("", 10 + number).image().save(tmp_path / f"{number}.png")
    lines = [
        *("File_Name;Label;X1;Y1;X2;Y2", "0.png;cat;1,5;2;30;40", "0.png;cat;5;5;9;9"),
        *("1.png;cat;0;0;10;10", "1.png;dog;0;0;61;47", "2.png;;;;;", "gone.png;cat;0;0;9;9", "2.png;cat;x;0;9;9"),
    ]
    (tmp_path / "boxes.csv").write_text("\n".join(lines), encoding="utf-8")
    back, told = imported(tmp_path / "boxes.csv")
    assert told == ["boxes_file_missing", "box_empty"]
    assert [example.picture.name for example in back.episode.support] == ["0.png"]
    np.testing.assert_allclose(back.episode.support[0].boxes[0], (1.5 / 61, 2 / 47, 30 / 61, 40 / 47))
    assert [query.name for query in back.episode.queries] == ["1.png", "2.png"]
    assert [label.name for label in back.regions[0]] == ["cat", "dog"]


def test_what_another_tool_changed_is_read_and_the_rest_stays(
    boxed: LabelledEpisode, tmp_path: Path, workspace: Workspace
) -> None:
    root = unpacked("coco", boxed, tmp_path)
    file = root / "annotations.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    first, moved, *_, last = content["annotations"]
    moved["bbox"][0] += 3
    content["annotations"].remove(last)
    content["annotations"].append({**first, "id": 99, "image_id": 6, "category_id": 3, "bbox": [1, 2, 3, 4]})
    content["annotations"].append({**first, "id": 100, "category_id": 2})  # on a support picture of another class
    file.write_text(json.dumps(content), encoding="utf-8")
    back, told = imported(root, workspace)
    assert told == ["boxes_other_class"]
    assert back.title == "Boxes" and [spec.name for spec in back.episode.classes] == [*CLASSES]
    before, after = boxed.episode.support[1].boxes, back.episode.support[1].boxes
    assert after[1] == before[1] and after[0][0] == pytest.approx(before[0][0] + 3 / WIDTH, abs=1e-4)
    assert back.regions[0] == boxed.regions[0], "to the last bit, with who said it"
    assert 1 not in back.regions
    assert [(label.name, label.source) for label in back.regions[2]] == [(CLASSES[2], "imported")]


def test_episodes_of_several_classes_share_one_list_of_categories(boxed: LabelledEpisode, tmp_path: Path) -> None:
    other = LabelledEpisode(Episode((ClassSpec("CAT & <DOG>"), ClassSpec("new")), boxed.episode.support[2:]), "other")
    support = (dataclasses.replace(boxed.episode.support[2], class_index=0, boxes=((0.0, 0.0, 0.5, 0.5),)),)
    other = dataclasses.replace(other, episode=dataclasses.replace(other.episode, support=support))
    for name in ZIPS:
        FORMATS[name].write([("a", boxed), ("b", other)], tmp_path / f"{name}.zip")
        first, second = read(tmp_path / f"{name}.zip")
        assert first.episode == boxed.episode and first.regions == boxed.regions
        assert second.episode == other.episode, "a picture that two episodes have is marked in each by itself"
    with zipfile.ZipFile(tmp_path / "coco.zip") as file:
        categories = json.loads(file.read("annotations.json"))["categories"]
    assert [category["name"] for category in categories] == [*CLASSES, "new", "une tasse d'été"]


@pytest.mark.parametrize("name", ZIPS)
def test_three_hundred_boxes(name: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    corners = random.uniform(0, 0.9, (300, 2))
    ends = corners + random.uniform(0.02, 0.1, (300, 2))
    boxes = tuple(tuple(map(float, (*corner, *end))) for corner, end in zip(corners, ends, strict=True))
    classes = (ClassSpec("thing"), ClassSpec("other"))
    labelled = LabelledEpisode(Episode(classes, (Example(picture("a.png", 1, (640, 480)), 0, boxes),)))  # type: ignore[arg-type]
    back, told = imported(strange(name, labelled, tmp_path))
    assert told == []
    assert_near(expected(back), labelled)


def test_an_export_of_before_there_were_boxes_opens(boxed: LabelledEpisode, tmp_path: Path) -> None:
    root = unpacked("imagefolder", boxed, tmp_path)
    (file,) = root.glob("*.episode.json")
    content = json.loads(file.read_text(encoding="utf-8"))
    del content["regions"]
    for entry in content["support"]:
        entry.pop("boxes", None)
    file.write_text(json.dumps(content), encoding="utf-8")
    back, told = imported(root)
    assert told == [] and back.regions == {} and len(back.episode.support) == 3
    assert not any(example.boxes for example in back.episode.support)


# --- what is wrong --------------------------------------------------------------------------------------------------


def data_set(folder: Path, *, size: tuple[int, int] = (100, 50), orientation: int = 0) -> Path:
    """Two pictures, a.jpg and b.jpg."""
    (folder / "images").mkdir(parents=True)
    for number, name in enumerate("ab"):
        exif = Image.Exif()
        if orientation:
            exif[0x0112] = orientation
        image = Image.new("RGB", size, (60 * number, 9, 9))
        image.save(folder / "images" / f"{name}.jpg", exif=exif)
    return folder


def coco(folder: Path, *boxes: object, **changes: Any) -> Path:
    """Boxes on a.jpg, and one in the middle of b.jpg."""
    images = [{"id": n, "file_name": f"{name}.jpg", "width": 100, "height": 50} for n, name in enumerate("ab")]
    marks = [{"image_id": 0, "category_id": 7, "bbox": box} for box in boxes]
    marks.append({"image_id": 1, "category_id": 7, "bbox": [25, 10, 50, 30]})
    content = {"images": images, "categories": [{"id": 7, "name": "cat"}], "annotations": marks, **changes}
    (folder / "instances.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def check_b(labelled: LabelledEpisode) -> None:
    """Whatever is wrong with a.jpg, b.jpg has its box."""
    (example,) = [example for example in labelled.episode.support if example.picture.name == "b.jpg"]
    np.testing.assert_allclose(example.boxes, [(0.25, 0.2, 0.75, 0.8)], atol=0.006)


@pytest.mark.parametrize(
    ("box", "code", "kept"),
    [
        ([-10, 10, 60, 30], "boxes_cut", (0.0, 0.2, 0.5, 0.8)),
        ([50, -9, 500, 34], "boxes_cut", (0.5, 0.0, 1.0, 0.5)),
        ([-0.5, 0, 100.9, 50], "", (0.0, 0.0, 1.0, 1.0)),
        ([120, 10, 20, 20], "box_outside", None),
        ([10, 10, 0, 20], "box_empty", None),
        ([10, 10, -5, 20], "box_empty", None),
        ([10, 10, math.nan, 20], "box_empty", None),
        ([10, 10, math.inf, 20], "box_empty", None),
        ([10, 10, None, 20], "box_empty", None),
        ([10, 10, 20], "box_empty", None),
        ([], "box_empty", None),
        (["10", 10, 20, 20], "annotation_bad", None),
        ("10 10 20 20", "annotation_bad", None),
        (None, "annotation_bad", None),
    ],
)
def test_a_bad_box_is_told_and_the_rest_is_there(tmp_path: Path, box: object, code: str, kept: Box | None) -> None:
    back, told = imported(coco(data_set(tmp_path / "x"), box, [0, 0, 50, 25]))
    assert told == ([code] if code else [])
    (a,) = [example for example in back.episode.support if example.picture.name == "a.jpg"]
    assert a.boxes[-1] == (0.0, 0.0, 0.5, 0.5) and len(a.boxes) == (1 if kept is None else 2)
    if kept is not None:
        np.testing.assert_allclose(a.boxes[0], kept, atol=1e-6)
    check_b(back)


def test_coco_that_does_not_fit_together(tmp_path: Path) -> None:
    marks = [
        {"image_id": 0, "category_id": 8, "bbox": [0, 0, 9, 9]},
        {"image_id": 5, "category_id": 7, "bbox": [0, 0, 9, 9]},
        {"image_id": 2, "category_id": 7, "bbox": [0, 0, 9, 9]},
        *({"image_id": 1, "category_id": 7, "bbox": [25, 10, 50, 30]}, 3, {"image_id": 1}),
    ]
    names = enumerate(["a.jpg", "b.jpg", "c.jpg"])
    images = [{"id": number, "file_name": name, "width": 100, "height": 50} for number, name in names]
    root = coco(data_set(tmp_path / "x"), annotations=marks, images=[*images, {"id": 9}])
    (root / "broken.json").write_text("{", encoding="utf-8")
    back, told = imported(root)
    assert sorted(told) == sorted(
        ["box_category", "boxes_file_missing", "boxes_file_missing", *["annotation_bad"] * 3, "import_document"]
    )
    check_b(back)
    assert [query.name for query in back.episode.queries] == ["a.jpg"]


@pytest.mark.parametrize("orientation", [0, 6])
def test_sizes_are_those_of_the_upright_picture(tmp_path: Path, orientation: int) -> None:
    """A camera's picture that is turned: boxes for the pixels as they lie in the file would be somewhere else."""
    root = coco(data_set(tmp_path / "x", orientation=orientation), [0, 0, 50, 25])
    told: Told = []
    (back,) = read(root, report=told.append)
    if orientation:
        assert [error.code for error in told] == ["boxes_size", "boxes_size"]
        assert "50 × 100" in str(told[0]) and "100 × 50" in str(told[0])
        assert not back.regions and len(back.episode.queries) == 2
    else:
        assert told == []
        check_b(back)
    upright = [{"id": n, "file_name": f"{name}.jpg", "width": 50, "height": 100} for n, name in enumerate("ab")]
    if orientation:
        back, codes = imported(coco(root, [0, 0, 25, 50], images=upright))
        assert codes == ["boxes_cut"], "the other one was for the picture as it lay"
        (a,) = [example for example in back.episode.support if example.picture.name == "a.jpg"]
        assert a.boxes == ((0.0, 0.0, 0.5, 0.5),)


def test_boxes_for_a_smaller_copy_of_the_picture_are_scaled(tmp_path: Path) -> None:
    images = [{"id": n, "file_name": f"{name}.jpg", "width": 50, "height": 25} for n, name in enumerate("ab")]
    marks = [{"image_id": 1, "category_id": 7, "bbox": [12.5, 5, 25, 15]}]
    back, told = imported(coco(data_set(tmp_path / "x"), images=images, annotations=marks))
    assert told == []
    check_b(back)


VOC = """<annotation><filename>{name}</filename><size><width>100</width><height>50</height></size>
<object><name>cat</name><bndbox>{box}</bndbox></object></annotation>"""
EDGES = "<xmin>26</xmin><ymin>11</ymin><xmax>75</xmax><ymax>40</ymax>"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (VOC.format(name="a.jpg", box=EDGES.replace("75", "x")), ["box_empty"]),
        (VOC.format(name="a.jpg", box=""), ["box_empty"]),
        (VOC.format(name="a.jpg", box=EDGES.replace("75", "175")), ["boxes_cut"]),
        (VOC.format(name="a.jpg", box=EDGES.replace("<xmin>26", "<xmin>0")), []),
        (VOC.format(name="a.jpg", box=EDGES).replace("cat", " "), ["box_name"]),
        (VOC.format(name="a.jpg", box=EDGES).replace("cat", "c" * 101), ["box_name"]),
        (VOC.format(name="gone.png", box=EDGES), []),  # its own name is a
        (VOC.format(name="a.jpg", box=EDGES)[:-5], ["annotation_bad", "pictures_unannotated"]),
        (
            '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + VOC.format(name="a.jpg", box=EDGES),
            ["annotation_bad", "pictures_unannotated"],
        ),
        ("<svg/>", ["pictures_unannotated"]),
    ],
)
def test_voc_with_something_wrong_in_it(tmp_path: Path, text: str, codes: Sequence[str]) -> None:
    root = data_set(tmp_path / "x")
    (root / "Annotations").mkdir()
    (root / "Annotations" / "a.xml").write_text(text, encoding="utf-8")
    (root / "Annotations" / "b.xml").write_text(VOC.format(name="b.jpg", box=EDGES), encoding="utf-8")
    back, told = imported(root)
    assert told == codes
    check_b(back)


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ("0 0.5 0.5 0.5 0.6\n\n0 0.1 0.1 0.1 0.1", []),
        ("0 0.5 0.5 0.5", ["annotation_bad"]),
        ("cat 0.5 0.5 0.5 0.5", ["annotation_bad"]),
        ("3 0.5 0.5 0.5 0.5\n0 0.5 0.5 nan 0.5\n0 0.5 0.5 0 0.5", ["box_category", "box_empty", "box_empty"]),
        ("0 0.9 0.5 0.5 0.5\n0 0.1 0.5 0.5 0.5", ["boxes_cut"]),
        ("0 1.9 0.5 0.5 0.5", ["box_outside"]),
    ],
)
@pytest.mark.parametrize("listed", ["names: [cat, 狗]", "names: {0: cat}", "classes.txt"])
def test_yolo_with_something_wrong_in_it(tmp_path: Path, lines: str, codes: Sequence[str], listed: str) -> None:
    root = data_set(tmp_path / "x")
    file = root / ("classes.txt" if listed == "classes.txt" else "data.yaml")
    file.write_text("cat\n狗\n" if listed == "classes.txt" else listed, encoding="utf-8")
    (root / "labels").mkdir()
    (root / "labels" / "a.txt").write_text(lines, encoding="utf-8")
    (root / "labels" / "b.txt").write_text("0 0.5 0.5 0.5 0.6\n", encoding="utf-8")
    back, told = imported(root)
    assert told == codes
    check_b(back)


def rectangle(**values: object) -> dict[str, Any]:
    value = {"x": 25, "y": 20, "width": 50, "height": 60, "rectanglelabels": ["cat"], **values}
    return {"type": "rectanglelabels", "original_width": 100, "original_height": 50, "value": value}


@pytest.mark.parametrize(
    ("results", "codes", "boxes"),
    [
        ([rectangle(rotation=90, x=75, width=30, height=50)], ["box_turned"], [(0.5, 0.2, 0.75, 0.8)]),
        ([rectangle(rotation=0), {"type": "choices", "value": {}}], ["annotation_bad"], [(0.25, 0.2, 0.75, 0.8)]),
        ([rectangle(x="1")], ["annotation_bad"], []),
        ([rectangle(x=math.nan)], ["box_empty"], []),
        ([rectangle(x=-30)], ["boxes_cut"], [(0.0, 0.2, 0.2, 0.8)]),
        ([rectangle(rectanglelabels=["cat", "dog"])], [], []),
        ([{**rectangle(), "original_width": 50, "original_height": 100}], ["boxes_size"], []),
        ([3], ["annotation_bad"], []),
    ],
)
def test_label_studio_with_something_wrong_in_it(
    tmp_path: Path, results: list[Any], codes: Sequence[str], boxes: list[Box]
) -> None:
    def task(file: str, *parts: Any) -> dict[str, Any]:
        annotations = [{"result": list(parts)}, {"result": [rectangle()], "was_cancelled": True}]
        return {"data": {"text": "?", "image": f"/data/upload/3/1a2b3c4d-{file}"}, "annotations": annotations}

    root = data_set(tmp_path / "x")
    tasks = [task("a.jpg", *results), task("b.jpg", rectangle())]
    (root / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
    back, told = imported(root)
    assert told == codes
    check_b(back)
    support = [example for example in back.episode.support if example.picture.name == "a.jpg"]
    assert len(support) == bool(boxes)
    if boxes:
        np.testing.assert_allclose(support[0].boxes, boxes, atol=1e-6)


def test_pictures_that_are_broken_lost_or_not_named(tmp_path: Path) -> None:
    root = coco(data_set(tmp_path / "x"), [0, 0, 50, 25])
    (root / "images" / "a.jpg").write_bytes(b"no picture")
    picture("", 200).image().save(root / "images" / "other.png")
    back, told = imported(root)
    assert told == ["picture_unknown", "pictures_unannotated"]
    check_b(back)
    shutil.rmtree(root / "images")
    with pytest.raises(UserError) as refused:
        read(root, report=lambda error: None)
    assert refused.value.code == "archive_no_pictures"


def test_class_folders_stay_class_folders_whatever_lies_beside(tmp_path: Path) -> None:
    for number, name in enumerate(["cat", "dog"]):
        (tmp_path / "x" / name).mkdir(parents=True)
        picture("", number).image().save(tmp_path / "x" / name / "1.png")
        (tmp_path / "x" / name / "1.txt").write_text("a caption of it", encoding="utf-8")
    (tmp_path / "x" / "package.json").write_text('{"images": 3}', encoding="utf-8")
    (tmp_path / "x" / "settings.yaml").write_text("names: 3", encoding="utf-8")
    (tmp_path / "x" / "drawing.xml").write_text("<svg/>", encoding="utf-8")
    back, told = imported(tmp_path / "x")
    assert told == [] and [spec.name for spec in back.episode.classes] == ["cat", "dog"]
