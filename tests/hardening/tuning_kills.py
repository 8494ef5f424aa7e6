"""A fine-tuning that is killed again and again: no half a version, and in the end the one that nobody killed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.checkpoints import layout
from fsl_demo.services.finetuning import carry_out
from fsl_demo.training.events import silent
from tests import tuned
from tests.hardening.serving import FORK
from tests.tuned import DIGITS

PATIENCE = 600.0
"""Seconds that a fine-tuning which nobody kills may take."""


def run(count: int, epochs: int = 4) -> dict[str, int]:
    """Kill fine-tunings at random moments and start them again, each until it is done.

    Gives how many were killed, how many are done, and how often something was wrong.
    """
    chance, kills, done, wrong = random.Random(0), 0, 0, 0
    tuned.warm()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        started = time.monotonic()
        _work(_home(folder / "whole"), epochs)
        longest = time.monotonic() - started
        expected = _arrays(folder / "whole")
        while kills < count:
            home = _home(folder / "killed")
            while kills < count and _killed(home, epochs, seconds=chance.uniform(0, longest)):
                kills += 1
                wrong += _faults(home, numbers=([1], [1, 2]))
            assert not _killed(home, epochs, seconds=PATIENCE)
            done += 1
            wrong += _faults(home, numbers=([1, 2],)) or not _same(_arrays(home), expected)
            shutil.rmtree(home)
    return {"tunings killed": kills, "tunings done": done, "tunings wrong": wrong}


def _home(folder: Path) -> Path:
    """A folder with the checkpoint that is tuned."""
    folder.mkdir()
    tuned.shipped(folder / "checkpoints")
    return folder


@contextmanager
def _checkpoints_in(home: Path) -> Iterator[None]:
    before = layout.FOLDER
    layout.FOLDER = home / "checkpoints"
    try:
        yield
    finally:
        layout.FOLDER = before


def _work(home: Path, epochs: int) -> None:
    with _checkpoints_in(home):
        carry_out(
            tuned.request(epochs),
            tuned.collection(),
            folder=home / "run",
            networks=tuned.networks(),
            on_event=silent,
            root=home,
        )


def _killed(home: Path, epochs: int, seconds: float) -> bool:
    """Work in another process; whether it was killed after so many seconds, before it was done."""
    process = FORK.Process(target=_work, args=(home, epochs))
    process.start()
    process.join(seconds)
    if process.exitcode is None and process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode != 0


def _faults(home: Path, numbers: tuple[list[int], ...]) -> int:
    """How many versions are not whole, or not those that may be there."""
    with _checkpoints_in(home):
        entry = checkpoints.verified(checkpoints.entry(DIGITS))
    faults = [version.fault for version in entry.versions if version.fault is not None]
    there = [version.number for version in entry.versions]
    if faults or there not in numbers or entry.in_use != 1:
        print(f"versions {there}, in use {entry.in_use}: {faults}", flush=True)
    return len(faults) + (there not in numbers) + (entry.in_use != 1)


def _arrays(home: Path) -> dict[str, np.ndarray]:
    """The weights that were tuned."""
    with _checkpoints_in(home):
        return dict(checkpoints.load(f"{DIGITS}@2").arrays)


def _same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)
