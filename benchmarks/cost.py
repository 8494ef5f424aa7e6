"""What a label, a warm prediction and an open tab cost a server, in CPU seconds, which a busy machine changes little.

python -m benchmarks.cost

One person works as in `benchmarks.load`, without pauses.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import LEAST_QUERIES, Person, when_ready
from tests.browser.conftest import Workbench

LABELS, PREDICTIONS = 100, 20
TABS, IDLE = 32, 20.0
"""Tabs that are open while nothing is done in them, and for how many seconds."""


def run() -> dict[str, Any]:
    """CPU milliseconds an action, and the shares of a core that an idle server takes."""
    with tempfile.TemporaryDirectory() as folder:
        workbench = Workbench(Path(folder))
        try:
            when_ready(workbench.address)
            server = psutil.Process(workbench.process.pid)
            alone = _idle(server)
            person = _tab(workbench.address, 0)
            classes, queries = person.bring()
            first = _spent(server, lambda: person.predict("first prediction"))
            chance = random.Random(0)

            def label() -> None:
                for _ in range(LABELS):
                    person.edit("label", query=chance.choice(queries), answer=chance.choice(classes), seconds=1.0)

            label()
            labels, predictions = _spent(server, label), []
            for number in range(PREDICTIONS):
                person.learn(classes, queries, number)
                predictions.append(_spent(server, lambda: person.predict("warm prediction")))
            tabs = [_tab(workbench.address, number) for number in range(1, TABS)]
            together = _idle(server)
        finally:
            workbench.kill()
    return {
        "label, ms": round(1000 * labels / LABELS, 1),
        f"warm prediction of {LEAST_QUERIES} to 24 queries, ms": {
            "mean": round(1000 * statistics.mean(predictions)),
            "most": round(1000 * max(predictions)),
        },
        "first prediction of 49 pictures, ms": round(1000 * first),
        "idle, no tab, share of a core": round(alone, 3),
        f"idle, {len(tabs) + 1} tabs, share of a core": round(together, 3),
    }


def _tab(address: str, number: int) -> Person:
    """A person with an open page."""
    person = Person(address, number, until=0.0, pause=0.0)
    person.open()
    threading.Thread(target=person.listen, daemon=True).start()
    return person


def _spent(server: psutil.Process, act: Callable[[], None]) -> float:
    """CPU seconds of a server and its children while something is done."""
    before = _used(server)
    act()
    return _used(server) - before


def _idle(server: psutil.Process) -> float:
    return _spent(server, lambda: time.sleep(IDLE)) / IDLE


def _used(server: psutil.Process) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in (server, *server.children(recursive=True)))


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
