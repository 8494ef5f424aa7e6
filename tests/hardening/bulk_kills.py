"""A run over many pictures that is killed at random moments and goes on: the same file, and no part made twice.

python -m tests.hardening.bulk_kills --count 20

The classifier compares mean colours; `--networks` has the verb `embed` instead, which takes minutes of computing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess
from pathlib import Path

from benchmarks import photos
from fsl_demo import runtime
from tests.services.bulk import colour_run

PICTURES, PICTURES_FOR_NETWORKS = 203, 600
Work = Callable[[Path, Path], object]
"""Answers the pictures of a folder into a file."""


@dataclass
class Outcome:
    """What came of the kills.

    Attributes:
        kills: how many processes were killed.
        runs: how many files were made by processes that were killed before.
        parts: how many parts were there after each kill.
        faults: what was not as it has to be.
    """

    kills: int = 0
    runs: int = 0
    parts: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def colours(folder: Path, out: Path) -> None:
    """In parts of few pictures."""
    colour_run.run(folder, out)


def networks(folder: Path, out: Path) -> None:
    """The verb, in the place of this process."""
    os.execv(sys.executable, [sys.executable, "-m", "fsl_demo", "embed", str(folder), "--out", str(out)])


def pictures(folder: Path, count: int) -> Path:
    """Crops of photographs; every 97th file is damaged."""
    folder.mkdir()
    for number in range(count):
        data = photos.files(number // 50)[number % 50][1]
        (folder / f"{number:04d}.jpg").write_bytes(data if number % 97 else data[:900])
    return folder


def run(count: int, work: Work = colours, images: int = PICTURES, seed: int = 0) -> Outcome:
    """Kill processes until there were so many kills; each file that was begun is made to its end."""
    chance, outcome = random.Random(seed), Outcome()
    with tempfile.TemporaryDirectory() as place:
        folder, whole = pictures(Path(place, "pictures"), images), Path(place, "whole.parquet")
        began = time.monotonic()
        _ended(_start(work, folder, whole))
        latest = time.monotonic() - began
        while outcome.kills < count:
            outcome.runs += 1
            out = Path(place, f"{outcome.runs}.parquet")
            made: dict[str, int] = {}
            while not out.exists() and outcome.kills < count:
                outcome.kills += _killed(_start(work, folder, out), chance.uniform(0, latest))
                _look(out, made, outcome)
            _ended(_start(work, folder, out))
            if not out.exists() or out.read_bytes() != whole.read_bytes():
                outcome.faults.append(f"run {outcome.runs}: other bytes")
        left = {path.name for path in Path(place).iterdir() if path.suffix != ".notes"} - {"pictures", whole.name}
        outcome.faults += sorted(left - {f"{number + 1}.parquet" for number in range(outcome.runs)})
    return outcome


def _look(out: Path, made: dict[str, int], outcome: Outcome) -> None:
    """What parts there are, and whether those from before are as they were."""
    parts = {path.name: path.stat().st_mtime_ns for path in out.with_name(f"{out.name}.parts").glob("part-*")}
    outcome.faults += [f"{name} made again" for name, when in made.items() if parts and parts.get(name) != when]
    made |= parts
    outcome.parts.append(len(parts))


def _start(work: Work, folder: Path, out: Path) -> ForkProcess:
    process = multiprocessing.get_context("fork").Process(target=work, args=(folder, out))
    process.start()
    return process


def _ended(process: ForkProcess) -> None:
    process.join()
    assert process.exitcode in (0, 1), process.exitcode  # 1, as the verb could not read some pictures


def _killed(process: ForkProcess, seconds: float) -> bool:
    """Kill a process after so many seconds; whether it was still running."""
    process.join(seconds)
    running = process.is_alive()
    process.kill()
    process.join()
    return running


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--networks", action="store_true")
    chosen = options.parse_args()
    runtime.prepare("cpu")
    runtime.device()  # torch is loaded here, not by each process
    work, images = (networks, PICTURES_FOR_NETWORKS) if chosen.networks else (colours, PICTURES)
    outcome = run(chosen.count, work, images=images, seed=chosen.seed)
    print(f"{outcome.kills} kills of {outcome.runs} runs; parts that were there after each: {outcome.parts}")
    print("\n".join(outcome.faults) or "the same file each time, and no part was made twice")
    sys.exit(bool(outcome.faults))


if __name__ == "__main__":
    main()
