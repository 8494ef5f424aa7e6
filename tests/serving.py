"""A web server on this machine, for downloads that break off, lie, redirect or succeed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Answer:
    """What the server says at a path: `promised` bytes are announced, `body` is sent once `gate` is open.

    Attributes:
        named: its hash is named, as hubs do.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    gate: threading.Event | None = None
    named: bool = True


@dataclass
class Site:
    """A running server; `asked` are the paths that were requested, in order."""

    address: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            answer = site.answers.get(self.path, Answer(status=404))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.named and "X-Linked-Etag" not in answer.headers:
                self.send_header("X-Linked-Etag", f'"{hashlib.sha256(answer.body).hexdigest()}"')
            self.send_header("Content-Length", str(len(answer.body) if answer.promised is None else answer.promised))
            self.end_headers()
            if answer.gate is not None:
                answer.gate.wait(timeout=30)
            with suppress(ConnectionError):  # who asked may have stopped listening
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server that stands in for the model hub."""
    monkeypatch.setenv("NO_PROXY", "*")
    with serving() as site:
        template = f"{site.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield site
