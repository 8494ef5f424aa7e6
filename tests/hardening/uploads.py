"""The worst files known, uploaded beside a person who works: clicks stay quick, and the server stays small.

python -m tests.hardening.uploads --minutes 20
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
from PIL import Image

from tests.core.picture_files import encoded
from tests.hardening.pictures import resident
from tests.hardening.worst_files import worst_files

ROOT = Path(__file__).parents[2]
MAX_CLICK_SECONDS, MAX_SERVER_MEGABYTES, MAX_LEFT_MEGABYTES = 0.3, 1_500, 200
FILES, AT_ONCE = 200, 3


@contextmanager
def server(workspace: Path, port: int) -> Iterator[tuple[str, int]]:
    """The workbench in a process of its own: its address and the id of the process."""
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "app.py", "--workspace", str(workspace), "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(600):
                try:
                    httpx.get(address)
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            yield address, process.pid
        finally:
            process.terminate()


class Worker:
    """A person who clicks while others upload."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._ended = threading.Event()
        self.seconds: list[float] = []
        self.draft = opened(address)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        with httpx.Client(base_url=self._address, timeout=60) as client:
            number = 0
            while not self._ended.wait(0.2):
                number += 1
                edit = {"n": number, "type": "title", "values": {"title": f"title {number}"}}
                started = time.monotonic()
                client.post("/workbench/edits", json={"draft": self.draft, "tab": "t", "at": "", "edits": [edit]})
                self.seconds.append(time.monotonic() - started)


def opened(address: str) -> str:
    draft: str = httpx.post(f"{address}/workbench/open", json={"draft": "", "name": "latest"}).json()["draft"]
    return draft


def send(address: str, draft: str, name: str, data: bytes) -> list[str]:
    """Upload a file; what came of each of its pictures."""
    given = {"x-path": name, "content-type": "application/octet-stream"}
    to = f"{address}/workbench/uploads?draft={draft}&target=queries"
    answer = httpx.post(to, content=data, headers=given, timeout=600)
    lines = map(json.loads, answer.text.splitlines())
    return ["kept" if line["sha"] else f"refused: {line['error']}" for line in lines] or ["nothing said"]


def settled(process: int) -> int:
    """Bytes in memory of a process and its children once they stay the same: networks load at first."""
    sizes = [resident(process)]
    for _ in range(120):
        time.sleep(1)
        sizes.append(resident(process))
        if len(sizes) > 10 and max(sizes[-10:]) - min(sizes[-10:]) < 2_000_000:
            break
    return sizes[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=FILES, help="files (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=20, help="stop after so long (default: %(default)s)")
    parser.add_argument("--port", type=int, default=7_999, help="for the server (default: %(default)s)")
    chosen = parser.parse_args()
    peak, over = 0, threading.Event()
    files = list(worst_files())
    prepared = [files[number * len(files) // chosen.count] for number in range(chosen.count)]
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), chosen.port) as (address, process):
        draft, person = opened(address), Worker(address)
        send(address, draft, name="first.png", data=encoded(Image.new("RGB", (99, 99)), "PNG"))
        first, ends = settled(process), time.monotonic() + 60 * chosen.minutes

        def upload(file: tuple[str, bytes]) -> list[str]:
            return send(address, draft, name=file[0], data=file[1]) if time.monotonic() < ends else []

        def watch() -> None:
            nonlocal peak
            while not over.wait(0.01):
                peak = max(peak, resident(process))

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        answers: Counter[str] = Counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for results in pool.map(upload, prepared):
                answers.update({"files": bool(results)})
                answers.update(re.sub("“.*”", "…", result) for result in results)
        left = settled(process) - first
        over.set()
        person.stop()
    clicks = person.seconds
    print(json.dumps(dict(answers.most_common()), indent=1, ensure_ascii=False))
    figures = {
        "clicks": len(clicks),
        "median click": round(statistics.median(clicks), 3),
        "worst click": round(max(clicks), 3),
        "MB at first": first // 10**6,
        "MB at most": peak // 10**6,
        "MB left": left // 10**6,
    }
    print(json.dumps(figures))
    kept = max(clicks) < MAX_CLICK_SECONDS and peak < MAX_SERVER_MEGABYTES * 10**6
    return 0 if kept and left < MAX_LEFT_MEGABYTES * 10**6 else 1


if __name__ == "__main__":
    sys.exit(main())
