"""The page behind the proxies of `deploy/`, where they are installed: log-in, events, uploads, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fsl_demo.store import accounts as stored_accounts
from fsl_demo.ui.incoming import LARGEST_ARCHIVE
from fsl_demo.ui.page import Page
from fsl_demo.ui.server import Reach, routes_of, running
from tests.hardening.serving import png
from tests.ui.conftest import until
from tests.ui.test_accounts import CERTIFICATE, KEY, PASSWORD

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "https://lab.example"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def replaced(text: str, **places: str) -> str:
    for old, new in places.items():
        old = old.replace("__", " ")
        assert old in text, old
        text = text.replace(old, new)
    return text


def nginx(folder: Path, inner: int, outer: int) -> list[str]:
    """The command that runs nginx with the configuration of `deploy/`."""
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = replaced(text, listen__443=f"listen 127.0.0.1:{outer}", listen__80=f"listen 127.0.0.1:{free_port()}")
    text = text.replace("127.0.0.1:7860", f"127.0.0.1:{inner}").replace("/etc/ssl/lab.example", str(folder / "cert"))
    temporary = "".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = (
        f"pid {folder / 'pid'}; error_log {folder / 'log'}; events {{}} http {{ access_log off; {temporary} {text} }}"
    )
    (folder / "nginx.conf").write_text(whole, encoding="utf-8")
    return ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "log"), "-g", "daemon off;"]


def caddy(folder: Path, inner: int, outer: int) -> list[str]:
    """The command that runs Caddy with the configuration of `deploy/`."""
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    tls = f"https://lab.example:{outer}, https://127.0.0.1:{outer} {{\n tls {folder / 'cert.pem'} {folder / 'cert.key'}"
    text = text.replace("lab.example {", tls).replace("127.0.0.1:7860", f"127.0.0.1:{inner}")
    whole = f"{{\n admin off\n auto_https disable_redirects\n storage file_system {folder / 'state'}\n}}\n{text}"
    (folder / "Caddyfile").write_text(whole, encoding="utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def client(request: Any, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """Somebody who asks the proxy, under the name that the page has there."""
    name = request.param.__name__
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    hasher = stored_accounts.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(stored_accounts, "_hasher", hasher)
    page.workspace.accounts.add("Ada", "annotator", PASSWORD)
    (tmp_path / "cert.pem").write_text(CERTIFICATE)
    (tmp_path / "cert.key").write_text(KEY)
    inner, outer = free_port(), free_port()
    trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    asker = httpx.Client(
        base_url=f"https://127.0.0.1:{outer}",
        headers={"Host": "lab.example", "Origin": NAME},
        verify=trusted,
        timeout=30,
    )
    app = routes_of(page, page.workspace.accounts)
    command = request.param(tmp_path, inner, outer)
    with running(app, "127.0.0.1", inner, reach=Reach(NAME)), proxy(command, outer), asker:
        yield asker


@contextmanager
def proxy(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: process.poll() is not None or _listens(port), "the proxy")
            assert process.poll() is None, command
            yield
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_person_works_behind_a_proxy(client: httpx.Client) -> None:
    assert client.get("/workbench/texts.js").status_code == 401
    answer = client.post("/login", data={"username": "Ada", "password": PASSWORD})
    assert answer.status_code == 200 and "Secure" in answer.headers["set-cookie"]
    client.cookies = httpx.Cookies({"fsl_session": answer.cookies["fsl_session"]})
    draft = client.post("/workbench/open", json={"draft": "", "name": "new", "values": {}}).json()["draft"]
    sent = {"draft": draft, "target": "queries"}
    uploaded = client.post("/workbench/uploads", params=sent, content=png(1), headers={"X-Path": "q.png"}).json()
    assert client.get(f"/workbench/pictures/{uploaded['sha']}/thumbnail").headers["content-type"] == "image/webp"
    events: list[Any] = []

    def listen() -> None:
        asked = {"draft": draft, "tab": "other", "at": ""}
        with client.stream("GET", "/workbench/stream", params=asked) as lines:
            for line in lines.iter_lines():
                if line.startswith("data: "):
                    events.append(json.loads(line[6:]))
                if len(events) == 2:
                    return

    threading.Thread(target=listen, daemon=True).start()
    until(lambda: len(events) == 1, "what the page has")
    edit = {"n": 1, "type": "set_title", "values": {"title": "behind a proxy"}}
    client.post("/workbench/edits", json={"draft": draft, "tab": "first", "at": "", "edits": [edit]})
    until(lambda: len(events) == 2, "what was edited in another tab")
    assert "behind a proxy" in json.dumps(events[1])


def test_what_is_refused_behind_a_proxy(client: httpx.Client) -> None:
    assert client.get("/healthz/live").json() == {"live": True}
    assert client.get("/healthz/live", headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.get("/metrics").status_code == 404
    assert client.get("/gradio_api/file=/etc/passwd").status_code == 404


def test_the_largest_archive_passes() -> None:
    sizes = [
        int(match)
        for file in ("nginx.conf", "Caddyfile")
        for match in re.findall(
            r"max_(?:body_)?size (\d+)M", (DEPLOY / file).read_text(encoding="utf-8"), re.IGNORECASE
        )
    ]
    assert len(sizes) == 2 and min(sizes) * 1_000_000 > LARGEST_ARCHIVE + 100_000


def test_other_names_are_not_answered(client: httpx.Client) -> None:
    try:
        answer = client.get("/healthz/live", headers={"Host": "evil.example", "Origin": "https://evil.example"})
    except httpx.HTTPError:
        return
    assert answer.status_code in (400, 421) or not answer.content
