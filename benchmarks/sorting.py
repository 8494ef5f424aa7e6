"""`sort` killed at random moments, gone on with, undone, and killed at that, too: is every file still there? As JSON.

python -m benchmarks.sorting copy|move|link [FILES] [KILLS] [SEED]
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from operator import ge, le
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
COLOURS = {"red": (200, 40, 40), "blue": (40, 40, 200)}
SIDE = 24
FILES, KILLS = 2_000, 20
PATIENCE = 600
PROGRAM = "fsl_demo"

Snapshot = dict[str, tuple[str, int, int]]
"""Relative path to hash of the bytes, permissions and time of change in nanoseconds."""


@dataclass
class Trial:
    """Generated pictures, and a sort of them in processes of its own.

    Attributes:
        program: the module that is run as the command line.
        kills: moments at which a process was killed, as files in the folders then.
        faults: what was lost or overwritten.
    """

    folder: Path
    mode: str
    files: int
    seed: int = 0
    program: str = PROGRAM
    kills: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source, self.support, self.into = (self.folder / name for name in ("source", "support", "sorted"))
        self.manifest = self.into / "sort-manifest.json"
        self.random = random.Random(self.seed)
        for number, (name, colour) in enumerate(COLOURS.items()):
            for shot in range(3):
                _paint(self.support / name / f"{shot}.png", colour, 10 * number + shot)
        for number in range(self.files):  # three folders, so that three files share each name
            place = self.source.joinpath(*["deeper"] * (number % 3), f"{number // 3}.png")
            colour = self.random.choice(list(COLOURS.values()))
            _paint(place, colour, 1_000 + number)
            place.chmod(self.random.choice((0o644, 0o600, 0o444)))
            os.utime(place, ns=(number * 10**9, number * 10**9 + 123))
        self.strangers = [self.into / name / "0.png" for name in COLOURS]
        for number, stranger in enumerate(self.strangers):
            _paint(stranger, (0, 0, 0), number)
        self.before, self.theirs = snapshot(self.source), snapshot(self.into)

    def sort(self) -> list[str]:
        """The command line that sorts."""
        task = ["--support", str(self.support), "--into", str(self.into), f"--{self.mode}"]
        return ["sort", str(self.source), *task, "--methods", "prototype", "--min", "0.6"]

    def undo(self) -> list[str]:
        """The command line that undoes."""
        return ["sort", "--undo", str(self.manifest)]

    def command(self, arguments: list[str]) -> list[str]:
        return [sys.executable, "-m", self.program, *arguments]

    def state(self) -> str:
        """How far the sort is, as its manifest says; empty where there is no manifest."""
        try:
            return str(json.loads(self.manifest.read_text())["state"])
        except FileNotFoundError:
            return ""

    def placed(self) -> int:
        """Files in the folders, those that were there before left out."""
        while True:
            try:
                return sum(not path.name.startswith(".") for path in self.into.glob("*/*")) - len(self.strangers)
            except FileNotFoundError:  # an undo has just removed a folder that was being listed
                continue

    def kill_while(self, command: list[str], reached: Callable[[int], bool]) -> bool:
        """Start a command and kill it once `reached` holds of the files placed; whether it was still running."""
        process = subprocess.Popen(
            self.command(command), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and not reached(self.placed()):
            time.sleep(0.0005)
        process.kill()
        killed = process.wait() < 0
        self.kills += [self.placed()] * killed
        self.check("after a kill")
        return killed

    def finish(self, command: list[str]) -> None:
        """Run a command to its end."""
        done = subprocess.run(self.command(command), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode:
            self.faults.append(f"{' '.join(command[:2])} ended with {done.returncode}: {done.stderr[-300:]}")

    def check(self, when: str) -> None:
        """Note what is lost or overwritten: every file has to be in its old place or in its new one, byte by byte."""
        now, there = snapshot(self.source), snapshot(self.into)
        held = {sha256 for sha256, _, _ in there.values()}
        lost = [name for name, was in self.before.items() if now.get(name) != was and was[0] not in held]
        if self.mode != "move" and now != self.before:
            lost.append("an original")
        changed = [name for name, was in self.theirs.items() if there.get(name) != was]
        self.faults += [f"{when}: {name}" for name in (*lost, *changed)]

    def check_sorted(self) -> None:
        """Note files that are not where the manifest says."""
        manifest = json.loads(self.manifest.read_text())
        sorted_files = snapshot(self.into)
        for item in manifest["items"]:
            if sorted_files.get(item["target"], ("", 0, 0))[0] != item["sha256"]:
                self.faults.append(f"{item['target']} is not what was sorted")
        if len(manifest["items"]) != self.files or manifest["state"] != "sorted" or self.placed() != self.files:
            self.faults.append(f"{self.placed()} of {self.files} files were sorted")
        self.check_leftovers()

    def check_undone(self) -> None:
        """Note what is not as it was before the sort."""
        if snapshot(self.source) != self.before:
            self.faults.append("the source is not as it was")
        if snapshot(self.into) != self.theirs:
            self.faults.append("something is left of the sort")
        self.check_leftovers()

    def check_leftovers(self) -> None:
        """Note temporary files that nobody has cleaned up."""
        hidden = [path.name for folder in (self.source, self.into) for path in folder.rglob(".*")]
        self.faults += [f"{name} is left" for name in hidden]


def survive(
    folder: Path, mode: str, files: int, kills: int, seed: int = 0, program: str = PROGRAM, patience: float = 6
) -> Trial:
    """Sort and undo with kills at random moments; two thirds of them hit the sort.

    The first one hits its predicting, some time within `patience` seconds. A process that was killed as it ended has
    done all its work.
    """
    trial = Trial(folder=folder, mode=mode, files=files, seed=seed, program=program)
    sorting = max(2 * kills // 3, 1)
    moment = time.monotonic() + trial.random.uniform(patience / 6, patience)
    trial.kill_while(trial.sort(), lambda placed: placed > 0 or time.monotonic() > moment)
    for goal in sorted(trial.random.sample(range(1, files), sorting - 1)):
        trial.kill_while(trial.sort(), partial(le, goal))
    if trial.state() != "sorted":
        trial.finish(trial.sort())
    trial.check_sorted()
    for goal in sorted(trial.random.sample(range(1, files), kills - sorting), reverse=True):
        trial.kill_while(trial.undo(), partial(ge, goal))
    if trial.state():
        trial.finish(trial.undo())
    trial.check_undone()
    return trial


def snapshot(folder: Path) -> Snapshot:
    """Every file of a folder; what a killed process left half made is not looked at."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            status = path.stat()
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            files[path.relative_to(folder).as_posix()] = (sha256, status.st_mode, status.st_mtime_ns)
    return files


def _paint(path: Path, colour: tuple[int, int, int], seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(-30, 31, (SIDE, SIDE, 3))
    Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8)).save(path)


def main() -> None:
    mode = sys.argv[1]
    files, kills, seed = (int(value) for value in (*sys.argv[2:], *map(str, (FILES, KILLS, 0)[len(sys.argv) - 2 :])))
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        trial = survive(Path(folder), mode=mode, files=files, kills=kills, seed=seed)
        seconds = time.perf_counter() - started
    print(json.dumps({"files": files, "kills": trial.kills, "seconds": seconds, "faults": trial.faults}))


if __name__ == "__main__":
    main()
