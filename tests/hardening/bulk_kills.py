"""A run over many pictures that is killed at random moments and goes on: the same file, and no part made twice.

python -m tests.hardening.bulk_kills --count 20
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import photos
from fsl_demo.services.bulk.parts import PART

PARTS = 5
"""Of a run; the last one is not full."""
LATEST = 0.6
"""Share of the time of a whole run after which a process is killed at the latest."""


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


def pictures(folder: Path) -> Path:
    """Crops of photographs; every 97th file is damaged."""
    folder.mkdir()
    for number in range(PART * PARTS - 40):
        data = photos.files(number // 50)[number % 50][1]
        (folder / f"{number:04d}.jpg").write_bytes(data if number % 97 else data[:900])
    return folder


def run(count: int, seed: int = 0) -> Outcome:
    """Kill processes until there were so many kills; each file that was begun is made to its end."""
    chance, outcome = random.Random(seed), Outcome()
    with tempfile.TemporaryDirectory() as place:
        folder, whole = pictures(Path(place, "pictures")), Path(place, "whole.parquet")
        began = time.monotonic()
        _start(folder, whole).wait()
        latest = LATEST * (time.monotonic() - began)
        while outcome.kills < count:
            outcome.runs += 1
            out = Path(place, f"{outcome.runs}.parquet")
            _kill_again_and_again(folder, out, outcome=outcome, count=count, latest=latest, chance=chance)
            if _start(folder, out).wait() != 1:  # as some pictures are damaged
                outcome.faults.append(f"run {outcome.runs}: exit code")
            if not out.exists() or out.read_bytes() != whole.read_bytes():
                outcome.faults.append(f"run {outcome.runs}: other bytes")
        left = {path.name for path in Path(place).iterdir()} - {"pictures", "whole.parquet"}
        outcome.faults += sorted(left - {f"{number + 1}.parquet" for number in range(outcome.runs)})
    return outcome


def _kill_again_and_again(
    folder: Path, out: Path, outcome: Outcome, count: int, latest: float, chance: random.Random
) -> None:
    """Until the file is there, or there were enough kills."""
    made: dict[str, int] = {}
    while not out.exists() and outcome.kills < count:
        process = _start(folder, out)
        time.sleep(chance.uniform(0, latest))
        outcome.kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        parts = {path.name: path.stat().st_mtime_ns for path in out.with_name(f"{out.name}.parts").glob("part-*")}
        outcome.faults += [f"{name} made again" for name, when in made.items() if parts and parts.get(name) != when]
        made |= parts
        outcome.parts.append(len(parts))


def _start(folder: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "fsl_demo", "embed", str(folder), "--out", str(out)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    outcome = run(chosen.count, chosen.seed)
    print(f"{outcome.kills} kills of {outcome.runs} runs; parts that were there after each: {outcome.parts}")
    print("\n".join(outcome.faults) or "the same file each time, and no part was made twice")
    sys.exit(bool(outcome.faults))


if __name__ == "__main__":
    main()
