"""One training from data to checkpoint, whatever it trains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from fsl_demo.core.errors import Cancelled
from fsl_demo.training import state
from fsl_demo.training.config import Config
from fsl_demo.training.events import Finished, OnEvent, Reporter, Stop, Stopped, never
from fsl_demo.training.export import Trained
from fsl_demo.training.loop import Training
from fsl_demo.training.task import Task


def run(task: Task, config: Config, on_event: OnEvent, stop: Stop = never) -> Path | None:
    """Prepare, train, calibrate on validation data, write the checkpoint.

    A run that was killed or stopped goes on after its last whole epoch when it is called again with the same task and
    configuration.

    Args:
        on_event: called with what happens, the last time with `Finished` or `Stopped`.
        stop: see `events.Stop`.

    Returns:
        The checkpoint's folder; None where the training was stopped, and in a process that does not lead.

    Raises:
        UserError: what the task raises.
        FloatingPointError: the loss is no number any more.
    """
    config = replace(config, name=config.name or task.checkpoint)
    reporter = Reporter(on_event, stop)
    try:
        return _trained(task, config, reporter)
    except Cancelled:
        stored = state.load(config.folder)
        on_event(Stopped(stored.epoch + 1 if stored else 0))
        return None


def _trained(task: Task, config: Config, reporter: Reporter) -> Path | None:
    prepared = task.prepare(config, reporter.progress)
    loop: Training[Any] = Training(
        prepared.setup, config.folder, seed=config.seed, precision=config.precision, cpu=config.device == "cpu"
    )
    loop.run(reporter.on_event, reporter.stop)
    if not loop.leads:
        return None
    trained = Trained(task.method, config=config, loop=loop, reporter=reporter)
    version = trained.write(prepared.export(trained))
    folder, history = config.out / config.name, loop.history
    reporter.on_event(
        Finished(
            folder,
            version=version,
            seconds=history.seconds,
            best_epoch=history.best_epoch + 1,
            figure=history.best,
        )
    )
    return folder
