"""The API of a running workbench, through Gradio's own client, and the whole application."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from fsl_demo.ui import server
from fsl_demo.ui.page import Page
from tests.located import Located, PatchDetector, scene
from tests.ui.conftest import Paint, zipped
from tests.ui.test_api_contract import keeps_to

pytestmark = pytest.mark.slow


def test_predict(api: Client, paint: Paint, tmp_path: Path) -> None:
    support = zipped(tmp_path, {"red/1.png": paint("r.png", (200, 9, 9)), "blue/1.png": paint("b.png", (9, 9, 200))})
    queries = zipped(tmp_path, {"new/q.png": paint("q.png", (210, 20, 20))})
    answer: Any = api.predict(handle_file(queries), handle_file(support), names=["prototype"], api_name="/predict")
    assert answer["classes"] == ["blue", "red"]
    (query,) = answer["queries"]
    assert (query["file"], query["answer"], query["unlike"]) == ("new/q.png", "red", False)
    assert query["probability"] == query["probabilities"]["red"] > 0.9
    assert set(query["predictions"]) == {"prototype"}
    assert query["predictions"]["prototype"]["label"] == "red"
    answer = api.predict(handle_file(paint("q2.png", (9, 99, 9))), handle_file(support), api_name="/predict")
    assert len(answer["queries"]) == 1 and {"prototype"} <= set(answer["queries"][0]["predictions"])


def test_where_nobody_can_tell_a_stranger_a_notice_says_so(api: Client, paint: Paint, tmp_path: Path) -> None:
    support = zipped(tmp_path, {"red/1.png": paint("r.png", (200, 9, 9)), "scarlet/1.png": paint("s.png", (202, 9, 9))})
    query = handle_file(paint("q.png", (210, 20, 20)))
    answer: Any = api.predict(query, handle_file(support), names=["prototype"], api_name="/predict")
    assert answer["queries"][0]["unlike"] is None
    assert [notice for notice in answer["notices"] if "too few, or too much alike" in notice]


def test_boxes_in_and_regions_out(page: Page, api: Client, uploads: Path, tmp_path: Path) -> None:
    page.registry.methods["located"] = Located()
    ball, dog = (0.5, 0.25, 0.75, 0.5), (0.0, 0.5, 0.25, 1.0)
    for name in ("dog.png", "q.png"):
        scene(("red", ball), ("green", dog), seed=len(name)).save(uploads / name)
    given: dict[str, Any] = {
        "support": handle_file(zipped(tmp_path, {"a dog/1.png": uploads / "dog.png"})),
        "descriptions": {"a red ball": []},
        "names": ["located"],
    }
    answer = api.predict(
        queries=handle_file(uploads / "q.png"), **given, boxes={"a dog/1.png": [dog]}, api_name="/predict"
    )
    keeps_to("/predict", answer)
    regions = {tuple(region["box"]): region for region in answer["queries"][0]["predictions"]["located"]["regions"]}
    assert set(regions) == {ball, dog}
    assert regions[dog]["score"] == regions[dog]["words"]["a dog"] > 0.9
    with pytest.raises(AppError, match=r"boxes for “cat/1\.png”, which is no support picture"):
        api.predict(queries=handle_file(uploads / "q.png"), **given, boxes={"cat/1.png": [dog]}, api_name="/predict")


def test_the_best_region_is_compared_where_a_call_says_so(
    page: Page, api: Client, uploads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(page.registry.detectors, "things", PatchDetector())
    place = (0.5, 0.25, 0.75, 0.5)
    for name, colour in (("red.png", "red"), ("blue.png", "blue"), ("q.png", "red")):
        scene((colour, place), seed=len(name), side=96).save(uploads / name)
    support = zipped(tmp_path, {f"{name}/1.png": uploads / f"{name}.png" for name in ("red", "blue")})

    def sure(**more: Any) -> float:
        query = handle_file(uploads / "q.png")
        answer = api.predict(query, handle_file(support), names=["prototype"], **more, api_name="/predict")
        keeps_to("/predict", answer)
        assert answer["queries"][0]["answer"] == "red"
        return float(answer["queries"][0]["probability"])

    assert sure(use_region=True) > sure(use_region=False) == sure()
    with pytest.raises(AppError, match="“use_region” is true or false; this is a text"):
        sure(use_region="yes")


def test_errors_are_sentences(api: Client, paint: Paint, tmp_path: Path) -> None:
    queries = zipped(tmp_path, {"q.png": paint("q.png", (210, 20, 20))})
    with pytest.raises(AppError, match="One class is not a choice"):
        api.predict(handle_file(queries), descriptions={"cat": ["a cat"]}, api_name="/predict")


def test_too_little_memory_is_a_sentence(
    api: Client, paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("fsl_demo.ui.api.classify", full)
    queries = zipped(tmp_path, {"q.png": paint("q.png", (210, 20, 20))})
    with pytest.raises(AppError, match="not enough memory"):
        api.predict(handle_file(queries), descriptions={"cat": ["a cat"], "dog": ["a dog"]}, api_name="/predict")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"descriptions": {"cat": 3}}, "“cat” is a number"),
        ({"descriptions": ["a cat"]}, "this is a list"),
        ({"descriptions": {"cat": [["a cat"]]}}, "a list with a list in it"),
        ({"names": "prototype"}, "this is a text"),
        ({"names": ["nobody"]}, "no method “nobody”"),
        ({"queries": "picture.png"}, "“picture.png” cannot be read: not an upload"),
        ({"support": [3]}, "cannot be read: not an upload"),
    ],
)
def test_arguments_of_another_kind_are_refused_in_a_sentence(
    api: Client, paint: Paint, changed: dict[str, Any], sentence: str
) -> None:
    described = {"red": "a red thing", "blue": ["a blue thing"]}
    given = {"queries": handle_file(paint("q.png", (210, 20, 20))), "descriptions": described}
    with pytest.raises(AppError, match=sentence):
        api.predict(**given | changed, api_name="/predict")


def test_captions(api: Client, paint: Paint) -> None:
    (row,) = api.predict(handle_file(paint("q1.png", (200, 9, 9))), None, api_name="/caption")
    assert row["captions"][0]["text"] == "a red dog runs on the grass"
    assert row["captioner"] == "dictated"
    with pytest.raises(AppError, match="no captioner “nobody”"):
        api.predict(handle_file(paint("q2.png", (200, 9, 9))), "nobody", api_name="/caption")


def test_the_page_and_its_own_routes_are_one_application(address: str) -> None:
    shown = httpx.get(address)
    assert shown.status_code == 200 and "/workbench/static/main.js" in shown.text
    assert httpx.get(f"{address}/workbench/static/main.js").status_code == 200
    draft = httpx.post(f"{address}/workbench/open", json={"draft": "", "name": "latest"}).json()["draft"]
    refused = httpx.post(f"{address}/workbench/panel", json={"draft": "gone", "name": "episodes"})
    assert draft and refused.status_code == 409
    places = httpx.get(f"{address}/workbench/places.js").text
    for part in ("toolbar", "queries", "methods", "report", "results-state"):
        assert f'data-part=\\"{part}\\"' in places, part


def test_a_port_that_is_taken_is_said_and_another_is_found(address: str, page: Page) -> None:
    taken = int(address.rpartition(":")[2])
    with pytest.raises(OSError), server.running(server.routes_of(page), "127.0.0.1", taken):
        pass
    with server.running(server.routes_of(page), "127.0.0.1", None) as other:
        assert httpx.get(f"{other}/workbench/static/main.js").status_code == 200


def test_an_idle_server_looks_into_its_queue_now_and_then(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses, sleep = [], asyncio.sleep

    async def sleeping(seconds: float, *result: Any) -> Any:
        pauses.append(seconds)
        return await sleep(seconds, *result)

    monkeypatch.setattr(asyncio, "sleep", sleeping)
    with server.running(server.application(page), "127.0.0.1", 0) as address:
        assert httpx.get(address).status_code == 200
    assert server.QUEUE_SLEEP in pauses and min(filter(None, pauses)) >= 0.01
