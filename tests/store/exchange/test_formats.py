"""What is exported loads in other people's tools, and comes back whole."""

import dataclasses
import errno
import math
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsl_demo import runtime
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode, Run
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.regions import RegionLabel
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS, files, read, table
from tests.store.conftest import make_scores

Same = Callable[[LabelledEpisode, LabelledEpisode], None]
ONCE = ("imagefolder", "huggingface")
LOSSLESS = tuple(kind.id for kind in FORMATS.values() if kind.pixels and kind.write_pictures is None)
CLASSIFIED = tuple(kind.id for kind in FORMATS.values() if kind.write_pictures is not None)


def awkward(digits: list[Picture]) -> LabelledEpisode:
    """Names that no file system takes, a picture three times, an infinite threshold, an undescribed class."""
    classes = tuple(map(ClassSpec, ("a/b", "..", "CON", "貓 ", "x" * 100, "猫" * 100)))
    renamed = from_image(digits[0].image(), "../evil\\name?.JPG", digits[0].original_sha256)
    support = (*(Example(digits[5], index) for index in range(6)), Example(renamed, 0))
    scores = dataclasses.replace(
        make_scores("m", 2, classes=6, support=7), none_below=-math.inf, pairs=None, settings={"k": [1, "二"]}
    )
    labels = {1: Label(1, "=cmd()", source="accepted", suggestion=1, seconds=0.1)}
    return LabelledEpisode(Episode(classes, support, (digits[0], digits[0])), "", runs=(Run(scores),), labels=labels)


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("unpacked", [False, True])
@pytest.mark.parametrize("stored", [False, True])
def test_comes_back_whole(
    name: str,
    unpacked: bool,
    stored: bool,
    tmp_path: Path,
    workspace: Workspace,
    labelled: LabelledEpisode,
    digits: list[Picture],
    assert_same: Same,
) -> None:
    episodes = [labelled, awkward(digits), LabelledEpisode(Episode(()), "empty")]
    path = tmp_path / "out.zip"
    FORMATS[name].write([(f"id{number}", episode) for number, episode in enumerate(episodes)], path)
    if unpacked:
        zipfile.ZipFile(path).extractall(tmp_path / "out" / "wrapper")
        path = tmp_path / "out"
    restored = read(path, workspace if stored else None)
    if stored:
        restored = [workspace.episode(workspace.save_episode(episode)) for episode in restored]
        assert workspace.check() == []
    for after, before in zip(restored, episodes, strict=True):
        assert_same(after, before)


NAMES = (
    *("CON", "nul.png", "aux.", "trailing dots...", " both ends ", "two\nlines", "tab\there", "a/b\\c", "..", "."),
    *("🦊", "\u202eright to left\u202c", "x" * 100, "貓" * 100, "=1+1", "'quoted", "%41", "100%", "a,b;c", '"', "-"),
    *(
        "documents",
        "unlabelled",
        "support",
        "train",
        "x.episode.json",
        "__MACOSX",
        ".hidden",
        "e\u0301",
        "(none of these)",
    ),
)


def named(text: str, digits: list[Picture]) -> LabelledEpisode:
    """An episode in which everything is called by a text."""
    class_name, box = text[:100], (0.1, 0.2, 0.7, 0.8)
    pictures = [from_image(picture.image(), f"{text}{place}.png", "") for place, picture in enumerate(digits[:5])]
    pictures[3] = from_image(digits[3].image(), text, "")
    classes = (ClassSpec(class_name, (text,)), ClassSpec("other"))
    return LabelledEpisode(
        Episode(classes, (Example(pictures[0], 0, (box,)), Example(pictures[1], 1)), tuple(pictures[2:])),
        title=text,
        labels={0: Label(0, text), 2: Label(None, text)},
        regions={1: (RegionLabel(box, class_name, text), RegionLabel((0.0, 0.0, 1.0, 1.0), class_name))},
    )


def assert_as_in_a_table(back: LabelledEpisode, labelled: LabelledEpisode) -> None:
    """A table holds the names of classes, files and annotators, and the labels."""
    class_name, text = labelled.episode.classes[0].name, labelled.title
    assert [spec.name for spec in back.episode.classes] == [class_name, "other"]
    assert back.episode.queries == labelled.episode.queries
    assert [picture.name for picture in back.episode.queries] == [picture.name for picture in labelled.episode.queries]
    assert {place: (label.class_index, label.annotator) for place, label in back.labels.items()} == {
        0: (0, text),
        2: (None if class_name != table.NONE else 0, text),
    }


@pytest.mark.parametrize("name", [*ONCE, "csv"])
@pytest.mark.parametrize("text", [*NAMES, "y" * 300], ids=ascii)
def test_whatever_a_name_holds_comes_back(
    name: str, text: str, tmp_path: Path, workspace: Workspace, digits: list[Picture], assert_same: Same
) -> None:
    labelled = named(text, digits)
    episode_id = workspace.save_episode(labelled)
    path = tmp_path / f"out{FORMATS[name].suffix}"
    FORMATS[name].write([(episode_id, workspace.episode(episode_id))], path)
    (back,) = read(path, workspace)
    if name == "csv":
        assert_as_in_a_table(back, labelled)
    else:
        assert_same(back, labelled)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in (*ONCE, *CLASSIFIED, "csv")])
def test_whatever_names_hold_comes_back_with_boxes(
    name: str, tmp_path: Path, workspace: Workspace, digits: list[Picture], assert_same: Same
) -> None:
    episodes = [named(text, digits) for text in [*NAMES, "y" * 300]]
    workspace.save_episode(episodes[0])  # where a table finds the pictures
    path = tmp_path / f"out{FORMATS[name].suffix}"
    FORMATS[name].write([(f"id{number}", labelled) for number, labelled in enumerate(episodes)], path)
    for back, labelled in zip(read(path, workspace if name == "boxes" else None), episodes, strict=True):
        if name != "boxes":
            assert_same(back, labelled)
            continue
        assert_as_in_a_table(back, labelled)
        class_name, text = labelled.episode.classes[0].name, labelled.title
        assert [len(example.boxes) for example in back.episode.support] == [1, 0]
        told = [(label.name, label.annotator) for label in back.regions[1]]
        assert told == [(class_name, text), (class_name, "")]


@pytest.mark.parametrize("name", FORMATS)
def test_same_contents_same_file(name: str, tmp_path: Path, labelled: LabelledEpisode) -> None:
    paths = [tmp_path / f"{number}{FORMATS[name].suffix}" for number in range(2)]
    for path in paths:
        FORMATS[name].write([("id", labelled)], path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.slow
def test_torchvision_reads_class_folders(tmp_path: Path, labelled: LabelledEpisode, digits: list[Picture]) -> None:
    runtime.prepare()
    runtime.guard_torchvision()
    from torchvision.datasets import ImageFolder

    other = LabelledEpisode(
        Episode((ClassSpec("ZÉRO"), ClassSpec("four")), (Example(digits[4], 1), Example(digits[5], 0)))
    )
    FORMATS["imagefolder"].write([("one", labelled), ("two", other)], tmp_path / "out.zip")
    zipfile.ZipFile(tmp_path / "out.zip").extractall(tmp_path / "out")

    root = ImageFolder(str(tmp_path / "out"))
    assert root.classes == ["Two %2F 2%20", "four", "zéro", "一"]
    expected = {
        (example.picture.sha256, labelled.episode.classes[example.class_index].name)
        for example in labelled.episode.support
    }
    expected |= {(digits[4].sha256, "four"), (digits[5].sha256, "zéro")}
    expected |= {(digits[10].sha256, "Two / 2 ")}  # a query that is labelled
    names = {"Two %2F 2%20": "Two / 2 "}
    read_back = [
        (from_image(image, "").sha256, names.get(root.classes[label], root.classes[label])) for image, label in root
    ]
    assert set(read_back) == expected and len(read_back) == len(expected)


def test_a_picture_is_once_in_an_archive(tmp_path: Path, digits: list[Picture]) -> None:
    renamed = from_image(digits[0].image(), "another name.png")
    classes = (ClassSpec("cat"), ClassSpec("dog"))
    support = (Example(digits[0], 0), Example(digits[1], 1))
    first = LabelledEpisode(Episode(classes, support, (digits[2],)))
    second = LabelledEpisode(Episode(classes, (Example(renamed, 0), Example(digits[2], 1)), (digits[0], digits[3])))
    for name in ONCE:
        FORMATS[name].write([("one", first), ("two", second)], tmp_path / name)
        with zipfile.ZipFile(tmp_path / name) as file:
            assert sum(entry.endswith(".png") for entry in file.namelist()) == 4
        assert [episode.episode for episode in read(tmp_path / name)] == [first.episode, second.episode]


@pytest.mark.slow
def test_hugging_face_loads_pictures_and_episodes(
    tmp_path: Path, labelled: LabelledEpisode, digits: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    import datasets

    FORMATS["huggingface"].write([("one", labelled), ("two", awkward(digits))], tmp_path / "out.zip")
    zipfile.ZipFile(tmp_path / "out.zip").extractall(tmp_path / "out")

    def load(*arguments: str, **options: str) -> datasets.Dataset:
        return datasets.load_dataset(*arguments, **options, split="train", cache_dir=str(tmp_path / "cache"))

    pictures = load("imagefolder", data_dir=str(tmp_path / "out" / "pictures"))
    assert isinstance(pictures.features["image"], datasets.Image)
    names = [spec.name for spec in labelled.episode.classes]
    rows = [row for row in pictures if row["episode_id"] == "one"]
    expected = [(example.picture, names[example.class_index], "support") for example in labelled.episode.support]
    expected += zip(labelled.episode.queries, ["Two / 2 ", None, None, None], ["query"] * 4, strict=True)
    assert [(from_image(row["image"], ""), row["label"], row["role"]) for row in rows] == expected

    episodes = load(str(tmp_path / "out"), "episodes")
    for column in ("support", "query"):
        assert episodes.features[column] == datasets.List(datasets.Image())
    first, two = episodes
    assert [from_image(image, "") for image in first["support"]] == [e.picture for e in labelled.episode.support]
    assert first["support_labels"] == [names[example.class_index] for example in labelled.episode.support]
    assert [from_image(image, "") for image in first["query"]] == list(labelled.episode.queries)
    assert first["query_labels"] == ["Two / 2 ", None, None, None]
    assert two["query_labels"] == [None, ".."]

    assert load(str(tmp_path / "out"), "pictures").num_rows == pictures.num_rows


@pytest.mark.slow
def test_hugging_face_loads_whatever_is_labelled(
    tmp_path: Path, digits: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    import datasets

    single, commas = (ClassSpec("one"),), (ClassSpec("a, b"), ClassSpec("c,d"))
    support, queries = (Example(digits[0], 0), Example(digits[1], 1)), tuple(digits[2:5])
    cases = {
        "no support, nothing labelled": LabelledEpisode(Episode(commas, (), queries)),
        "nothing labelled": LabelledEpisode(Episode(commas, support, queries)),
        "no queries": LabelledEpisode(Episode(commas, support)),
        "one class": LabelledEpisode(Episode(single, support[:1], queries), labels={0: Label(0), 1: Label(0)}),
        "none of these only": LabelledEpisode(Episode(commas, support, queries), labels={0: Label(None)}),
        "all labelled": LabelledEpisode(Episode(commas, support, queries), labels={n: Label(1) for n in range(3)}),
    }
    folders = {name: {name: labelled} for name, labelled in cases.items()} | {"all together": cases}
    for number, (name, episodes) in enumerate(folders.items()):
        path = tmp_path / f"{number}.zip"
        FORMATS["huggingface"].write(list(episodes.items()), path)
        zipfile.ZipFile(path).extractall(tmp_path / str(number))
        for config in ("pictures", "episodes"):
            rows = datasets.load_dataset(
                str(tmp_path / str(number)), config, split="train", cache_dir=str(tmp_path / f"cache {number}")
            )
            expected = list(episodes.values())
            if config == "episodes":
                assert [row["episode_id"] for row in rows] == list(episodes), name
                for role, sizes in (
                    ("support", [len(of.episode.support) for of in expected]),
                    ("query", [len(of.episode.queries) for of in expected]),
                ):
                    assert [len(row[role]) if role in row else 0 for row in rows] == sizes, name
                continue
            labels = [row["label"] for row in rows if row["role"] == "query"]
            assert labels == [
                None
                if (label := of.labels.get(place)) is None or label.class_index is None
                else of.episode.classes[label.class_index].name
                for of in expected
                for place in range(len(of.episode.queries))
            ], name


@pytest.mark.parametrize("name", LOSSLESS)
def test_exported_pictures_carry_nothing_but_pixels(name: str, tmp_path: Path, labelled: LabelledEpisode) -> None:
    image = labelled.episode.queries[0].image().copy()
    image.info["exif"] = Image.Exif().tobytes()
    image.info["comment"] = "secret"
    episode = dataclasses.replace(labelled.episode, queries=(from_image(image, "a.jpg"), *labelled.episode.queries[1:]))
    FORMATS[name].write([("id", dataclasses.replace(labelled, episode=episode))], tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as file:
        pictures = [info for info in file.namelist() if info.endswith(".png")]
        assert len(pictures) == 9
        for info in pictures:
            with Image.open(file.open(info)) as exported:
                assert (exported.format, exported.mode, exported.info) == ("PNG", "RGB", {})


@pytest.mark.parametrize("name", FORMATS)
def test_full_disk_leaves_the_old_file(
    name: str, tmp_path: Path, labelled: LabelledEpisode, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"earlier export")

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError) as caught:
        FORMATS[name].write([("id", labelled)], path)
    assert caught.value.code == "disk_full"
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir() if file.is_file()] == [
        ("out", b"earlier export")
    ]


def test_more_pictures_than_can_be_read_back_are_refused(
    tmp_path: Path, labelled: LabelledEpisode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_ENTRIES", 9)
    with pytest.raises(UserError) as caught:
        FORMATS["imagefolder"].write([("id", labelled)], tmp_path / "out.zip")
    assert caught.value.code == "export_entries"
    assert list(tmp_path.glob("out*")) == []


def rewrite(path: Path, old: str, new: str) -> None:
    """Change the text of the episode's document."""
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries.items():
            if name.endswith("episode.json"):
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode())
            file.writestr(name, data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"kind": "few-shot episode, version 1"', '"kind": "few-shot episode, version 9"'),
        ('"class": 2', '"class": 3'),
        ('"class": 2', '"class": -1'),
        ('"class": 2', '"class": "2"'),
        ('"class_index": 2', '"class_index": 7'),
        ('"source": "corrected"', '"source": "invented"'),
        ('"annotator": "Ada"', '"annotator": null'),
        ('"descriptions": []', '"descriptions": [1]'),
        ('"title": "', '"titel": "'),
        ('"labels": {', '"labels": ["x"], "other": {'),
        ('"labels": {\n  "0"', '"labels": {\n  "4"'),
        ('"similarities": [', '"similarities": [[NaN, 0, 0],'),
        ('"probabilities": [', '"probabilities": [[1, 0],'),
        ('"runs": [', '"runs": [{},'),
        ('"seconds": 1.5', '"seconds": NaN'),
        ('"seconds": 0.125', '"seconds": 1e999'),
        ('"seconds": 0.125', '"seconds": 1' + "0" * 400),
        ('"device": "cpu"', '"device": "\\ud800"'),
        ('"none_below": -0.5', '"none_below": null'),
        ("{", "[" * 100_000),
        ("{", ""),
        ("{", "null"),
    ],
)
def test_broken_documents(tmp_path: Path, labelled: LabelledEpisode, old: str, new: str) -> None:
    path = tmp_path / "out.zip"
    FORMATS["imagefolder"].write([("id", labelled)], path)
    rewrite(path, old, new)
    with pytest.raises(UserError) as caught:
        read(path)
    assert caught.value.code == "import_document"


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside.png", "support/missing.png", ""])
def test_document_names_only_files_of_its_own_zip(tmp_path: Path, labelled: LabelledEpisode, name: str) -> None:
    labelled.episode.queries[0].image().save(tmp_path / "outside.png")
    path = tmp_path / "inbox" / "out.zip"
    path.parent.mkdir()
    FORMATS["imagefolder"].write([("id", labelled)], path)
    file = f"unlabelled-digit 11-{labelled.episode.queries[1].sha256[:12]}.png"
    rewrite(path, f'"file": "{file}"', f'"file": "{name}"')
    with pytest.raises(UserError) as caught:
        read(path)
    assert caught.value.code == "import_incomplete"


def test_exported_arrays_are_exact(tmp_path: Path, labelled: LabelledEpisode) -> None:
    scores = labelled.runs[0].scores
    tiny = np.nextafter(scores.similarities, np.float32(np.inf), dtype=np.float32)
    run = Run(dataclasses.replace(scores, similarities=tiny))
    FORMATS["imagefolder"].write([("id", dataclasses.replace(labelled, runs=(run,)))], tmp_path / "out.zip")
    np.testing.assert_array_equal(read(tmp_path / "out.zip")[0].runs[0].scores.similarities, tiny)
