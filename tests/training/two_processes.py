"""Every kind of training in two processes, as `accelerate launch` starts them, and the same batches in one.

`python -m tests.training.two_processes FOLDER` prints, as JSON by training, the mean loss of the steps in two processes
and in one, and how far apart the weights are afterwards, as a share of how far they moved. The two
processes are one that forks: importing takes longer than all that they do.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fsl_demo import runtime

runtime.prepare("cpu", 1)

from fsl_demo.training.events import silent  # noqa: E402
from fsl_demo.training.loop import Training  # noqa: E402
from fsl_demo.training.rows import Rows  # noqa: E402
from fsl_demo.training.setup import Setup  # noqa: E402
from tests.backbones.loaded import networks  # noqa: E402
from tests.training.cases import setups  # noqa: E402

WORLD, SEED = 2, 0


def main() -> None:
    folder = Path(sys.argv[1])
    networks().texts.load()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = os.fork()
    rank = 0 if child else 1
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(WORLD), "ACCELERATE_USE_CPU": "true"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    try:
        told = shared(folder, rank)
    except BaseException:
        if child:
            raise
        import traceback

        traceback.print_exc()
        os._exit(1)
    if not child:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print(json.dumps(told))


def shared(folder: Path, rank: int) -> dict[str, Any]:
    """What this process does of all trainings; the one that leads does each again, alone."""
    told: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, make in setups(folder / f"language-{rank}", patch).items():
            setup = make()
            start = {key: value.detach().clone() for key, value in setup.objective.named_parameters()}
            loop: Training[Any] = Training(setup, folder / name, seed=SEED, cpu=True)
            assert loop.accelerator.num_processes == WORLD
            loop.run(silent)
            if rank == 0:
                replicas = [make().objective for _ in range(WORLD)]
                loss, alone = by_one(setup, replicas), replicas[0]
                ours, theirs = dict(loop.module.named_parameters()), dict(alone.named_parameters())
                apart, moved = distance(ours, theirs), distance(theirs, start)
                told[name] = {"two": loop.history.rows[0]["loss"], "one": loss, "apart": apart / moved}
    return told


def distance(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> float:
    return sum(float((first[key] - second[key]).detach().square().sum()) for key in first) ** 0.5


def by_one(setup: Setup[Any], replicas: list[Any]) -> float:
    """Train with the batches of all processes at each step; the mean loss.

    Args:
        replicas: of the objective, one a process; the first one learns.
    """
    objective = replicas[0]
    optimiser, rows = setup.schedule.optimiser(objective), Rows(setup.data, torch.device("cpu"))
    batches = list(setup.objective.batches(setup.data.labels, SEED, 0))
    steps, losses, states = len(batches) // WORLD, [], []
    for rank in range(WORLD):
        torch.manual_seed(SEED * 100_003 + rank)
        states.append(torch.get_rng_state())
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = setup.schedule.rate * setup.schedule.factor(step / steps)
        for rank, replica in enumerate(replicas):
            replica.load_state_dict(objective.state_dict())
            replica.train()
            torch.set_rng_state(states[rank])
            images, labels = rows.batch(batches[step * WORLD + rank])
            loss = replica(setup.augment(images), labels)
            states[rank] = torch.get_rng_state()
            losses.append(float(loss.detach()))
            (loss / WORLD).backward()
        for own, *others in zip(*(replica.parameters() for replica in replicas), strict=True):
            for other in others:
                if other.grad is not None:
                    own.grad = other.grad if own.grad is None else own.grad + other.grad
                    other.grad = None
        optimiser.step()
        optimiser.zero_grad()
    return sum(losses) / len(losses)


if __name__ == "__main__":
    main()
