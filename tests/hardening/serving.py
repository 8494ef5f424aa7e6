"""A server in a process of its own, which can be killed, and what a browser asks it for."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.colours import painted

START_SECONDS = 60
FORK = multiprocessing.get_context("fork")
"""What is imported once need not be imported by each server."""


@contextmanager
def served(workspace: Path) -> Iterator[tuple[str, int]]:
    """The workbench on a workspace, as `python app.py` serves it: its address and process. It is killed at the end."""
    from fsl_demo.services import freezing
    from fsl_demo.ui import server, warming

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def serve() -> None:
        warming.start = lambda page: threading.Thread()  # the networks are not what is tried
        freezing.groups = lambda registry, pictures, folder, progress: [[picture.sha256] for picture in pictures]
        server.serve(workspace, "127.0.0.1", port, open_browser=False)

    process = FORK.Process(target=serve)
    process.start()
    assert process.pid is not None
    try:
        _await(port, process)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()


def _await(port: int, process: Any) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.is_alive():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError("the server does not start")


@dataclass
class Client:
    """A browser tab.

    Attributes:
        at: what it has of the document; see `Board`.
        seconds: how long each request took.
    """

    address: str
    tab: str
    draft: str = ""
    number: int = 0
    at: str = ""
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=f"{self.address}/workbench", headers={"Origin": self.address}, timeout=60)

    def post(self, path: str, **options: Any) -> httpx.Response:
        started = time.perf_counter()
        answer = self.http.post(path, **options)
        self.seconds.append(time.perf_counter() - started)
        if answer.is_error:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text[:200]}")
        return answer

    def open(self, name: str = "new") -> str:
        self.draft = self.post("/open", json={"draft": self.draft, "name": name, "values": {}}).json()["draft"]
        return self.draft

    def edit(self, type: str, **values: Any) -> dict[str, Any]:
        """Make an edit; it is acknowledged once this returns."""
        self.number += 1
        edit = {"n": self.number, "type": type, "values": values}
        answer: dict[str, Any] = self.post(
            "/edits", json={"draft": self.draft, "tab": self.tab, "at": self.at, "edits": [edit]}
        ).json()
        self.at = answer["at"]
        assert answer["taken"] == self.number
        wrong = [notice["text"] for notice in answer["notices"] if notice["kind"] == "error"]
        assert not wrong, wrong
        return answer

    def upload(self, name: str, data: bytes, target: str) -> str:
        """Send a picture; gives its hash."""
        answer = self.post(
            "/uploads", params={"draft": self.draft, "target": target}, content=data, headers={"X-Path": name}
        )
        sha: str = json.loads(answer.text.splitlines()[0])["sha"]
        assert sha, answer.text
        return sha

    def job(self, kind: str) -> dict[str, Any]:
        """The end of the latest job of a kind."""
        while True:
            answer = self.post("/edits", json={"draft": self.draft, "tab": self.tab, "at": "", "edits": []}).json()
            for job in answer["parts"]["data:jobs"]:
                if job["kind"] == kind and job["state"] in ("done", "stopped", "failed"):
                    assert job["state"] == "done", job
                    self.post("/job/dismiss", json={"draft": self.draft, "name": job["id"]})
                    return dict(job)
            time.sleep(0.02)

    def fill(self, queries: int, seed: int) -> tuple[list[str], list[str]]:
        """Two classes with a picture each, and queries; gives the keys of the classes and the hashes of the queries."""
        classes = self.post("/edits", json={"draft": self.draft, "tab": self.tab, "at": "", "edits": []}).json()
        keys = [row["key"] for row in classes["parts"]["data:classes"]]
        for place, key in enumerate(keys):
            self.edit("rename", key=key, name=f"class {place}")
            sha = self.upload(f"support {place}.png", png(seed * 1_000 + place), key)
            self.edit("add_pictures", target=key, pictures=[[sha, ""]])
        shas = [
            self.upload(f"query {place}.png", png(seed * 1_000 + 10 + place), "queries") for place in range(queries)
        ]
        self.edit("add_pictures", target="queries", pictures=[[sha, ""] for sha in shas])
        return keys, shas


def png(seed: int) -> bytes:
    """A picture of its own."""
    buffer = io.BytesIO()
    painted((seed % 251, seed // 251 % 251, 90), seed, 16).save(buffer, "PNG")
    return buffer.getvalue()
