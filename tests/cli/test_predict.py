"""`predict`: every way in, every way out, and what it says when something is wrong."""

from __future__ import annotations

import json
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from pyarrow import parquet

from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Scores
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image, ingest, kept
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from fsl_demo.services.bulk import networks
from fsl_demo.services.documents import predict_document
from tests.browser.hued import Hued
from tests.cli.conftest import SURFACES, Call, part
from tests.located import Located, PatchDetector, scene

pytestmark = pytest.mark.usefixtures("shared")


@pytest.mark.slow
def test_json_is_what_the_help_says(call: Call, support: Path, queries: Path) -> None:
    outcome = call("predict", "--support", support, "--queries", queries, "--format", "json")
    assert outcome.code == 0
    answer = outcome.json()
    assert list(answer) == ["classes", "methods", "queries", "notices"]
    assert answer["classes"] == list(SURFACES)
    assert [method["id"] for method in answer["methods"]] == ["prototype", "asif", "compact-vlm", "can"]
    for method in answer["methods"]:
        assert set(method) == {"id", "checkpoint", "seconds"}
        assert method["checkpoint"]
        assert method["seconds"] >= 0
    assert [query["file"] for query in answer["queries"]] == [
        "brick 1.png",
        "deeper/deeper/gravel 1.png",
        "deeper/grass 1.png",
    ]
    for query, surface in zip(answer["queries"], ("brick", "gravel", "grass"), strict=True):
        assert list(query) == ["file", "answer", "probability", "unlike", "probabilities", "predictions"]
        assert (query["answer"], query["unlike"]) == (surface, None)  # surfaces are too much alike to say
        assert query["probability"] == query["probabilities"][surface] == max(query["probabilities"].values())
        shares = [list(prediction["scores"].values()) for prediction in query["predictions"].values()]
        pooled = np.exp(np.log(np.maximum(shares, 1e-6)).mean(axis=0))
        assert query["probability"] == pytest.approx(pooled.max() / pooled.sum(), abs=1e-5)
        assert list(query["predictions"]) == ["prototype", "asif", "compact-vlm", "can"]
        for prediction in query["predictions"].values():
            assert list(prediction) == ["label", "probability", "unlike", "scores"]
            assert prediction["label"] == surface
            assert list(prediction["scores"]) == list(SURFACES)
            assert sum(prediction["scores"].values()) == pytest.approx(1, abs=1e-5)
            assert prediction["probability"] == max(prediction["scores"].values()) == prediction["scores"][surface]


def test_unlike_stands_beside_the_answer(call: Call, support: Path, queries: Path) -> None:
    strict = ("--methods", "prototype,can", "--set", "prototype.none_below=1")
    common = ("predict", "--support", support, "--queries", queries, *strict)
    answers = call(*common, "--set", "can.none_below=1", "--format", "json").json()["queries"]
    assert [(query["answer"], query["unlike"]) for query in answers] == [
        ("brick", True),
        ("gravel", True),
        ("grass", True),
    ]
    assert all(query["predictions"]["prototype"]["unlike"] for query in answers)
    rows = call(*common, "--set", "can.none_below=0", "--format", "csv").csv()
    marks = [(row["answer"], row["unlike"], row["prototype.unlike"], row["can.unlike"]) for row in rows]
    assert marks == [(surface, "no", "yes", "no") for surface in ("brick", "gravel", "grass")]
    table = call(*common, "--set", "can.none_below=0").out
    assert table.count("unlike") == 3 and "none of these" not in table


def test_where_nobody_can_tell_a_stranger_it_is_said(call: Call, queries: Path, tmp_path: Path) -> None:
    """One picture a class is too few for the linear probe, however they look."""
    for surface in SURFACES:
        (tmp_path / surface).mkdir()
        part(surface, 0, 0).save(tmp_path / surface / "0.png")
    common = ("predict", "--support", tmp_path, "--queries", queries, "--methods", "linear-probe")
    outcome = call(*common, "--format", "json")
    assert outcome.code == 0 and "too few, or too much alike" in outcome.err
    assert [query["unlike"] for query in outcome.json()["queries"]] == [None] * 3
    assert "too few, or too much alike" in outcome.json()["notices"][0]
    rows = call(*common, "--format", "csv").csv()
    assert [(row["unlike"], row["linear-probe.unlike"]) for row in rows] == [("unknown", "unknown")] * 3
    table = call(*common)
    assert "unlike" not in table.out and "too few, or too much alike" in table.err


def test_csv_and_table(call: Call, support: Path, queries: Path) -> None:
    common = ("predict", "--support", support, "--queries", queries, "--set", "prototype.none_below=0")
    rows = call(*common, "--format", "csv").csv()
    methods = ["prototype", "asif", "compact-vlm", "can"]
    columns = [column for method in methods for column in (method, f"{method}.probability", f"{method}.unlike")]
    assert list(rows[0]) == ["file", "answer", "probability", "unlike", *columns]
    assert [row["answer"] for row in rows] == [row["prototype"] for row in rows] == ["brick", "gravel", "grass"]
    table = call(*common).out.splitlines()
    assert table[0].split() == ["query", "answer", *methods]
    assert table[1].startswith("brick 1.png")
    assert "%" in table[1]


def test_a_formula_in_a_file_name_stays_text(call: Call, support: Path, tmp_path: Path) -> None:
    part("brick", 0, 0).save(tmp_path / "=1+1.png")
    outcome = call("predict", "--support", support, "--queries", tmp_path, "--methods", "prototype", "--format", "csv")
    assert outcome.csv()[0]["file"] == "'=1+1.png"


def test_a_zip_and_a_folder_give_the_same_answers(call: Call, support: Path, queries: Path, tmp_path: Path) -> None:
    zips = [
        shutil.make_archive(str(tmp_path / name), "zip", folder) for name, folder in (("s", support), ("q", queries))
    ]
    common = ("--methods", "prototype", "--format", "json")
    packed = call("predict", "--support", zips[0], "--queries", zips[1], *common).json()["queries"]
    loose = call("predict", "--support", support, "--queries", queries, *common).json()["queries"]
    assert sorted(packed, key=lambda query: query["file"]) == sorted(loose, key=lambda query: query["file"])


def test_one_picture(call: Call, support: Path, queries: Path, tmp_path: Path) -> None:
    common = ("predict", "--support", support, "--methods", "prototype", "--format", "json", "--queries")
    outcome = call(*common, queries / "brick 1.png")
    assert [query["file"] for query in outcome.json()["queries"]] == ["brick 1.png"]
    (tmp_path / "words.jpg").write_text("no picture", encoding="utf-8")
    outcome = call(*common, tmp_path / "words.jpg")
    assert (outcome.code, outcome.out) == (1, "")
    assert "“words.jpg” is not a picture" in outcome.err


@pytest.mark.parametrize("packed", [False, True])
def test_more_pictures_than_memory_holds_are_decoded_again(
    support: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "support"), "zip", support)) if packed else support
    monkeypatch.setattr(kept, "KEPT_BYTES", 4 * 4 * 120 * 120)

    def read() -> list[Picture]:
        episode = reading.task(path, {}, progress=lambda *_: None, report=lambda error: pytest.fail(str(error)))
        return [example.picture for example in episode.support]

    pictures = read()
    images = [weakref.ref(picture.image()) for picture in pictures]
    assert [image() is not None for image in images] == [False] * 5 + [True] * 4
    assert [from_image(picture.image(), "") for picture in pictures] == pictures == read()


def test_descriptions_alone_are_enough_for_methods_that_read(call: Call, queries: Path, descriptions: Path) -> None:
    outcome = call("predict", "--describe", descriptions, "--queries", queries, "--format", "json")
    assert outcome.code == 0
    answer = outcome.json()
    assert answer["classes"] == ["brick", "grass"]
    assert [method["id"] for method in answer["methods"]] == ["asif", "compact-vlm"]


def test_a_method_that_was_asked_for_and_cannot_answer_is_a_fault(
    call: Call, queries: Path, descriptions: Path
) -> None:
    common = ("predict", "--describe", descriptions, "--queries", queries)
    outcome = call(*common, "--methods", "asif,prototype", "--format", "json")
    assert outcome.code == 1
    assert [method["id"] for method in outcome.json()["methods"]] == ["asif"]
    outcome = call(*common, "--methods", "prototype")
    assert (outcome.code, outcome.out) == (1, "")
    assert "Add at least one" in outcome.err


def test_pictures_and_descriptions_meet_by_class_name(support: Path, tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("\ufeffdescription,class\nred wall, BRICK \nsand,sand\nmasonry,brick\n,grass\n", encoding="utf-8")
    episode = reading.task(
        support, reading.descriptions(file), progress=lambda *_: None, report=lambda error: pytest.fail(str(error))
    )
    assert episode.classes == (
        ClassSpec("brick", ("red wall", "masonry")),
        ClassSpec("grass"),
        ClassSpec("gravel"),
        ClassSpec("sand", ("sand",)),
    )
    assert episode.shots() == [3, 3, 3, 0]


def test_a_method_that_says_what_is_where_adds_regions(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "registry", lambda *_: Registry([Located()]))
    support, ball, dog = tmp_path / "support", (0.5, 0.25, 0.75, 0.5), (0.0, 0.5, 0.25, 1.0)
    for name in ("a dog", "a red ball"):
        (support / name).mkdir(parents=True)
    scene(("red", ball), ("green", dog), seed=1).save(support / "a dog" / "1.png")
    scene(("red", ball), seed=2).save(support / "a red ball" / "1.png")
    scene(("red", ball), ("green", dog), seed=3).save(tmp_path / "q.png")
    boxes = tmp_path / "b.csv"
    boxes.write_text("file,left,top,right,bottom\na dog/1.png,0,0.5,0.25,1\n")
    common = ("predict", "--support", support, "--queries", tmp_path / "q.png", "--methods", "located")
    before, after = (
        {
            tuple(region["box"]): region
            for region in call(*common, "--format", "json", *more).json()["queries"][0]["predictions"]["located"][
                "regions"
            ]
        }
        for more in ((), ("--boxes", boxes))
    )
    assert set(before) == set(after) == {ball, dog}
    assert after[dog]["words"]["a dog"] > before[dog]["words"]["a dog"]
    assert after[dog]["score"] == max(after[dog]["words"].values()) > 0.9
    assert "regions" not in call(*common).out


def test_use_region_hands_methods_what_is_in_the_boxes(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = Hued("prototype", "Prototype", tmp_path / "hold")
    monkeypatch.setattr(reading, "registry", lambda *_: Registry([method], detectors=[PatchDetector()]))
    for seed, colour in enumerate(("red", "blue")):
        (tmp_path / "support" / colour).mkdir(parents=True)
        scene((colour, (0.0, 0.0, 0.25, 0.25)), seed=seed).save(tmp_path / "support" / colour / "1.png")
    scene(("blue", (0.5, 0.5, 0.75, 0.75)), seed=9).save(tmp_path / "q.png")
    common = ("predict", "--support", tmp_path / "support", "--queries", tmp_path / "q.png", "--format", "json")
    whole, region = (
        call(*common, "--methods", "prototype", *more).json()["queries"][0] for more in ((), ("--use-region",))
    )
    assert region["answer"] == "blue" and region["probability"] > 0.99 > whole["probability"]


def test_boxes_meet_support_pictures_by_path(support: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.csv"
    file.write_text("file;left;top;right;bottom\nbrick/0.png;0;0;0.5;1\nbrick/0.png;0.25;0;1;1\n")
    quiet = {"progress": lambda *_: None, "report": lambda error: pytest.fail(str(error))}
    episode = reading.task(support, {}, **quiet, boxes=reading.boxes(file))
    drawn = [example.boxes for example in episode.support if example.boxes]
    assert drawn == [((0, 0, 0.5, 1), (0.25, 0, 1, 1))] and episode.support[0].boxes == drawn[0]
    for given in (support, None):
        with pytest.raises(UserError) as refused:
            reading.task(given, {}, **quiet, boxes={"brick/9.png": [(0, 0, 1, 1)]})
        assert refused.value.code == "boxes_unknown" and "brick/9.png" in str(refused.value)
    file.write_text("file,left,top,right,bottom\nbrick/0.png,0,0,0,1\n")
    with pytest.raises(UserError, match=r"Line 2 of “b\.csv”: left/top/right/bottom cannot be “0, 0, 0, 1”"):
        reading.boxes(file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name,description\na,b\n", "lacks the columns class"),
        ("class,description\n,b\n", "Line 2 of “d.csv”: class cannot be “”"),
        ("", "lacks the columns class, description"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(
    call: Call, queries: Path, tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "d.csv").write_text(text, encoding="utf-8")
    outcome = call("predict", "--describe", tmp_path / "d.csv", "--queries", queries)
    assert (outcome.code, outcome.out) == (1, "")
    assert expected in outcome.err


def test_a_table_that_is_not_text_or_not_there_is_refused(call: Call, queries: Path, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(b"\xff\xfeclass")
    assert call("predict", "--describe", tmp_path / "d.csv", "--queries", queries).code == 1
    outcome = call("predict", "--describe", tmp_path / "none.csv", "--queries", queries)
    assert outcome.code == 1
    assert "“none.csv” cannot be read" in outcome.err


def test_broken_pictures_are_named_and_the_rest_is_answered(
    call: Call, support: Path, queries: Path, tmp_path: Path
) -> None:
    shutil.copytree(support, tmp_path / "support")
    (tmp_path / "support" / "brick" / "zero.jpg").touch()
    shutil.copytree(queries, tmp_path / "queries")
    (tmp_path / "queries" / "words.jpg").write_text("no picture", encoding="utf-8")
    (tmp_path / "queries" / "notes.txt").write_text("not asked about", encoding="utf-8")
    outcome = call("predict", "--support", tmp_path / "support", "--queries", tmp_path / "queries", "--format", "json")
    assert outcome.code == 1
    assert len(outcome.json()["queries"]) == 3
    assert "“zero.jpg” is empty" in outcome.err
    assert "“words.jpg” is not a picture" in outcome.err
    assert "notes" not in outcome.err


def test_what_is_missing_is_said(call: Call, support: Path, queries: Path, tmp_path: Path) -> None:
    for arguments, expected in (
        (("--support", tmp_path / "none", "--queries", queries), "There is no folder"),
        (("--support", support, "--queries", tmp_path), "There is no query yet"),
        (("--support", tmp_path, "--queries", queries), "has no class folders"),
        (("--queries", queries), "Add a second class"),
        (("--support", support, "--queries", queries, "--methods", "magic"), "There are: prototype, asif"),
        (("--support", support, "--queries", queries, "--set", "asif.blnd=1"), "asif has: blend, none_below"),
        (("--support", support, "--queries", queries, "--set", "asif.blend=2"), "a number from 0 to 1"),
        (("--support", support, "--queries", queries, "--set", "asif.blend=nan"), "a number from 0 to 1"),
        (("--support", support, "--queries", queries, "--set", "asif.blend"), "a number from 0 to 1"),
        (("--support", support, "--queries", queries, "--set", "magic.blend=1"), "no method “magic”"),
    ):
        outcome = call("predict", *arguments)
        assert (outcome.code, outcome.out) == (1, ""), arguments
        assert expected in outcome.err, outcome.err


def test_what_is_not_understood_is_refused_with_2(call: Call, support: Path, queries: Path) -> None:
    assert call("predict", "--support", support).code == 2
    assert call("predict", "--support", support, "--queries", queries, "--format", "xml").code == 2
    assert call("foretell").code == 2
    assert call().code == 2


def test_a_device_that_is_not_there_is_refused_with_2(
    call: Call, support: Path, queries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fsl_demo.runtime._device", "cpu")
    outcome = call("predict", "--support", support, "--queries", queries, "--device", "cuda:99")
    assert outcome.code == 2
    assert "cuda:99" in outcome.err


def test_a_setting_reaches_the_method(call: Call, support: Path, queries: Path, descriptions: Path) -> None:
    common = ("predict", "--support", support, "--describe", descriptions, "--queries", queries, "--methods", "asif")
    first, second = (call(*common, "--format", "json", "--set", f"asif.blend={blend}").json() for blend in (0, 1))
    assert first["queries"] != second["queries"]


@pytest.fixture
def turned(tmp_path: Path) -> Path:
    """One picture in all eight EXIF orientations: stored turned, to be shown alike."""
    upright, folder = part("brick", 40, 200).convert("RGB").crop((0, 0, 120, 80)), tmp_path / "turned"
    folder.mkdir()
    upright.save(folder / "0.png")
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    for orientation in range(1, 9):
        stored = upright
        if orientation > 1:
            probe = upright.copy()
            probe.getexif()[0x0112] = undo[orientation]
            stored = ImageOps.exif_transpose(probe)
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored.save(folder / f"{orientation}.png", exif=exif)
    return folder


def test_every_orientation_scores_as_it_does_on_the_page(
    call: Call, support: Path, turned: Path, shared: dict[str, Method]
) -> None:
    outcome = call("predict", "--support", support, "--queries", turned, "--methods", "prototype", "--format", "json")
    predictions = [query["predictions"] for query in outcome.json()["queries"]]
    assert len(predictions) == 9
    assert all(prediction == predictions[0] for prediction in predictions)
    sets = tuple(
        Example(ingest(file.read_bytes(), file.name), index)
        for index, surface in enumerate(SURFACES)
        for file in sorted((support / surface).iterdir())
    )
    upload = ingest((turned / "6.png").read_bytes(), "6.png")
    method = shared["prototype"]
    fitted = method.fit(Episode(tuple(map(ClassSpec, SURFACES)), sets), method.Settings(), lambda *_: None)
    expected = fitted.predict([upload], lambda *_: None).probabilities[0]
    assert list(predictions[0]["prototype"]["scores"].values()) == pytest.approx(expected.tolist(), abs=1e-6)


def test_the_document_keeps_what_json_can_hold() -> None:
    similarities = np.array([[0.5, 0.1]], np.float32)
    scores = Scores(
        "one",
        "abc",
        settings={},
        seconds=0.12345,
        similarities=similarities,
        probabilities=np.array([[0.75, 0.25]], np.float32),
        none_below=0.9,
    )
    made = predict_document(Episode((ClassSpec("a"), ClassSpec("鳥"))), ["q.png"], [scores])
    shares = {"a": 0.75, "鳥": 0.25}
    assert json.loads(json.dumps(made)) == {
        "classes": ["a", "鳥"],
        "methods": [{"id": "one", "checkpoint": "abc", "seconds": 0.123}],
        "queries": [
            {
                "file": "q.png",
                "answer": "a",
                "probability": 0.75,
                "unlike": True,
                "probabilities": shares,
                "predictions": {"one": {"label": "a", "probability": 0.75, "unlike": True, "scores": shares}},
            }
        ],
    }


def test_out_makes_a_table_with_a_row_for_each_picture(
    call: Call, support: Path, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known_methods: Registry
) -> None:
    monkeypatch.setattr(networks, "registry", lambda: known_methods)
    pictures = shutil.copytree(queries, tmp_path / "pictures")
    (pictures / "broken.png").write_bytes(b"no picture")
    asked = ("predict", "--support", support, "--methods", "prototype,linear-probe")
    out = tmp_path / "answers.parquet"
    outcome = call(*asked, pictures, "--out", out)
    assert outcome.code == 1 and "4/4 pictures" in outcome.err and "too few, or too much alike" in outcome.err
    assert outcome.out.split()[-3:] == [str(out), "4", "1"]
    printed = call(*asked, "--queries", pictures, "--format", "csv").csv()
    rows = {row["file"]: row for row in parquet.read_table(out).to_pylist()}
    assert "is not a picture" in rows.pop("broken.png")["error"]
    assert {row["file"] for row in printed} == set(rows)
    for line in printed:
        row = rows[line["file"]]
        assert (line["answer"], line["prototype"]) == (row["answer"], row["prototype"])
        assert float(line["probability"]) == pytest.approx(row["probability"], abs=2e-6)
    before = out.read_bytes()
    assert call(*asked, pictures, "--out", out).code == 1 and out.read_bytes() == before
    other = call("predict", "--support", support, "--methods", "prototype", pictures, "--out", out)
    assert other.code == 1 and "Other than then: methods." in other.err and out.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("--support", "s"),
        ("q", "--queries", "q", "--support", "s"),
        ("q", "--out", "a", "--format", "csv"),
        ("q", "--engine", "ray"),
        ("q", "--out", "a", "--workers", "2"),
    ],
)
def test_options_that_contradict_each_other_are_not_understood(call: Call, arguments: tuple[str, ...]) -> None:
    assert call("predict", *arguments).code == 2
