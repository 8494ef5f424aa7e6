"""The worst files known, uploaded beside a person who works: clicks stay quick, and the server stays small.

python -m tests.hardening.uploads --minutes 20
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.core.picture_files import chunk, encoded, png
from tests.hardening.pictures import resident

ROOT = Path(__file__).parents[2]
MAX_CLICK_SECONDS, MAX_SERVER_MEGABYTES, MAX_LEFT_MEGABYTES = 0.3, 1_500, 200
FILES, AT_ONCE = 200, 3
SIDE = 6_300


def worst() -> Iterator[tuple[str, bytes]]:
    """Files that cost the most for what they weigh, by name; as many as one likes."""
    blank, noise = Image.new("RGB", (SIDE, SIDE), "navy"), np.random.default_rng(0).integers(0, 256, (2_400, 2_700, 3))
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "subsampling": 0}),
        ("PNG", {"compress_level": 9}),
        ("WEBP", {"method": 0, "quality": 10}),
        ("GIF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("HEIF", {"quality": 10}),
        ("AVIF", {"quality": 10, "speed": 10}),
    ]
    plain = [(f"blank.{kind.lower()}", encoded(blank, kind, **options)) for kind, options in kinds]
    plain.append(("alpha.png", encoded(blank.convert("RGBA"), "PNG")))
    plain.append(("deep.png", png(SIDE, SIDE, bits=16, colour=2, rows=bytes((1 + 6 * SIDE) * SIDE))))
    plain.append(("noise.png", encoded(Image.fromarray(noise.astype(np.uint8)), "PNG", compress_level=1)))
    plain.append(("short.png", png(SIDE, SIDE, bits=8, colour=2, rows=bytes(1 + 3 * SIDE))))
    plain.append(("text.png", with_text(encoded(Image.new("RGB", (9, 9)), "PNG"))))
    plain += [(f"{count}-scans.jpg", many_scans(count)) for count in (50, 80, 2_000)]
    plain += [("same.zip", zipped([plain[2][1]] * 20)), ("all.zip", zipped([data for _, data in plain[:8]]))]
    plain += [("nested.zip", zipped([zipped([bytes(1_000_000)] * 5)])), ("zeros.zip", zipped([bytes(400_000_000)]))]
    while True:
        yield from plain


def with_text(data: bytes) -> bytes:
    """A PNG with compressed text that unfolds to 300 MB."""
    return data[:33] + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(300_000_000))) + data[33:]


def many_scans(count: int) -> bytes:
    """A progressive JPEG of twelve megapixels that goes over its coefficients so many times."""
    data = bytearray(encoded(Image.new("L", (16, 16), 90), "JPEG", progressive=True))
    at = data.index(b"\xff\xc2")
    data[at + 5 : at + 9] = struct.pack(">HH", 3_000, 4_000)
    scan = struct.pack(">BBHBBBBBB", 0xFF, 0xDA, 8, 1, 1, 0, 1, 63, 0) + b"\x00" * 4
    return bytes(data[:-2]) + bytes(190_000) + scan * count + b"\xff\xd9"


def zipped(files: list[bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"class {number % 3}/{number}.png", data)
    return buffer.getvalue()


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
    return ["kept" if line["sha"] else f"refused: {line['error'][:60]}" for line in lines] or ["nothing said"]


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
    ends, peak, over = time.monotonic() + 60 * chosen.minutes, 0, threading.Event()
    files = worst()
    prepared = [next(files) for _ in range(chosen.count)]
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), chosen.port) as (address, process):
        draft, person = opened(address), Worker(address)
        send(address, draft, name="first.png", data=encoded(Image.new("RGB", (99, 99)), "PNG"))
        first = settled(process)

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
                answers.update(results)
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
