"""People who label and predict at once on one server, through the doors that a browser uses; figures as JSON.

python -m benchmarks.load --people 32 --minutes 10

The server is started for it, on a workspace that goes afterwards, and listens on 127.0.0.1. People come one after the
other, which takes time beside the minutes. Each adds 49 pictures of their own, predicts, and then until the end: labels
five queries with a pause before each, moves one into the support set, and predicts again: every method is fitted
anew on pictures that it has embedded before (`warm`). Once 20 queries are left, a class is named anew in place of that.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks import photos
from benchmarks.watching import Watching, figures
from fsl_demo.store import Workspace
from tests.browser.conftest import Workbench
from tests.hardening.serving import Client

MOST_PEOPLE, MOST_MINUTES = 64, 30
QUERIES, LABELS = 24, 5
"""Queries of a person, and labels between two predictions."""
LEAST_QUERIES = 20
"""Of these none joins the support set."""
PAUSE = 4.0
"""Seconds between two actions of a person, on average."""
ARRIVAL = 6.0
"""Seconds between two people who come."""
PATIENCE = 300.0
"""Seconds after which a job that is not over is an error."""


@dataclass
class Latencies:
    """Of one person: by what they waited for, when it was over and the seconds that it took.

    Attributes:
        labelled: the queries of which a label was acknowledged, but for those that joined the support set.
    """

    taken: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)

    def note(self, what: str, began: float) -> None:
        ended = time.monotonic()
        self.taken.setdefault(what, []).append((ended, ended - began))

    def since(self, what: str, start: float) -> list[float]:
        return [seconds for ended, seconds in self.taken.get(what, []) if ended >= start]


class Person(Client):
    """A browser tab with its stream of events, and somebody who works in it."""

    def __init__(self, address: str, number: int, until: float, pause: float) -> None:
        super().__init__(address, f"tab-{number}")
        self.person, self.until, self.pause = number, until, pause
        self.random = random.Random(number)
        self.latencies = Latencies()
        self._jobs: dict[str, dict[str, Any]] = {}
        self._changed = threading.Condition()

    def work(self, delay: float) -> Latencies:
        """Come after a while and work until the end; whatever goes wrong ends it and is noted."""
        time.sleep(delay)
        try:
            self.open()
            threading.Thread(target=self.listen, daemon=True).start()
            classes, queries = self.bring()
            self.predict("first prediction")
            rounds = 0
            while time.monotonic() < self.until:
                self._label(classes, queries)
                self.learn(classes, queries, rounds)
                self._rest()
                self.predict("warm prediction")
                rounds += 1
            self.edit("set_title", title=f"person {self.person}")
            self.edit("save")
        except Exception as error:
            self.latencies.errors.append(f"{type(error).__name__}: {error}"[:300])
        return self.latencies

    def learn(self, classes: Sequence[str], queries: list[str], number: int) -> None:
        """Change what the methods learn from: move a labelled query into the support set, or name a class anew."""
        if len(queries) > LEAST_QUERIES:
            self.edit("label", query=queries[0], answer=self.random.choice(classes), seconds=1.0)
            self.edit("join_support", query=queries[0])
            self.latencies.labelled.discard(queries.pop(0))
        else:
            self.edit("rename", key=classes[0], name=f"name {number}")

    def bring(self) -> tuple[list[str], list[str]]:
        """Add pictures of five classes and queries; gives the keys of the classes and the hashes of the queries."""
        support: list[list[str]] = []
        queries: list[list[str]] = []
        for position, (name, data) in enumerate(photos.files(1_000 + self.person)):
            is_support = position % (photos.SHOTS + photos.QUERIES) < photos.SHOTS
            if is_support or len(queries) < QUERIES:
                began = time.monotonic()
                sha = self.upload(f"{position}.jpg", data, "classes" if is_support else "queries")
                self.latencies.note("upload", began)
                self._show(sha)
                (support if is_support else queries).append([name, sha, f"{position}.jpg"])
        self.edit("add_class_pictures", pictures=support)
        self.edit("add_pictures", target="queries", pictures=[picture[1:] for picture in queries])
        board = self.post("/edits", json={"draft": self.draft, "tab": self.tab, "at": "", "edits": []}).json()
        keys = [row["key"] for row in board["parts"]["data:classes"] if row["counts"]]
        return keys, [sha for _, sha, _ in queries]

    def _show(self, sha: str) -> None:
        began = time.monotonic()
        self.http.get(f"/pictures/{sha}/thumbnail").raise_for_status()
        self.latencies.note("thumbnail", began)

    def _label(self, classes: Sequence[str], queries: Sequence[str]) -> None:
        for query in self.random.sample(queries, LABELS):
            self._rest()
            began = time.monotonic()
            self.edit("label", query=query, answer=self.random.choice(classes), seconds=1.0)
            self.latencies.note("label", began)
            self.latencies.labelled.add(query)

    def predict(self, what: str) -> None:
        began = time.monotonic()
        answer = self.post("/job", json={"draft": self.draft, "name": "predict", "values": {}}).json()
        assert answer["job"], answer["notices"]
        with self._changed:
            arrived = self._changed.wait_for(lambda: self._is_over(answer["job"]), PATIENCE)
        assert arrived and self._jobs[answer["job"]]["state"] == "done", self._jobs.get(answer["job"])
        self.latencies.note(what, began)

    def _is_over(self, job: str) -> bool:
        return self._jobs.get(job, {}).get("state") in ("done", "stopped", "failed")

    def listen(self) -> None:
        """Take the events that the page's stream brings; where it breaks off, the next prediction is an error."""
        asked = {"draft": self.draft, "at": self.at, "tab": self.tab}
        with suppress(httpx.TransportError), self.http.stream("GET", "/stream", params=asked, timeout=None) as lines:
            for line in lines.iter_lines():
                if line.startswith("data: "):
                    with self._changed:
                        shown = json.loads(line[6:])["parts"].get("data:jobs", [])
                        self._jobs.update({job["id"]: job for job in shown})
                        self._changed.notify_all()

    def _rest(self) -> None:
        time.sleep(self.random.uniform(0.5, 1.5) * self.pause)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    if not ordered:
        return {"count": 0}
    at = {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in SHARES.items()}
    return {
        "count": len(ordered),
        **{name: round(value, 3) for name, value in at.items()},
        "max": round(ordered[-1], 3),
    }


SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def spread(people: Sequence[Latencies], what: str, start: float) -> dict[str, float]:
    """The median of the person who waited least, of the one in the middle, and of the one who waited most."""
    medians = sorted(statistics.median(taken) for person in people if (taken := person.since(what, start)))
    if not medians:
        return {}
    return {
        "least": round(medians[0], 3),
        "middle": round(statistics.median(medians), 3),
        "most": round(medians[-1], 3),
    }


def run(people: int, minutes: float, pause: float) -> dict[str, Any]:
    """Let people work; gives latencies, errors, spread, memory, and how many labels are not in the workspace."""
    with tempfile.TemporaryDirectory() as folder:
        workbench = Workbench(Path(folder))
        try:
            when_ready(workbench.address)
            start = time.monotonic() + ARRIVAL * people
            watching = Watching(workbench.address, workbench.process.pid)
            tabs = [
                Person(workbench.address, number, until=start + 60 * minutes, pause=pause) for number in range(people)
            ]
            with ThreadPoolExecutor(people) as pool:
                done = list(pool.map(lambda tab: tab.work(ARRIVAL * tab.person), tabs))
            watching.stop()
            server = figures(workbench.address)
        finally:
            workbench.kill()
        workspace = Workspace(Path(folder))
        lost = sum(len(tab.latencies.labelled - _labelled(workspace, tab.draft)) for tab in tabs)
        faults = workspace.check()
    return {
        "people": people,
        "minutes": minutes,
        "seconds": {
            what: percentiles([seconds for person in done for seconds in person.since(what, start if counted else 0)])
            for what, counted in KINDS.items()
        },
        "errors": [error for person in done for error in person.errors],
        "medians of persons": {what: spread(done, what, start) for what, counted in KINDS.items() if counted},
        "labelled queries": sum(len(person.labelled) for person in done),
        "of these not in the workspace": lost,
        "faults of the workspace": faults,
        "machine": watching.summary(start),
        "requests": server["fsl_demo_requests_total"],
        "pictures and texts embedded": server["fsl_demo_embedded_total"],
        "vectors reused": server["fsl_demo_reused_total"],
    }


def _labelled(workspace: Workspace, draft: str) -> set[str]:
    """The queries of a draft that have a label in the workspace."""
    stored = workspace.drafts.find(draft)
    return set(stored.data["labels"]) if stored else set()


def when_ready(address: str) -> None:
    """Wait until a server has loaded its networks."""
    while httpx.get(f"{address}/healthz", timeout=60).status_code != 200:
        time.sleep(0.5)


KINDS = {"label": True, "warm prediction": True, "first prediction": False, "upload": False, "thumbnail": False}
"""What people wait for, and whether only what comes after the arrival counts."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=32, help=f"at most {MOST_PEOPLE}")
    parser.add_argument("--minutes", type=float, default=10.0, help=f"at most {MOST_MINUTES}")
    parser.add_argument("--pause", type=float, default=PAUSE, help="seconds between two actions of a person")
    chosen = parser.parse_args()
    if not (0 < chosen.people <= MOST_PEOPLE and 0 < chosen.minutes <= MOST_MINUTES and chosen.pause > 0):
        parser.error("out of bounds")
    print(json.dumps(run(chosen.people, minutes=chosen.minutes, pause=chosen.pause), indent=1))


if __name__ == "__main__":
    main()
