"""Every kind of training in two processes comes to what it comes to in one, with the same batches at each step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fsl_demo.training.tasks import FINETUNINGS, TASKS

ROOT = Path(__file__).parents[2]
DRAWN = 0.05
"""How far the losses of a detector may be apart: rounding errors may change which of its proposals are drawn."""


@pytest.mark.process
def test_two_processes_train_as_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.training.two_processes", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {name.split(":")[0] for name in told} | {"finetune_classes"} == {*TASKS.values(), *FINETUNINGS.values()}
    for name, losses in told.items():
        assert losses["two"] == pytest.approx(losses["one"], rel=DRAWN if name.startswith("detector") else 1e-3), name
        assert losses["apart"] < 0.1, name
