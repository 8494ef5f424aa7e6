"""Every kind of training in two processes comes to what it comes to in one, with the same batches at each step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fsl_demo.training.tasks import FINETUNINGS, TASKS

ROOT = Path(__file__).parents[2]
EQUAL, DRAWN = (1e-3, 0.1), (0.05, 0.3)
"""How far losses, and weights as a share of how far they moved, may be apart; of a detector more, since rounding errors
may change which of its proposals are drawn."""


@pytest.mark.process
def test_two_processes_train_as_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.training.two_processes", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {name.split(":")[0] for name in told} | {"finetune_classes"} == {*TASKS.values(), *FINETUNINGS.values()}
    for name, losses in told.items():
        of_losses, of_weights = DRAWN if name.startswith("detector") else EQUAL
        assert losses["two"] == pytest.approx(losses["one"], rel=of_losses), name
        assert losses["apart"] < of_weights, name
