"""What the semantic dictionary's loss is divided by: DSDL's cosine similarity, or the plan's cosine distance.

    python -m experiments.dictionary_loss --root data

trains the dictionary five times with each, on the regions that `train semantic-dictionary` reads (kept in the run's
folder), with the same budget and the same seeds, and measures the last epoch on the test parts of VOC 2007 and of
Flickr8k. A distance is small where texts come back right, so dividing by it rewards texts that come back wrong.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np

from experiments.study import SEEDS
from fsl_demo.cli import options, reporting
from fsl_demo.evaluation import intervals
from fsl_demo.inference import region_space
from fsl_demo.losses.semantic_dictionary import Denominator
from fsl_demo.training.curve import svg
from fsl_demo.training.dictionary_figures import DictionaryFigures, figure
from fsl_demo.training.events import silent
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives.semantic_dictionary import SemanticDictionaryObjective
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures
from fsl_demo.training.tasks.semantic_dictionary import DictionaryData, SemanticDictionaryTask

SCHEDULE, STEPS = Schedule(epochs=4, rate=3e-3, decay=0.01, warm_up=0.05), 15
"""A fifth of the steps that the shipped dictionary has."""
TEST = ("test", "test")
"""Parts of VOC and of Flickr8k."""
DENOMINATORS: tuple[Denominator, ...] = get_args(Denominator)


@dataclass(frozen=True)
class Run:
    """One training: figures after each epoch."""

    denominator: Denominator
    seed: int
    epochs: list[DictionaryFigures]


def train(data: DictionaryData, denominator: Denominator, seed: int, tell: Callable[[str], None]) -> Run:
    """Train a dictionary to the end of its schedule."""
    epochs = list[DictionaryFigures]()

    def validate(module: SemanticDictionaryObjective) -> Figures:
        epochs.append(figure(module, data.held))
        tell(f"{denominator}, seed {seed}, epoch {len(epochs)}: {epochs[-1]}")
        return Figures(0.0, epochs[-1].mean)

    setup = replace(data.setup(denominator, schedule=SCHEDULE, seed=seed, steps=STEPS), validate=validate)
    with TemporaryDirectory() as folder:
        Training(setup, Path(folder), seed=seed).run(silent)
    return Run(denominator, seed, epochs)


def summary(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """Each figure's mean after the last epoch by denominator, and distance less similarity, paired by seed (Student's
    t)."""
    rows = {}
    for field in fields(DictionaryFigures):
        last = {
            denominator: np.array(
                [getattr(run.epochs[-1], field.name) for run in runs if run.denominator == denominator]
            )
            for denominator in DENOMINATORS
        }
        gap = intervals.student(last["distance"] - last["similarity"])
        means = {denominator: float(values.mean()) for denominator, values in last.items()}
        rows[field.name] = means | {"difference": gap.mean, "low": gap.low, "high": gap.high}
    return rows


def curves(runs: Sequence[Run]) -> dict[str, list[float]]:
    """The mean over seeds of what is classified, and of how well texts come back, by epoch; shares of 1."""

    def mean(denominator: Denominator, name: str) -> list[float]:
        own = [[getattr(epoch, name) for epoch in run.epochs] for run in runs if run.denominator == denominator]
        return np.clip(np.mean(own, axis=0), 0, 1).tolist()

    shown = {"classes": "average precision", "language": "texts' cosine"}
    return {f"{title}, {own}": mean(own, name) for name, title in shown.items() for own in DENOMINATORS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("data"), help="holds the data sets")
    parser.add_argument("--runs", type=Path, default=Path("runs/semantic_dictionary"), help="keeps the regions")
    parser.add_argument("--out", type=Path, default=Path("assets/studies"), help="results")
    parser.add_argument("--regions", type=options.checkpoint, default=region_space.CHECKPOINT, help="the detector")
    options.add_machine(parser)
    chosen = parser.parse_args()
    options.prepare(chosen)
    terminal = reporting.Terminal()
    task = SemanticDictionaryTask("semantic-dictionary", chosen.root, detector=chosen.regions)
    data = task.read(chosen.runs, terminal.progress, TEST)
    runs = [train(data, own, seed=seed, tell=terminal.note) for seed in SEEDS for own in DENOMINATORS]
    rows = summary(runs)
    chosen.out.mkdir(parents=True, exist_ok=True)
    document = {"rows": rows, "runs": [asdict(run) for run in runs]}
    (chosen.out / "dictionary_loss.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (chosen.out / "dictionary_loss.svg").write_text(svg(curves(runs)), encoding="utf-8")
    for name, row in rows.items():
        print(name, *(f"{key} {value:.3f}" for key, value in row.items()))


if __name__ == "__main__":
    main()
