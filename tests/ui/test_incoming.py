"""Files on their way in: unguessable names, quotas, deleted when used or after an hour; one server a workspace."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient

from fsl_demo.core.errors import UserError
from fsl_demo.store import Workspace
from fsl_demo.ui import incoming
from fsl_demo.ui.importing import start_import
from fsl_demo.ui.incoming import KEPT_SECONDS, Upload, Uploads
from fsl_demo.ui.jobs import Job
from fsl_demo.ui.one_server import OneServer
from tests.serving import Answer, serving
from tests.ui.conftest import Browser, Paint, outcome, zipped


@pytest.fixture
def received(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "workspace")


def receive(uploads: Uploads, *chunks: bytes, owner: str = "Ada", name: str = "a.png", largest: int = 1_000) -> Upload:
    async def parts() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return outcome(uploads.receive(parts(), owner, name, largest))


def left(uploads: Uploads) -> list[Path]:
    return list(uploads.folder.iterdir()) if uploads.folder.exists() else []


def test_each_has_a_folder_that_nobody_guesses(received: Uploads) -> None:
    uploads = [receive(received, b"x", name=name) for name in ("a.png", "a.png", "../../up.png", "\x00/.. ")]
    folders = {upload.path.parent for upload in uploads}
    assert len(folders) == 4 and all(len(folder.name) == 32 and folder.parent == received.folder for folder in folders)
    assert [upload.path.name for upload in uploads] == ["a.png", "a.png", "up.png", "upload"]
    with received.using(*uploads) as paths:
        assert all(path.read_bytes() == b"x" for path in paths)
    assert not left(received)


def test_what_breaks_off_or_is_too_large_leaves_nothing(received: Uploads) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        outcome(received.receive(broken(), "Ada", "a.png", 10))
    with pytest.raises(UserError, match=r"“a\.png” has"):
        receive(received, b"x" * 6, b"x" * 6, largest=10)
    with pytest.raises(UserError, match="is empty"):
        receive(received)
    assert not left(received)
    assert receive(received, b"x" * 10, largest=10).size == 10


def test_quotas(received: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "OWNER_BYTES", 10)
    monkeypatch.setattr(incoming, "ALL_BYTES", 15)
    first = receive(received, b"x" * 8)
    with pytest.raises(UserError, match="not read yet take over 0 GB"):
        receive(received, b"x" * 3)
    assert receive(received, b"x" * 7, owner="Grace").size == 7
    with pytest.raises(UserError, match="not read yet"):
        receive(received, b"x", owner="Joan")
    received.discard(first)
    assert receive(received, b"x" * 8).size == 8
    assert len(left(received)) == 2
    monkeypatch.setattr(incoming, "OWNER_FILES", 1)
    with pytest.raises(UserError, match="Over 1 uploads"):
        receive(received, b"")


def test_what_waits_is_deleted_after_an_hour_and_what_is_read_is_not(received: Uploads) -> None:
    late, held = receive(received, b"x"), receive(received, b"x")
    received.hold(held)
    waited = late.since
    assert waited is not None
    received.sweep(waited + KEPT_SECONDS - 1)
    assert late.path.exists()
    received.sweep(waited + KEPT_SECONDS + 1)
    assert not late.path.parent.exists() and held.path.exists()
    with pytest.raises(UserError, match=r"There is no upload “a\.png”"):
        received.take([late.token], "Ada")


def test_a_server_sweeps_by_itself(received: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "SWEEP_SECONDS", 0.001)
    monkeypatch.setattr(incoming, "KEPT_SECONDS", 0)
    upload, gone, closing = receive(received, b"x"), threading.Event(), threading.Event()
    monkeypatch.setattr(received, "discard", lambda late: late is upload and gone.set())
    sweeper = threading.Thread(target=received.sweep_until, args=(closing,))
    sweeper.start()
    assert gone.wait(30)
    closing.set()
    sweeper.join(30)
    assert not sweeper.is_alive()


def test_nobody_takes_what_is_anothers_or_in_use(received: Uploads) -> None:
    upload = receive(received, b"x")
    for token, owner in ((upload.token, "Grace"), (str(upload.path), "Ada"), ("../a.png", "Ada"), ("", "Ada")):
        with pytest.raises(UserError, match="There is no upload"):
            received.take([token], owner)
    assert received.take([upload.token, upload.token], "Ada") == [upload]
    with pytest.raises(UserError, match="There is no upload"):
        received.take([upload.token], "Ada")


def test_an_import_that_is_stopped_while_it_waits_deletes_its_file(filled: Browser) -> None:
    upload = receive(filled.page.uploads, b"x", owner=filled.draft)
    gate, running = threading.Event(), [threading.Event(), threading.Event()]

    def work(started: threading.Event) -> None:
        started.set()
        assert gate.wait(30)

    for number, started in enumerate(running):  # nothing else can run meanwhile
        busy = Job(f"busy-{number}", "another", "import", work=lambda _, at=started: work(at), report=lambda: None)
        filled.page.jobs.start(busy)
        assert started.wait(30)
    start_import(filled.context, upload)
    (job,) = (job for job in filled.page.jobs.of(filled.draft) if job.kind == "import")
    assert upload.path.exists()
    filled.page.jobs.stop(filled.draft, job.id)
    assert not upload.path.parent.exists()
    gate.set()


def test_the_same_picture_from_many_sessions_at_once(client: TestClient, browser: Browser, paint: Paint) -> None:
    data = paint("a.png", (1, 2, 3), 400).read_bytes()
    drafts = [Browser(browser.page, f"tab-{n}").draft for n in range(4)]

    def upload(draft: str) -> list[str]:
        answer = client.post(
            f"/workbench/uploads?draft={draft}&target=queries", content=data, headers={"X-Path": "a.png"}
        )
        return answer.text.splitlines()

    with ThreadPoolExecutor(8) as several:
        answers = list(several.map(upload, drafts * 3))
    assert all(len(lines) == 1 and '"error": ""' in lines[0] for lines in answers)
    assert len({lines[0] for lines in answers}) == 1
    assert not left(browser.page.uploads)


# --- through the API -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_api_uses_uploads_up_and_reads_nothing_else(address: str, api: Client, paint: Paint, page: Any) -> None:
    classes = {"red/1.png": paint("r.png", (200, 9, 9)), "blue/1.png": paint("b.png", (9, 9, 200))}
    support = handle_file(zipped(paint("x.png", (1, 2, 3)).parent, classes))
    api.predict(handle_file(paint("q.png", (9, 9, 9))), support, api_name="/predict")
    assert not left(page.uploads)

    secret = page.workspace.folder / "secret.png"
    secret.write_bytes(paint("s.png", (1, 1, 1)).read_bytes())
    own = page.uploads.folder / "guessed"
    own.mkdir(parents=True)
    (own / "a.png").write_bytes(secret.read_bytes())
    with serving() as site:
        site.answers["/x.png"] = Answer(secret.read_bytes())
        for path in (str(secret), str(own / "a.png"), "guessed/a.png", f"{site.address}/x.png"):
            file = {"path": path, "url": path, "meta": {"_type": "gradio.FileData"}}
            call = httpx.post(f"{address}/gradio_api/call/caption", json={"data": [file, None]}).json()["event_id"]
            answer = httpx.get(f"{address}/gradio_api/call/caption/{call}").text
            assert answer.startswith("event: error") and "There is no upload" in answer
        assert not site.asked


@pytest.mark.slow
def test_files_of_one_request(client: TestClient, page: Any) -> None:
    files = [("files", ("a.png", b"x" * 100_000)), ("files", ("貓.png", b"y"))]
    tokens = client.post("/gradio_api/upload", files=files).json()
    first, second = page.uploads.take(tokens, "the API")
    assert (first.path.name, first.path.read_bytes()) == ("a.png", b"x" * 100_000)
    assert (second.path.name, second.path.read_bytes()) == ("貓.png", b"y")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "text/plain"),
        (b"", "multipart/form-data"),
        (b"nonsense", "multipart/form-data; boundary=b"),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\ntext\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx\r\n' * 21 + b"--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_forms_that_are_none_leave_nothing(client: TestClient, page: Any, content: bytes, kind: str) -> None:
    answer = client.post("/gradio_api/upload", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 409 and "no form" in answer.json()["error"]
    assert not left(page.uploads)


# --- one server ----------------------------------------------------------------------------------------------------

HOLDER = """
import sys
from pathlib import Path
from fsl_demo.ui.jobs import Job
from fsl_demo.ui.one_server import OneServer
only = OneServer(Path(sys.argv[1]))
with only.held():
    only.announce("http://127.0.0.1:7860")
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_server_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    first = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    assert first.stdout is not None and first.stdout.readline() == b"held\n"
    (tmp_path / "link").symlink_to(folder)
    for name in (folder, tmp_path / "link"):
        with (
            pytest.raises(UserError, match=r"already open at http://127\.0\.0\.1:7860\. Use that"),
            OneServer(name).held(),
        ):
            pass
    assert Workspace(folder).episodes() == []  # the command line reads and writes beside it
    first.kill()
    first.wait()
    with OneServer(folder).held():
        assert not (folder / "server.address").exists()
    with OneServer(folder).held():
        pass
