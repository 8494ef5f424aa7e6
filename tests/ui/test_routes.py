"""The page's own routes, through the application."""

from __future__ import annotations

import csv
import errno
import io
import json
import threading
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from PIL import Image
from starlette.testclient import TestClient

from fsl_demo.ui import server
from fsl_demo.ui.context import Context
from fsl_demo.ui.examples import recipes
from fsl_demo.ui.images import heat_maps
from fsl_demo.ui.routes import STATIC
from tests.ui.conftest import PATIENCE, Browser, Paint


def post(client: TestClient, path: str, **body: Any) -> Any:
    answer = client.post(f"/workbench/{path}", json=body)
    assert answer.status_code in (200, 204, 409), answer.text
    return answer.json() if answer.content else {}


# --- drafts --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_open_edit_and_panel(client: TestClient) -> None:
    draft = post(client, "open", draft="", name="latest", values={})["draft"]
    edits = [{"n": 1, "type": "set_title", "values": {"title": "貓"}}, {"n": 2, "type": "nonsense", "values": {}}]
    answer = post(client, "edits", draft=draft, tab="t", at="", edits=edits)
    assert answer["taken"] == 2 and answer["whole"] and "貓" in answer["parts"]["toolbar"]
    assert "not understood" in answer["notices"][0]["text"]
    again = post(client, "edits", draft=draft, tab="t", at=answer["at"], edits=edits)
    nothing = {"taken": 2, "notices": [], "whole": False, "parts": {}, "rows": {}}
    assert again == {**nothing, "at": answer["at"], "since": answer["at"]}
    assert "No saved episode yet" in post(client, "panel", draft=draft, name="episodes", values={})["html"]
    assert post(client, "open", draft=draft, name="latest", values={})["draft"] == draft


def test_a_draft_that_is_gone_is_said_with_a_code(client: TestClient) -> None:
    for path, body in (
        ("edits", {"tab": "t", "at": "", "edits": []}),
        ("panel", {"name": "episodes"}),
        ("job", {"name": "predict"}),
    ):
        answer = client.post(f"/workbench/{path}", json={"draft": "gone", **body})
        assert answer.status_code == 409 and answer.json()["code"] == "draft_missing"
    for path in ("/stream", "/results.csv"):
        assert client.get(f"/workbench{path}", params={"draft": "gone"}).status_code == 409
    assert post(client, "open", draft="gone", name="latest", values={})["draft"] != "gone"
    entry = json.loads(client.post("/workbench/uploads?draft=gone&target=queries", content=b"x").content)
    assert "does not have this page's draft" in entry["error"]
    assert client.post("/workbench/imports?draft=gone", content=b"x").status_code == 409


def test_an_unexpected_error_of_any_route_is_a_sentence(
    filled: Browser, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(filled.page.drafts, "get", broken)
    draft = filled.draft
    for method, path, body in (
        ("POST", "panel", {"draft": draft, "name": "episodes"}),
        ("POST", "job", {"draft": draft, "name": "predict"}),
        ("POST", "edits", {"draft": draft, "tab": "t", "at": "", "edits": []}),
        ("POST", "open", {"draft": draft, "name": "latest"}),
        ("POST", f"live?draft={draft}", {}),
        ("POST", f"imports?draft={draft}", {}),
        ("GET", f"results.csv?draft={draft}", None),
        ("GET", f"stream?draft={draft}", None),
    ):
        answer = client.request(method, f"/workbench/{path}", json=body)
        assert answer.status_code == 500, path
        assert answer.json()["error"] == "Something went wrong, and nothing was lost: ZeroDivisionError: oh", path


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"draft": "d", "tab": "t" * 41, "at": "", "edits": []},
        {"draft": "d", "tab": "t", "at": "", "edits": [{"n": 0, "type": "clear", "values": {}}]},
        {"draft": "d", "tab": "t", "at": "", "edits": [{"n": 1, "type": "clear"}]},
        {"draft": "d", "tab": "t", "at": "", "edits": [{"n": 1, "type": "clear", "values": {}}] * 2_001},
    ],
)
def test_edits_that_are_not_well_formed_are_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/workbench/edits", json=body).status_code == 422


def test_the_language_is_the_cookies_or_else_the_browsers(client: TestClient) -> None:
    texts = client.get("/workbench/texts.js")
    assert 'code = "en"' in texts.text and "error." not in texts.text and "Cookie" in texts.headers["vary"]
    assert 'code = "zh-TW"' in client.get("/workbench/texts.js", headers={"Accept-Language": "zh-Hant,en;q=0.5"}).text
    client.cookies.set("fsl_language", "zh-TW")
    assert 'code = "zh-TW"' in client.get("/workbench/texts.js", headers={"Accept-Language": "en"}).text
    answer = client.post("/workbench/panel", json={"draft": "gone", "name": "episodes"}).json()
    assert "重新整理" in answer["error"] or "草稿" in answer["error"]


def test_the_script_of_requests_names_their_fields(client: TestClient) -> None:
    script = client.get("/workbench/requests.js").text
    exported = {
        line.split()[2]: json.loads(line.partition("=")[2].rstrip(";"))
        for line in script.splitlines()
        if line.startswith("export const")
    }
    assert set(exported) == {"edits", "panels", "data", "jobs", "openings"}
    assert exported["edits"]["label"] == ["batch", "query", "answer", "suggestion", "seconds", "annotator"]
    assert exported["jobs"]["sorted_pictures"] == ["minimum"] and "latest" in exported["openings"]


# --- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "kind"), [("thumbnail", "image/webp"), ("shown", "image/jpeg")])
def test_pictures_are_fetched_once_and_only_stored_ones(
    filled: Browser, client: TestClient, what: str, kind: str
) -> None:
    sha = filled.document.queries[0]
    answer = client.get(f"/workbench/pictures/{sha}/{what}")
    assert answer.status_code == 200 and answer.headers["content-type"] == kind
    assert "immutable" in answer.headers["cache-control"] and answer.headers["etag"] == f'"{sha}"'
    assert Image.open(io.BytesIO(answer.content)).size == (24, 24)
    again = client.get(f"/workbench/pictures/{sha}/{what}", headers={"If-None-Match": f'"{sha}"'})
    assert (again.status_code, again.content) == (304, b"")
    for other in ("0" * 64, "x", "..%2f..%2ffsl_demo.db"):
        assert client.get(f"/workbench/pictures/{other}/{what}").status_code == 404


def test_a_picture_whose_file_is_lost_is_not_there(filled: Browser, client: TestClient) -> None:
    sha = filled.document.queries[0]
    filled.page.workspace._blobs.path(sha).unlink()
    assert client.get(f"/workbench/pictures/{sha}/shown").status_code == 404
    assert client.get(f"/workbench/pictures/{sha}/thumbnail").status_code == 200


def test_heat_maps_are_served_as_long_as_they_are_kept(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [heat_maps.add(Image.new("RGB", (4, 4), (n, 0, 0))) for n in range(3)]
    assert heat_maps.add(Image.new("RGB", (4, 4), (1, 0, 0))) == addresses[1]
    answer = client.get(addresses[0])
    assert answer.headers["content-type"] == "image/png" and "immutable" in answer.headers["cache-control"]
    monkeypatch.setattr("fsl_demo.ui.images.HEAT_MAP_BYTES", 1)
    heat_maps.add(Image.new("RGB", (4, 4), (9, 0, 0)))
    assert [client.get(address).status_code for address in addresses] == [404] * 3


def test_examples_are_previewed(client: TestClient) -> None:
    answer = client.get(f"/workbench/examples/{recipes()[0].id}/0.jpg")
    assert Image.open(io.BytesIO(answer.content)).size == (72, 72)
    for path in (f"{recipes()[0].id}/99.jpg", f"{recipes()[0].id}/-1.jpg", "no-example/0.jpg"):
        assert client.get(f"/workbench/examples/{path}").status_code == 404


# --- files ---------------------------------------------------------------------------------------------------------


def test_static_files_and_nothing_outside_their_folder(client: TestClient) -> None:
    answer = client.get("/workbench/static/main.js")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-cache"
    again = client.get("/workbench/static/main.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/workbench/static/main.js", headers={"If-None-Match": '"older"'}).content == answer.content
    assert client.get("/workbench/static/vendor/idiomorph.js").status_code == 200
    outside = STATIC.parent / "routes.py"
    assert outside.is_file()
    for path in (
        "..%2froutes.py",
        "%2e%2e/routes.py",
        "vendor/..%2f..%2froutes.py",
        f"%2f{str(outside).lstrip('/').replace('/', '%2f')}",
        "..%2fstatic%2f..%2froutes.py",
        "vendor",
        "",
        "no-such-file.js",
    ):
        assert client.get(f"/workbench/static/{path}").status_code == 404, path


def test_exports_are_downloaded_by_name_and_nothing_else(filled: Browser, client: TestClient, tmp_path: Path) -> None:
    filled.predict()
    file = filled.job("sorted_pictures", minimum=0.0)["file"]
    answer = client.get(f"/workbench/exports/{file}")
    assert answer.content[:2] == b"PK" and file in answer.headers["content-disposition"]
    (filled.page.exports() / "folder").mkdir()
    for path in ("folder", "..%2ffsl_demo.db", "no.zip", "%2e%2e%2ffsl_demo.db"):
        assert client.get(f"/workbench/exports/{path}").status_code == 404, path


def test_the_table_of_results(filled: Browser, client: TestClient) -> None:
    filled.predict()
    answer = client.get("/workbench/results.csv", params={"draft": filled.draft})
    assert answer.content.startswith(b"\xef\xbb\xbf") and "results.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["file_name"], row["answer"]) for row in rows] == [
        ("q1.png", "red"),
        ("q2.png", "blue"),
        ("q3.png", "red"),
    ]


# --- uploads -------------------------------------------------------------------------------------------------------


def upload(client: TestClient, draft: str, target: str, path: str, data: Any) -> list[dict[str, Any]]:
    answer = client.post(
        "/workbench/uploads",
        params={"draft": draft, "target": target},
        content=data,
        headers={"X-Path": quote(path), "Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.content.splitlines()]


def test_an_uploaded_picture_is_stored_and_answered_with_its_hash(
    browser: Browser, client: TestClient, paint: Paint, page: Any
) -> None:
    data = paint("貓.png", (200, 10, 10)).read_bytes()
    (entry,) = upload(client, browser.draft, target="queries", path="fotos/貓.png", data=data)
    assert entry == {"path": "fotos/貓.png", "sha": entry["sha"], "class_name": "", "error": "", "total": 1}
    assert page.workspace.picture(entry["sha"]).name == "貓.png"
    assert not browser.document.queries  # the page then says where it goes
    (entry,) = upload(client, browser.draft, target="classes", path="pets/cat/1.png", data=data)
    assert (entry["path"], entry["class_name"], entry["error"]) == ("pets/cat/1.png", "", "")
    paths = {"draft": browser.draft, "paths": ["pets/cat/1.png", "pets/readme.txt", "pets/dog/2.png", "pets/3.png"]}
    answer = client.post("/workbench/layout", json=paths).json()
    assert answer == {
        "classes": [[0, "cat"], [2, "dog"]],
        "told": ["“3.png” lies in no class folder and was left out."],
    }
    assert not list((page.workspace.folder / "uploads").iterdir())


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.png", b"", "“empty.png” is empty"),
        ("notes.jpg", b"not a picture", "“notes.jpg” is not a picture"),
        ("broken.zip", b"PK\x03\x04 and so on", "“broken.zip” is damaged"),
        ("../../up.png", b"", "“up.png” is empty"),
    ],
)
def test_what_cannot_be_read_is_named(
    browser: Browser, client: TestClient, name: str, data: bytes, message: str
) -> None:
    (entry,) = upload(client, browser.draft, target="queries", path=name, data=data)
    assert message in entry["error"] and not entry["sha"]
    assert not list(uploads_left(browser))


def test_a_zip_is_answered_picture_by_picture(browser: Browser, client: TestClient, paint: Paint) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name in ("a/1.png", "a/deep/2.png", "3.png", "notes.txt"):
            out.write(paint(Path(name).stem + ".png", (len(name), 2, 3)), name)
        out.writestr("a/broken.png", b"no picture")
    entries = upload(client, browser.draft, target="queries", path="trip/all.zip", data=buffer.getvalue())
    assert [entry["path"] for entry in entries] == [
        "trip/all.zip/3.png",
        "trip/all.zip/a/1.png",
        "trip/all.zip/a/broken.png",
        "trip/all.zip/a/deep/2.png",
    ]
    assert all(entry["total"] == 4 and not entry["class_name"] for entry in entries)
    assert [bool(entry["sha"]) for entry in entries] == [True, True, False, True]
    assert "broken.png" in entries[2]["error"] and not uploads_left(browser)
    flat = upload(client, browser.draft, target="classes", path="flat.zip", data=buffer.getvalue())
    assert {entry["class_name"] for entry in flat if entry["sha"]} <= {"a", "deep"}


def uploads_left(browser: Browser) -> list[Path]:
    folder = browser.page.workspace.folder / "uploads"
    return list(folder.iterdir()) if folder.exists() else []


def test_a_cut_picture_is_named(browser: Browser, client: TestClient, paint: Paint) -> None:
    (entry,) = upload(
        client, browser.draft, target="queries", path="cut.png", data=paint("whole.png", (1, 2, 3)).read_bytes()[:400]
    )
    assert "“cut.png” is damaged" in entry["error"]


def test_a_file_that_is_too_large_is_not_read(
    browser: Browser, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fsl_demo.ui.upload_routes.MAX_BYTES", 1_000)
    (entry,) = upload(client, browser.draft, target="queries", path="large.png", data=b"x" * 1_001)
    assert "“large.png” has" in entry["error"]

    def parts() -> Any:  # without saying how much it will be
        for _ in range(9):
            yield b"x" * 200

    (entry,) = upload(client, browser.draft, target="queries", path="chunks.png", data=parts())
    assert "“chunks.png” has" in entry["error"]
    assert not uploads_left(browser)


def test_a_full_disk_is_said(browser: Browser, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        (entry,) = upload(client, browser.draft, target="queries", path="a.png", data=b"x")
    assert "The disk is full" in entry["error"]


def test_an_unexpected_error_while_reading_is_a_sentence(
    browser: Browser, client: TestClient, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    data = paint("a.png", (1, 2, 3)).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Context, "ingest", broken)
        (entry,) = upload(client, browser.draft, target="queries", path="a.png", data=data)
    assert "ZeroDivisionError: oh" in entry["error"] and not uploads_left(browser)
    assert upload(client, browser.draft, target="queries", path="a.png", data=data)[0]["sha"]


def test_an_export_is_uploaded_and_imported_by_a_job(filled: Browser, client: TestClient) -> None:
    filled.edit("save")
    file = filled.job("export", episodes=[], format="imagefolder")["file"]
    data = (filled.page.exports() / file).read_bytes()
    filled.edit("delete_episode", episode=filled.document.episode_id)
    answer = client.post(f"/workbench/imports?draft={filled.draft}", content=data, headers={"X-Path": "export.zip"})
    assert answer.status_code == 204
    (job,) = (job for job in filled.page.jobs.of(filled.draft) if job.kind == "import")
    assert filled.ended(job)["text"] == "Imported episodes: 1."
    assert len(filled.page.workspace.episodes()) == 1 and not uploads_left(filled)
    client.post(f"/workbench/imports?draft={filled.draft}", content=b"nonsense", headers={"X-Path": "export.zip"})
    (job,) = (job for job in filled.page.jobs.of(filled.draft) if job.kind == "import")
    assert filled.ended(job)["state"] == "failed" and "export.zip" in filled.notice
    answer = client.post(f"/workbench/imports?draft={filled.draft}", content=b"", headers={"X-Path": "export.zip"})
    assert answer.status_code == 409 and "export.zip" in answer.json()["error"]


# --- live ----------------------------------------------------------------------------------------------------------


def test_frames_of_a_camera_are_answered_and_not_kept(filled: Browser, client: TestClient, paint: Paint) -> None:
    before = filled.page.workspace.statistics().pictures
    frame = paint("frame.png", (205, 5, 5)).read_bytes()
    answer = client.post(f"/workbench/live?draft={filled.draft}", content=frame).json()
    first = filled.document.classes[0].key
    assert (answer["answer"], answer["unlike"], answer["method"]) == (first, False, "Prototype") and answer["p"] > 0.9
    assert filled.page.workspace.statistics().pictures == before
    filled.edit("rename", key=first, name="")
    answer = client.post(f"/workbench/live?draft={filled.draft}", content=frame)
    assert answer.status_code == 409 and "has no name" in answer.json()["error"]
    assert client.post(f"/workbench/live?draft={filled.draft}", content=b"").status_code == 409


# --- the stream ----------------------------------------------------------------------------------------------------


def messages(lines: Any) -> Any:
    return (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))


def test_the_stream_begins_with_everything_and_goes_on_with_what_changes(filled: Browser, client: TestClient) -> None:
    with server.running(client.app, "127.0.0.1", 0) as address:  # type: ignore[arg-type]
        asked = httpx.stream(
            "GET", f"{address}/workbench/stream", params={"draft": filled.draft, "tab": "other"}, timeout=PATIENCE
        )
        with asked as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            told = messages(answer.iter_lines())
            first = next(told)
            assert first["whole"] and first["order"] == filled.order and first["at"] == filled.at
            editing = threading.Thread(target=filled.edit, args=("set_title",), kwargs={"title": "new"})
            editing.start()
            second = next(told)
            editing.join()
            assert not second["whole"] and "new" in second["parts"]["toolbar"] and not second["rows"]


def test_the_stream_tells_a_page_what_others_do(filled: Browser, client: TestClient) -> None:
    with server.running(client.app, "127.0.0.1", 0) as address:  # type: ignore[arg-type]
        asked = httpx.stream(
            "GET",
            f"{address}/workbench/stream",
            params={"draft": filled.draft, "tab": filled.tab, "at": filled.at},
            timeout=PATIENCE,
        )
        with asked as answer:
            told = messages(answer.iter_lines())
            filled.edit("set_title", title="mine")
            other = Browser(filled.page, "tab-2", draft=filled.draft)
            other.edit("rename", key=filled.document.classes[0].key, name="theirs")
            for message in told:
                assert not message["whole"]
                if "theirs" in json.dumps(message["parts"]):
                    break
