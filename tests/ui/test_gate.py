"""The gate: what a stranger gets at every route of the running application, and what the workbench's own page gets."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.client import HTTPConnection

import httpx
import pytest
from fastapi.routing import _IncludedRouter
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fsl_demo.core.registry import Registry
from fsl_demo.store import Workspace
from fsl_demo.ui import server
from fsl_demo.ui.page import Page
from fsl_demo.ui.security import bodies, guarded
from fsl_demo.ui.security.addresses import Addresses, is_loopback
from fsl_demo.ui.security.doors import is_open
from fsl_demo.ui.security.heads import WAITING
from fsl_demo.ui.server import application, routes_of, running
from tests.ui.conftest import outcome

OWN = "http://127.0.0.1:7860"
ADDRESSES = Addresses.of("127.0.0.1", 7860)

OPEN = """
GET /
HEAD /
GET /assets/{path:path}
GET /config
GET /config/
GET /favicon.ico
GET /gradio_api/call/{api_name}/{event_id}
GET /gradio_api/heartbeat/{session_hash}
GET /gradio_api/info
GET /gradio_api/info/
GET /gradio_api/queue/data
GET /gradio_api/startup-events
GET /gradio_api/theme.css
GET /healthz
GET /healthz/live
GET /manifest.json
GET /metrics
GET /pwa_icon
GET /pwa_icon/{size}
GET /robots.txt
GET /static/{path:path}
GET /theme.css
GET /workbench/examples/{recipe}/{number}.jpg
GET /workbench/exports/{file}
GET /workbench/heat-maps/{digest}.png
GET /workbench/pictures/{sha256}/shown
GET /workbench/pictures/{sha256}/thumbnail
GET /workbench/places.js
GET /workbench/plotly.js
GET /workbench/receipts/{finetuning}
GET /workbench/requests.js
GET /workbench/results.csv
GET /workbench/static/{path:path}
GET /workbench/stream
GET /workbench/texts.js
POST /gradio_api/call/{api_name}
POST /gradio_api/call/{api_name}/
POST /gradio_api/cancel
POST /gradio_api/queue/join
POST /gradio_api/reset
POST /gradio_api/reset/
POST /gradio_api/upload
POST /workbench/checkpoints
POST /workbench/data
POST /workbench/edits
POST /workbench/imports
POST /workbench/job
POST /workbench/job/dismiss
POST /workbench/job/stop
POST /workbench/layout
POST /workbench/live
POST /workbench/open
POST /workbench/panel
POST /workbench/uploads
"""
"""Every route that the workbench's own page, or a program on this machine, can reach. All others are not there."""

STRANGERS: dict[str, dict[str, str]] = {
    "a foreign name that points here": {"Host": "evil.example:7860"},
    "a foreign name without a port": {"Host": "evil.example"},
    "another port": {"Host": "127.0.0.1:7861"},
    "a name that begins like ours": {"Host": "127.0.0.1.evil.example:7860"},
    "a name behind a person": {"Host": "127.0.0.1@evil.example:7860"},
    "nobody": {"Host": ""},
    "a script of another site": {"Origin": "https://evil.example"},
    "a page without an origin": {"Origin": "null"},
    "a script of another port": {"Origin": "http://127.0.0.1:8000"},
    "a script of the other name of this machine": {"Origin": "http://localhost:7860"},
    "a script of the encrypted site": {"Origin": "https://127.0.0.1:7860"},
    "a picture or form of another site": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "a link on another site": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"},
    "a neighbour": {"Sec-Fetch-Site": "same-site"},
    "a lie about the site": {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    "an old browser on another site": {"Referer": "https://evil.example/page"},
    "an old browser on a site that begins like ours": {"Referer": f"{OWN}.evil.example/"},
}
GUESTS: dict[str, dict[str, str]] = {
    "a program": {},
    "a program that names this machine": {"Host": "localhost:7860"},
    "a program that takes IPv6": {"Host": "[::1]:7860"},
    "the page's script": {"Origin": OWN, "Sec-Fetch-Site": "same-origin"},
    "a person": {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
    "an old browser": {"Referer": f"{OWN}/"},
}


def routes_under(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of each route, of those that are mounted too."""
    for route in routes:
        if isinstance(route, Mount):
            yield from routes_under(route.routes, prefix + route.path)
        elif isinstance(route, _IncludedRouter):
            yield from routes_under(route.original_router.routes, prefix)
        else:
            assert isinstance(route, Route), route
            yield from ((method, prefix + route.path) for method in sorted(route.methods or ()))


def example(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "7", path).replace("/call/7", "/call/predict")


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    built = application(Page(Workspace(tmp_path_factory.mktemp("gate")), Registry([])))
    return sorted(set(routes_under(built.routes)))


class Inside:
    """Stands behind the gate, and remembers who came through."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(f"{scope['method']} {scope['path']}")
        await Response("the inside", headers={"Access-Control-Allow-Origin": "*"})(scope, receive, send)


@dataclass
class Answer:
    status: int
    headers: Headers
    text: str


def ask(app: ASGIApp, method: str, path: str, headers: Mapping[str, str]) -> Answer:
    """What the application answers, without a client's ado: there are thousands of questions."""
    told = {"host": "127.0.0.1:7860", **{name.lower(): value for name, value in headers.items()}}
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw}
    outcome(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return Answer(messages[0]["status"], Headers(raw=messages[0]["headers"]), body.decode())


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
def gate(inside: Inside) -> TestClient:
    return TestClient(guarded(inside, ADDRESSES), base_url=OWN)


def test_every_route_has_a_decision(routes: list[tuple[str, str]]) -> None:
    """Add a new route to OPEN, or leave it shut."""
    assert len(routes) > 90  # Gradio's are among them
    opened = [f"{method} {path}" for method, path in routes if is_open(method, example(path))]
    assert opened == sorted(OPEN.split("\n")[1:-1])


@pytest.mark.parametrize("who", STRANGERS)
def test_a_stranger_gets_nothing_of_any_route(routes: list[tuple[str, str]], inside: Inside, who: str) -> None:
    gate = guarded(inside, ADDRESSES)
    for method, path in [*routes, ("OPTIONS", "/"), ("POST", "/"), ("DELETE", "/workbench/edits"), ("GET", "/nowhere")]:
        answer = ask(gate, method, path=example(path), headers=STRANGERS[who])
        assert answer.status in (400, 403), (method, path)
        assert re.search(r"so (nothing is answered there|it was refused)\. Open", answer.text), answer.text
        assert "access-control-allow-origin" not in answer.headers
    assert not inside.asked


@pytest.mark.parametrize("who", GUESTS)
def test_the_page_a_person_and_a_program_get_what_is_open_and_nothing_else(
    routes: list[tuple[str, str]], inside: Inside, who: str
) -> None:
    gate, opened = guarded(inside, ADDRESSES), OPEN.split("\n")[1:-1]
    for method, path in routes:
        answer = ask(gate, method, path=example(path), headers=GUESTS[who])
        if f"{method} {path}" in opened:
            assert answer.status == 200, (method, path)
        else:
            assert answer.status == 404 and "There is nothing at this address." in answer.text
    assert len(inside.asked) == len(opened)


def test_a_preflight_is_never_allowed(gate: TestClient, inside: Inside) -> None:
    for origin, status in (("https://evil.example", 403), ("http://localhost:7860", 403), (OWN, 404)):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-path"}
        answer = gate.options("/workbench/uploads", headers=asked)
        assert answer.status_code == status
        assert not [name for name in answer.headers if name.startswith("access-control")]
    answer = gate.get("/config", headers={"Origin": OWN})
    assert answer.text == "the inside" and not [name for name in answer.headers if name.startswith("access-control")]


def test_every_answer_carries_the_headers(gate: TestClient) -> None:
    for path, headers in (("/config", {}), ("/nowhere", {}), ("/", STRANGERS["a neighbour"]), ("/", {"Host": "evil"})):
        answer = gate.get(path, headers=headers)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=(self)" in answer.headers["permissions-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_what_is_refused_is_said_to_a_person_in_their_language(gate: TestClient) -> None:
    asked = {**STRANGERS["a link on another site"], "Accept-Language": "zh-TW"}
    answer = gate.get("/", headers=asked)
    assert "這個要求來自其他網站" in answer.text and f'<a href="{OWN}/">' in answer.text
    answer = gate.get("/", headers={"Host": "<script>evil()</script>", "Accept": "text/html"})
    assert answer.status_code == 400 and "<script>" not in answer.text


# --- addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listening", "host", "own"),
    [
        (("127.0.0.1", 80), "127.0.0.1", "http://127.0.0.1"),
        (("127.0.0.1", 80), "localhost:80", "http://localhost"),
        (("127.0.0.1", 80), "LOCALHOST", "http://localhost"),
        (("127.0.0.1", 7860), "localhost", None),
        (("127.0.0.1", 7860), "localhost:", None),
        (("127.0.0.1", 7860), "localhost:7860/", None),
        (("127.0.0.1", 7860), "localhost:7860 ", None),
        (("127.0.0.1", 7860), "localhost:abc", None),
        (("127.0.0.1", 7860), "[::1", None),
        (("::1", 7860), "[::1]:7860", "http://[::1]:7860"),
        (("lab.example", 7860), "lab.example:7860", "http://lab.example:7860"),
        (("lab.example", 7860), "localhost:7860", None),
        (("0.0.0.0", 7860), "10.0.0.7:7860", "http://10.0.0.7:7860"),
        (("0.0.0.0", 7860), "10.0.0.8:7860", None),
        (("0.0.0.0", 7860), f"{socket.gethostname()}:7860", f"http://{socket.gethostname().lower()}:7860"),
    ],
)
def test_hosts(listening: tuple[str, int], host: str, own: str | None) -> None:
    assert Addresses.of(*listening).match(host, {"server": ("10.0.0.7", listening[1])}) == own


def test_an_address_that_a_proxy_has() -> None:
    addresses = Addresses.of("127.0.0.1", 7860, public="https://lab.example")
    assert addresses.match("lab.example", {}) == "https://lab.example"
    assert addresses.match("lab.example:443", {}) == "https://lab.example"
    assert addresses.match("lab.example:80", {}) is None and addresses.match("lab.example:7860", {}) is None
    assert addresses.match("127.0.0.1:7860", {}) == "http://127.0.0.1:7860"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.0.0.9", True), ("0.0.0.0", False), ("lab", False)],
)
def test_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


# --- sizes ---------------------------------------------------------------------------------------------------------


class Reading:
    """Reads the whole body, as any route does, and answers with its length; an error ends as FastAPI's do."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await Request(scope, receive).body()
            await Response(str(len(body)))(scope, receive, send)
        except ClientDisconnect:
            await Response("an error of its own", 400)(scope, receive, send)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(bodies, "BODY_BYTES", 1_000)
    monkeypatch.setattr(bodies, "PATIENCE", 0.05)
    monkeypatch.setitem(bodies.LARGEST, "/workbench/uploads", 3_000)
    return TestClient(guarded(Reading(), ADDRESSES), base_url=OWN)


def parts(count: int) -> Iterator[bytes]:
    """A body that does not say how long it will be."""
    yield from (b"x" * 100 for _ in range(count))


@pytest.mark.parametrize(
    ("path", "count", "status"),
    [
        ("/workbench/edits", 10, 200),
        ("/workbench/edits", 11, 413),
        ("/gradio_api/queue/join", 11, 413),
        ("/workbench/uploads", 30, 200),
        ("/workbench/uploads", 31, 413),
    ],
)
def test_bodies_are_bounded_whatever_they_say(reading: TestClient, path: str, count: int, status: int) -> None:
    for content in (b"".join(parts(count)), parts(count)):
        answer = reading.post(path, content=content)
        assert answer.status_code == status, answer.text
        assert answer.text == str(100 * count) or "so it was refused. Send less at once." in answer.json()["error"]


def test_a_length_that_is_none_is_refused(gate: TestClient, inside: Inside) -> None:
    for length in ("-1", "many", "9" * 30):
        assert gate.post("/workbench/edits", content=b"", headers={"Content-Length": length}).status_code == 413
    assert not inside.asked


def test_headers_are_bounded(gate: TestClient, inside: Inside) -> None:
    answer = gate.get("/", headers={"X-Path": "x" * bodies.HEADER_BYTES})
    assert answer.status_code == 431 and "over 32 kB" in answer.json()["error"] and not inside.asked


def test_a_slow_body_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.05)
    sent: list[Message] = []

    async def receive() -> Message:
        if not sent:
            sent.append({})
            return {"type": "http.request", "body": b"begun", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    answers: list[Message] = []

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {"type": "http", "method": "POST", "path": "/workbench/edits", "headers": [(b"host", b"127.0.0.1:7860")]}
    outcome(guarded(Reading(), ADDRESSES)(scope, receive, send))
    assert answers[0]["status"] == 408 and b"came too slowly" in answers[1]["body"]


# --- the running server ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_served_application_stands_behind_the_gate(address: str) -> None:
    page = httpx.get(address)
    policy = page.headers["content-security-policy"]
    (nonce,) = re.findall(r"'nonce-([\w-]+)'", policy)
    scripts = re.findall(r"<script[^>]*>", page.text)
    assert scripts and all(f'nonce="{nonce}"' in script for script in scripts)
    assert "unsafe-eval" not in policy and "'unsafe-inline'" not in policy.partition("style-src")[0]
    assert httpx.get(address).headers["content-security-policy"] != policy
    assert "server" not in page.headers
    assert httpx.get(address, headers={"Host": "evil.example"}).status_code == 400
    assert httpx.get(f"{address}/gradio_api/file=/etc/hostname").status_code == 404
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * 100_000)
        assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_slow_headers_keep_nobody_out(page: Page) -> None:
    """Connections on which a head begins, and does not end."""
    begun = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
    with running(routes_of(page), "127.0.0.1", 0) as address, ExitStack() as opened:
        at = ("127.0.0.1", int(address.rpartition(":")[2]))
        person = opened.enter_context(closing(HTTPConnection(*at)))
        person.connect()
        person.auto_open = 0  # the connection that it works on is not ended
        stream = opened.enter_context(socket.create_connection(at))
        stream.sendall(
            b"POST /workbench/edits HTTP/1.1\r\nHost: %s\r\nContent-Length: 2\r\n\r\n{" % address[7:].encode()
        )
        slow = []
        for number in range(WAITING + 100):
            slow.append(opened.enter_context(socket.create_connection(at)))
            slow[-1].sendall(begun)
            if number % 100 == 99:
                person.request("GET", "/workbench/static/main.js")
                answer = person.getresponse()
                assert answer.status == 200 and answer.read()
                assert httpx.get(f"{address}/workbench/static/main.js").status_code == 200
        ended = [connection for connection in slow if _is_ended(connection)]
        assert len(ended) >= 100 and set(ended).isdisjoint(slow[-100:])
        slow[-1].sendall(b"x\r\nConnection: close\r\n\r\n")
        assert slow[-1].recv(100).startswith(b"HTTP/1.1 ")
        stream.sendall(b"}")  # a request that had begun goes on
        assert stream.recv(100).startswith(b"HTTP/1.1 422")


def test_a_connection_waits_for_another_request_as_long_as_it_should(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "KEEP_ALIVE", 0.01)
    with running(routes_of(page), "127.0.0.1", 0) as address, closing(HTTPConnection(address[7:])) as connection:
        connection.timeout = 3
        connection.request("GET", "/healthz/live")
        assert connection.getresponse().read() and connection.sock.recv(1) == b""


def _is_ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
    finally:
        connection.setblocking(True)
