"""The API's contract: what the running application announces, and that real answers keep to it.

A change of the contract is meant to be seen. With FSL_DEMO_WRITE_CONTRACT=1 in the
environment these tests write the file anew; `docs/api.md` and the changelog then say what changed.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from pydantic import TypeAdapter, ValidationError

from fsl_demo.core.collections import CollectionLabel
from fsl_demo.core.pictures import from_image, ingest
from fsl_demo.services.collection_documents import CollectedDocument, FrozenDocument, SummaryDocument, VersionDocument
from fsl_demo.services.diagnosis_document import DiagnosisDocument
from fsl_demo.services.documents import CaptionDocument, PredictDocument
from fsl_demo.services.export_classifier import ExportDocument
from fsl_demo.services.review.documents import OpinionsDocument, ReviewDocument
from fsl_demo.services.search_documents import SearchDocument
from fsl_demo.ui.page import Page
from tests.averaged import COLOURS, Averaged, patterned
from tests.colours import ColourSpace, painted
from tests.nearest import Telling
from tests.ui.conftest import Paint, SearchingColour, zipped
from tests.ui.test_taking import TakenColour

pytestmark = pytest.mark.slow

CONTRACT = Path(__file__).with_name("api_contract.json")
DOCS = Path(__file__).parents[2] / "docs" / "api.md"
ANSWERS: dict[str, TypeAdapter[Any]] = {
    "/predict": TypeAdapter(PredictDocument),
    "/caption": TypeAdapter(list[CaptionDocument]),
    "/export_classifier": TypeAdapter(ExportDocument),
    "/diagnose": TypeAdapter(DiagnosisDocument),
    "/review": TypeAdapter(ReviewDocument),
    "/review_label": TypeAdapter(list[str]),
    "/review_undo": TypeAdapter(list[str]),
    "/review_opinions": TypeAdapter(OpinionsDocument),
    "/mark_right": TypeAdapter(list[str]),
    "/collections": TypeAdapter(list[SummaryDocument]),
    "/collect": TypeAdapter(CollectedDocument),
    "/freeze": TypeAdapter(FrozenDocument),
    "/version": TypeAdapter(VersionDocument),
    "/search": TypeAdapter(SearchDocument),
}


def contract(announced: dict[str, Any]) -> dict[str, Any]:
    """What is announced of the end points, and the schemas of their answers."""
    points = announced["named_endpoints"]
    return {
        name: {
            "parameters": [
                {
                    "name": parameter["parameter_name"],
                    "has_default": parameter["parameter_has_default"],
                    "default": parameter["parameter_default"],
                    "type": parameter["type"],
                    "python_type": parameter["python_type"]["type"],
                }
                for parameter in point["parameters"]
            ],
            "returns": [answer["type"] for answer in point["returns"]],
            "description": point["description"],
            "answer": ANSWERS[name].json_schema(),
        }
        for name, point in points.items()
    }


def keeps_to(endpoint: str, answer: Any) -> None:
    """The answer has every field of the contract, of its type, and no other."""
    adapter = ANSWERS[endpoint]
    assert adapter.dump_python(adapter.validate_python(answer, strict=True)) == answer


def test_what_is_announced_is_what_was_agreed(address: str) -> None:
    announced = httpx.get(f"{address}/gradio_api/info").json()
    if os.environ.get("FSL_DEMO_WRITE_CONTRACT"):
        CONTRACT.write_text(json.dumps(contract(announced), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert contract(announced) == json.loads(CONTRACT.read_text(encoding="utf-8"))
    assert not announced["unnamed_endpoints"]


def test_predict_keeps_to_the_contract(api: Client, paint: Paint, tmp_path: Path) -> None:
    support = zipped(tmp_path, {"red/1.png": paint("r.png", (200, 9, 9)), "blue/1.png": paint("b.png", (9, 9, 200))})
    keeps_to(
        "/predict",
        api.predict(
            queries=handle_file(paint("q.png", (210, 20, 20))),
            support=handle_file(support),
            descriptions={"Red": ["a red surface"]},
            names=["prototype", "asif"],
            api_name="/predict",
        ),
    )


def test_caption_keeps_to_the_contract(api: Client, paint: Paint) -> None:
    keeps_to("/caption", api.predict(pictures=handle_file(paint("q2.png", (200, 9, 9))), api_name="/caption"))


def test_search_keeps_to_the_contract(page: Page, api: Client, paint: Paint) -> None:
    page.registry.methods["asif"] = SearchingColour("asif", ColourSpace())
    files = {name: paint(f"{name}.png", rgb) for name, rgb in (("red", (220, 9, 9)), ("blue", (9, 9, 220)))}
    page.workspace.add_to_collection([ingest(file) for file in files.values()])
    for asked in ({"sentence": "red"}, {"words": "red"}, {"like": handle_file(paint("r2.png", (200, 20, 20)))}):
        answer: Any = api.predict(**asked, count=1, api_name="/search")
        keeps_to("/search", answer)
        assert [hit["file"] for hit in answer["pictures"]] == ["red.png"]
        assert ("similarity" in answer["pictures"][0]) == ("words" not in asked)
    assert answer["count"] == 2
    assert api.predict(sentence="red", class_name="warm", api_name="/search")["pictures"] == []
    for wrong in ({}, {"sentence": "red", "words": "red"}):
        with pytest.raises(AppError, match="one thing to look for"):
            api.predict(**wrong, api_name="/search")


def test_diagnose_keeps_to_the_contract(page: Page, api: Client, tmp_path: Path) -> None:
    page.registry.methods["averaged"] = Averaged()
    files = {}
    for index, colour in enumerate(COLOURS):
        for n in range(3):
            file = tmp_path / f"{colour}{n}.png"
            patterned(colour, 10 * index + n).save(file)
            files[f"{colour}/{n}.png"] = file
    support = handle_file(zipped(tmp_path, {**files, "red/again.png": files["blue/0.png"]}))
    answer: Any = api.predict(support=support, names=["averaged"], api_name="/diagnose")
    keeps_to("/diagnose", answer)
    assert answer["pictures"] == 9 and answer["overall"]["mean"] == 1
    assert any("again.png" in notice for notice in answer["notices"])
    with pytest.raises(AppError, match="no class folders"):
        api.predict(support=handle_file(zipped(tmp_path, {})), api_name="/diagnose")


def test_a_suspected_label_that_is_right_is_marked_so(page: Page, api: Client) -> None:
    page.registry.methods["averaged"] = Averaged()
    labelled = {
        from_image(patterned(name, 10 * n + seed), name): name for n, name in enumerate(COLOURS) for seed in range(4)
    }
    wrong = from_image(patterned("red", 90), "wrong.png")
    members = {picture: [CollectionLabel(name, "Bea")] for picture, name in {**labelled, wrong: "blue"}.items()}
    page.workspace.collections.add("doubted", members, new=True)
    (finding,) = api.predict(collection="doubted", names=["averaged"], api_name="/diagnose")["findings"]
    (picture,) = (answer := api.predict("doubted", "suspect", api_name="/review"))["pictures"]
    keeps_to("/review", answer)
    assert (picture["file"], picture["suggestion"]["suspicion"]["finding"]) == ("wrong.png", finding["key"])
    assert api.predict("doubted", [finding["key"]], "Ada", api_name="/mark_right") == [finding["key"]]
    answer = api.predict(collection="doubted", names=["averaged"], api_name="/diagnose")
    keeps_to("/diagnose", answer)
    assert answer["findings"] == [] and [mark["annotator"] for mark in answer["right"]] == ["Ada"]
    assert api.predict("doubted", "suspect", api_name="/review")["pictures"] == []
    assert api.predict("doubted", [finding["key"]], take_back=True, api_name="/mark_right") == [finding["key"]]
    assert len(api.predict("doubted", "suspect", api_name="/review")["pictures"]) == 1


def test_a_review_keeps_to_the_contract(api: Client, page: Page) -> None:
    collections, colours = page.workspace.collections, {"red": (200, 10, 10), "blue": (10, 10, 200)}
    labelled = {from_image(painted(rgb, 0), name): [CollectionLabel(name, "Bea")] for name, rgb in colours.items()}
    others = [from_image(painted(rgb, 1), name) for name, rgb in colours.items()]
    collections.create("Pets")
    collections.add("Pets", {**labelled, **{picture: [] for picture in others}})
    (first, second), red = (picture.sha256 for picture in others), next(iter(labelled)).sha256

    answer = api.predict("Pets", "random", seed=1, api_name="/review")
    keeps_to("/review", answer)
    assert {known["sha256"]: known["suggestion"]["label"] for known in answer["pictures"]} == {
        first: "red",
        second: "blue",
    }
    suggestions = {first: "red", red: "red"}
    for pictures, name in (([first], "red"), ([red], "blue")):
        word = {"suggestions": suggestions, "shown": True, "annotator": "Ada"}
        assert api.predict("Pets", pictures, name, **word, api_name="/review_label") == pictures
    assert api.predict("Pets", "unsure", which="mine", annotator="Ada", count=1, api_name="/review")["left"] == 2
    opinions = api.predict("Pets", api_name="/review_opinions")
    keeps_to("/review_opinions", opinions)
    assert [known["sha256"] for known in opinions["disputes"]] == [red]
    assert opinions["suggestions"]["shown"] == {"part": 1, "whole": 2, "interval": None}
    assert api.predict("Pets", [red], "red", annotator="Eve", settles=True, api_name="/review_label") == [red]
    assert api.predict("Pets", api_name="/review_opinions")["disputes"] == []
    assert api.predict("Pets", [red, second], "Ada", api_name="/review_undo") == [red]
    with pytest.raises(AppError, match="Cars"):
        api.predict("Cars", api_name="/review")
    with pytest.raises(AppError, match="not understood"):
        api.predict("Pets", "sideways", api_name="/review")


def test_a_classifier_that_leaves_keeps_to_the_contract(
    api: Client, page: Page, address: str, paint: Paint, tmp_path: Path
) -> None:
    page.registry.methods["taken"] = TakenColour("taken")
    support = zipped(tmp_path, {"red/1.png": paint("r.png", (200, 9, 9)), "blue/1.png": paint("b.png", (9, 9, 200))})
    answer = api.predict(handle_file(support), method="taken", api_name="/export_classifier")
    keeps_to("/export_classifier", answer)
    assert (answer["classes"], answer["method"]) == (["blue", "red"], "taken")
    sent = httpx.get(f"{address}{answer['address']}")
    with zipfile.ZipFile(io.BytesIO(sent.content)) as archive:
        assert archive.testzip() is None
        assert any(name.endswith("/classifier.onnx") for name in archive.namelist())
    with pytest.raises(AppError, match="Prototype cannot be taken away"):
        api.predict(handle_file(support), api_name="/export_classifier")
    with pytest.raises(AppError, match="One class is not a choice"):
        api.predict(descriptions={"a red ball": "red"}, method="taken", api_name="/export_classifier")


def test_collections_keep_to_the_contract(api: Client, page: Page, paint: Paint, tmp_path: Path) -> None:
    page.registry.methods["telling"] = Telling("telling")
    colours = {"red": (200, 9, 9), "blue": (9, 9, 200)}
    pets = {f"{name}/{n}.png": paint(f"{name}{n}.png", rgb) for name, rgb in colours.items() for n in range(3)}
    pets["stray.png"] = paint("stray.png", (9, 200, 9))
    collected = api.predict("Pets", handle_file(zipped(tmp_path, pets)), annotator="Ada", api_name="/collect")
    keeps_to("/collect", collected)
    assert collected["added"] == 6 and "stray.png" in collected["notices"][0]
    listed = api.predict(api_name="/collections")
    keeps_to("/collections", listed)
    assert [(known["name"], known["pictures"]) for known in listed] == [("Pets", 6)]
    frozen = api.predict("Pets", train=60, validation=20, test=20, api_name="/freeze")
    keeps_to("/freeze", frozen)
    assert frozen["version"] == "Pets@1" and {known["part"] for known in frozen["pictures"]} == {
        "train",
        "validation",
        "test",
    }
    version = api.predict("pets@1", api_name="/version")
    keeps_to("/version", version)
    assert version == {key: value for key, value in frozen.items() if key != "notices"}
    for arguments, text in ((("Pets", 10), "make 100"), (("Cars",), "no collection")):
        with pytest.raises(AppError, match=text):
            api.predict(*arguments, api_name="/freeze")


def test_what_does_not_keep_to_it_is_noticed() -> None:
    caption = {"text": "a dog", "score": -1.0, "fit": 0.3, "doubtful": False}
    document = {"file": "q.png", "sha256": "0" * 64, "captioner": "dictated", "captions": [caption], "hint": None}
    keeps_to("/caption", [document])
    with pytest.raises(AssertionError):
        keeps_to("/caption", [{**document, "more": 1}])
    for wrong in ({**document, "captions": None}, {"file": "q.png"}):
        with pytest.raises(ValidationError):
            keeps_to("/caption", [wrong])


def test_every_argument_and_field_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, point in json.loads(CONTRACT.read_text(encoding="utf-8")).items():
        assert f"## `{name}`" in text
        section = text.split(f"## `{name}`")[1].split("\n## ")[0]
        for word in {parameter["name"] for parameter in point["parameters"]} | _fields(point["answer"]):
            assert f"`{word}`" in section, (name, word)


@pytest.fixture
def files(paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the examples, in the working folder."""
    monkeypatch.chdir(tmp_path)
    paint("new.png", (210, 20, 20)).rename("new.png")
    support = {"red/1.png": paint("r.png", (200, 9, 9)), "blue/1.png": paint("b.png", (9, 9, 200))}
    Path(zipped(tmp_path, support)).rename("pets.zip")
    return tmp_path


def example(language: str, address: str) -> str:
    """The example of the documentation, for this address."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return code.replace("http://127.0.0.1:7860", address)


def test_the_example_in_python(address: str, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(example("python", address), {})
    assert capsys.readouterr().out.splitlines() == ["new.png red 100%", "a picture called new"]


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_example_with_curl(address: str, files: Path) -> None:
    done = subprocess.run(["bash", "-c", example("sh", address)], capture_output=True, text=True, timeout=60)
    event, data = done.stdout.strip().splitlines()[-2:]
    assert event == "event: complete", done.stdout + done.stderr
    (answer,) = json.loads(data.removeprefix("data: "))
    keeps_to("/predict", answer)
    assert answer["queries"][0]["answer"] == "red"


def _fields(schema: Any) -> set[str]:
    """Names of all fields of a JSON schema."""
    if isinstance(schema, list):
        return set().union(*map(_fields, schema))
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {}))
    return own.union(*map(_fields, schema.values()))
