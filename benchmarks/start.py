"""Seconds from starting the program to a page that answers."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

APP = Path(__file__).parents[1] / "app.py"
PATIENCE = 120


def seconds() -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(APP), "--port", str(port), "--workspace", folder]
        started = time.perf_counter()
        program = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not _answers(f"http://127.0.0.1:{port}/"):
                if program.poll() is not None or time.perf_counter() - started > PATIENCE:
                    raise RuntimeError("the program did not start")
                time.sleep(0.02)
            return time.perf_counter() - started
        finally:
            program.kill()
            program.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as page:
            return page.status == 200
    except OSError:
        return False
