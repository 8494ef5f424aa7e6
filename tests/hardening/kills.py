"""A server that is killed while people label, save, import, export, collect and freeze: what was acknowledged is there.

python -m tests.hardening.kills --count 200 --tunings 30

`--tunings` kills fine-tunings, too: `tuning_kills`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from fsl_demo import runtime
from fsl_demo.core.collections import digest
from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode
from fsl_demo.core.pictures import from_image
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS, read
from tests.colours import painted
from tests.hardening import tuning_kills
from tests.hardening.serving import Client, png, served

BATCH = 6
"""Pictures that are added to a collection at once."""
PATIENCE = 20.0
"""Seconds that a kill waits for a collection that is being frozen."""
LONGEST = 1.5
"""Seconds of work before a kill, from the first label that is acknowledged."""


@dataclass
class Written:
    """What was acknowledged.

    Attributes:
        labels: by draft and query, the last label that was acknowledged, and one that may have been written.
        saved: by draft, how many saves were acknowledged.
        imported: titles of imported episodes.
        exported: names of files.
        collected, frozen: by collection, how many batches of pictures, and how many versions.
        troubles: what went wrong but for the kill.
        under_way: jobs that were begun and have not ended.
    """

    labels: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    saved: dict[str, int] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    exported: set[str] = field(default_factory=set)
    collected: dict[str, int] = field(default_factory=dict)
    frozen: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    under_way: Counter[str] = field(default_factory=Counter)
    number: int = 0

    @contextmanager
    def job(self, kind: str) -> Iterator[None]:
        """Something that is under way until it is acknowledged."""
        self.under_way[kind] += 1
        yield
        self.under_way[kind] -= 1

    def count(self) -> int:
        counted = (self.saved, self.collected, self.frozen)
        return self.number + sum(sum(each.values()) for each in counted) + len(self.imported) + len(self.exported)


def label(client: Client, written: Written, seed: int) -> None:
    """Label queries again and again."""
    client.open()
    keys, queries = client.fill(3, seed)
    while True:
        for query in queries:
            for answer in (*keys, "none", ""):
                before, _ = written.labels.get((client.draft, query), ("", ""))
                written.labels[client.draft, query] = (before, answer)
                client.edit("label", query=query, answer=answer)
                written.labels[client.draft, query] = (answer, answer)
                written.number += 1


def save(client: Client, written: Written, seed: int) -> None:
    """Label and save; each save has a title of its own."""
    client.open()
    keys, queries = client.fill(2, seed)
    while True:
        count = written.saved.get(client.draft, 0)
        client.edit("set_title", title=f"{client.draft} {count + 1}")
        client.edit("label", query=queries[count % 2], answer=keys[count // 2 % 2])
        client.edit("save")
        written.saved[client.draft] = count + 1


def bring_in(client: Client, written: Written, seed: int) -> None:
    """Import episodes."""
    client.open()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1_000_000):
            title = f"imported {seed} {number}"
            pictures = [
                from_image(painted((place, seed % 251, 3), seed * 100 + number + place, 16), f"{place}.png")
                for place in (1, 2)
            ]
            examples = tuple(Example(picture, place) for place, picture in enumerate(pictures))
            episode = LabelledEpisode(Episode((ClassSpec("a"), ClassSpec("b")), examples), title)
            path = Path(folder) / "in.zip"
            FORMATS["imagefolder"].write([("id", episode)], path)
            with written.job("import"):
                client.post(
                    "/imports", params={"draft": client.draft}, content=path.read_bytes(), headers={"X-Path": "in.zip"}
                )
                client.job("import")
            written.imported.add(title)


def take_out(client: Client, written: Written, seed: int) -> None:
    """Export everything."""
    client.open()
    client.fill(2, seed)
    client.edit("save")
    while True:
        values: dict[str, object] = {"episodes": [], "format": list(FORMATS)[seed % len(FORMATS)]}
        with written.job("export"):
            client.post("/job", json={"draft": client.draft, "name": "export", "values": values})
            file = client.job("export")["file"]
        written.exported.add(file)


def collect(client: Client, written: Written, seed: int) -> None:
    """Add pictures to a collection, batch after batch, and freeze it after each."""
    name = client.open()
    for number in range(1_000_000):
        first = seed * 10_000 + 5_000 + BATCH * number
        shas = [client.upload(f"{place}.png", png(first + place), "classes") for place in range(BATCH)]
        client.edit(
            "collect_uploads", collection=name, pictures=[["ab"[place % 2], sha] for place, sha in enumerate(shas)]
        )
        written.collected[name] = number + 1
        with written.job("freeze"):
            client.post("/job", json={"draft": client.draft, "name": "freeze", "values": {"collection": name}})
            client.job("freeze")
        written.frozen[name] = number + 1


WORK: tuple[Callable[[Client, Written, int], None], ...] = (label, save, bring_in, take_out, collect)


def run(count: int) -> dict[str, int]:
    """Kill servers one after the other on one workspace.

    Gives how much was acknowledged, how much is lost, and how many kills came in the middle of each kind of job.
    """
    chance, written, lost, midway = random.Random(0), Written(), 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for kill in range(count):
            _one_kill(Path(folder), written, kill=kill, seconds=chance.uniform(0, LONGEST))
            midway += Counter(set(+written.under_way))
            written.under_way.clear()
            lost += len(faults(Path(folder), written))
            if kill % 20 == 19:
                _forget(Path(folder))
    middle = {f"in the middle of {kind}": times for kind, times in sorted(midway.items())}
    return {"kills": count, "acknowledged": written.count(), "lost": lost, **middle}


def _one_kill(folder: Path, written: Written, kill: int, seconds: float) -> None:
    with served(folder) as (address, process):
        threads = [
            threading.Thread(
                target=_until_killed, args=(work, Client(address, f"{work.__name__}-{kill}"), written, kill)
            )
            for work in WORK
        ]
        for thread in threads:
            thread.start()
        before = written.number
        while written.number == before and threads[0].is_alive():
            time.sleep(0.01)
        time.sleep(seconds)
        end = time.monotonic() + PATIENCE
        while kill % 2 and not written.under_way["freeze"] and time.monotonic() < end:
            time.sleep(0.002)  # the shortest of the jobs: every other kill waits for one
        os.kill(process, signal.SIGKILL)
        for thread in threads:
            thread.join()


def _until_killed(work: Callable[[Client, Written, int], None], client: Client, written: Written, kill: int) -> None:
    try:
        work(client, written, len(WORK) * kill + WORK.index(work) + 1)
    except httpx.TransportError:
        pass
    except Exception as error:
        written.troubles.append(f"{work.__name__}: {error!r}")


def _forget(folder: Path) -> None:
    """Keep the exports small."""
    with closing(Workspace(folder)) as workspace:
        for summary in workspace.episodes():
            workspace.delete_episode(summary.id)


def faults(folder: Path, written: Written) -> list[str]:
    """What was acknowledged and is not there, and what is damaged."""
    with closing(sqlite3.connect(folder / "fsl_demo.db")) as db:
        wrong = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
        wrong += [str(row) for row in db.execute("PRAGMA foreign_key_check")]
        titles = {row[0] for row in db.execute("SELECT title FROM episodes")}
        given = {row[0]: json.loads(row[1])["labels"] for row in db.execute("SELECT id, data FROM drafts")}
    for (draft, query), allowed in written.labels.items():
        there = given.get(draft, {}).get(query, {}).get("answer", "")
        if there not in allowed:
            wrong.append(f"label of {query}: {there}, not {allowed}")
    for draft, saves in written.saved.items():
        if not titles & {f"{draft} {saves}", f"{draft} {saves + 1}"}:
            wrong.append(f"save {saves} of {draft}")
    wrong += [f"import of {title}" for title in written.imported - titles]
    for name in written.exported:
        try:
            if name.endswith(".zip"):
                read(folder / "exports" / name)
        except Exception as error:
            wrong.append(f"export {name}: {error}")
    for path in (folder / "exports").glob("*.zip"):
        if not zipfile.is_zipfile(path):
            wrong.append(f"{path.name} is half an export")
    written.exported.clear()
    with closing(Workspace(folder)) as workspace:  # no connection may be open when the next server is forked
        wrong += workspace.check() + written.troubles + _of_collections(workspace, written)
    written.troubles.clear()
    for fault in wrong:
        print(fault, flush=True)
    return wrong


def _of_collections(workspace: Workspace, written: Written) -> list[str]:
    """What of the acknowledged collections and versions is not there, and what is there by half."""
    wrong = []
    summaries = {summary.name: summary for summary in workspace.collections.summaries()}
    for name, batches in written.collected.items():
        summary = summaries.get(name)
        if summary is None or summary.pictures not in (BATCH * batches, BATCH * (batches + 1)) or summary.unlabelled:
            wrong.append(f"collection {name}: {batches} batches, {summary}")
    for name, summary in summaries.items():
        acknowledged = written.frozen.get(name, 0)
        if summary.versions not in (acknowledged, acknowledged + 1):
            wrong.append(f"versions of {name}: {summary.versions}, not {acknowledged}")
        parts: dict[str, str] = {}
        for number in range(1, summary.versions + 1):
            frozen = workspace.collections.version(name, number)
            if digest(frozen.pictures) != frozen.digest or len(frozen.pictures) != BATCH * number:
                wrong.append(f"{frozen} is not whole")
            wrong += [
                f"{each.picture.name} of {frozen} has moved"
                for each in frozen.pictures
                if parts.setdefault(each.picture.sha256, each.part) != each.part
            ]
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--tunings", type=int, default=30)
    runtime.prepare("cpu", 1)
    chosen = parser.parse_args()
    print(json.dumps(run(chosen.count) | tuning_kills.run(chosen.tunings)))
