"""Sixteen people at once on one server: every label that they give is there.

python -m tests.hardening.sessions --people 16 --labels 50
"""

from __future__ import annotations

import argparse
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from fsl_demo import runtime
from fsl_demo.store import Workspace
from tests.hardening.serving import Client, served


def run(people: int, labels: int) -> dict[str, float]:
    """Let people label queries and save; gives how many labels are there, and how long the answers took."""
    with tempfile.TemporaryDirectory() as folder:
        with served(Path(folder)) as (address, _), ThreadPoolExecutor(people) as pool:
            clients = [Client(address, f"tab-{number}") for number in range(people)]
            answered = pool.map(lambda number: _label(clients[number], number, labels), range(people))
            seconds = sorted(chain.from_iterable(answered))
        workspace = Workspace(Path(folder))
        episodes = [workspace.episode(summary.id) for summary in workspace.episodes()]
        given = {(episode.title, place) for episode in episodes for place in episode.labels}
        assert workspace.check() == []
    return {
        "labels": len(given),
        "slowest": round(seconds[-1], 3),
        "median": round(seconds[len(seconds) // 2], 3),
    }


def _label(client: Client, number: int, labels: int) -> list[float]:
    """Label every query of a draft of one's own; gives how long each answer took."""
    client.open()
    keys, queries = client.fill(labels, seed=number + 1)
    client.edit("set_title", title=f"person {number}")
    client.seconds.clear()
    for place, query in enumerate(queries):
        client.edit("label", query=query, answer=keys[place % 2], annotator=f"person {number}", seconds=1.0)
    seconds = list(client.seconds)
    client.edit("save")
    return seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=16)
    parser.add_argument("--labels", type=int, default=50)
    chosen = parser.parse_args()
    runtime.prepare("cpu")
    print(json.dumps(run(chosen.people, chosen.labels)))
