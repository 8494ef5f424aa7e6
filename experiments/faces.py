"""Settings of the network for faces, tried on LFW's validation people.

    python -m experiments.faces train NAME     trains one of `VARIANTS` on fold 1 and measures it
    python -m experiments.faces best           names the best one of those that were measured
    python -m experiments.faces folds 2 3 4    trains it on those folds

Fold 1's validation people are neither trained on nor tested; no figure here is of people who are tested.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo import datasets, runtime
from fsl_demo.backbones.preprocessing import PREPROCESSINGS
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.cli.reporting import print_line
from fsl_demo.training.config import Config
from fsl_demo.training.data import load
from fsl_demo.training.events import EpochDone, Event, Note
from fsl_demo.training.recipes import FACES, Recipe
from fsl_demo.training.run import run
from fsl_demo.training.tasks.classes import ClassesTask
from fsl_demo.training.validation import episode_accuracy, features, pair_accuracy

WHOLE = replace(FACES, architecture=replace(FACES.architecture, windows=False))
EVERYBODY: dict[str, Any] = {"least": 1, "options": {**FACES.options, "twins": True}}
VARIANTS: Mapping[str, Recipe] = {
    "whole": WHOLE,
    "windows": FACES,
    "everybody": replace(WHOLE, **EVERYBODY),
    "everybody_windows": replace(FACES, **EVERYBODY),
}
"""Whether each member sees its own window, and whether people with one picture are classes, too."""
EPISODES = 4_000
FOLD = 1


@dataclass(frozen=True)
class Places:
    """Folders: of the data, of what runs resume from, of checkpoints and figures."""

    root: Path
    runs: Path
    out: Path


def train(variant: str, name: str, fold: int, places: Places, options: argparse.Namespace) -> Path:
    """The checkpoint of a variant on a fold."""
    precision = f" --precision {options.precision}" if options.precision != "no" else ""
    config = Config(
        runs=places.runs / variant,
        out=places.out / variant,
        name=name,
        command=f"python -m fsl_demo train siamese --data lfw --fold {fold} --name {name}{precision}",
        precision=options.precision,
        epochs=options.epochs,
    )
    folder = run(ClassesTask("siamese", datasets.read("lfw", places.root, fold), VARIANTS[variant]), config, _tell)
    assert folder is not None
    return folder


def measure(folder: Path, root: Path) -> dict[str, float]:
    """Pairs and 5-way 1-shot episodes of the validation people of fold 1."""
    network = TrainedNetwork(folder)
    validation = load(datasets.read("lfw", root, FOLD).validation, PREPROCESSINGS[network.preprocessing])
    vectors = features(network.load(), validation.images, maps=False)
    pairs = pair_accuracy(vectors, validation.pairs)
    return {"pairs": pairs, "episodes": episode_accuracy(vectors, validation.labels, way=5, episodes=EPISODES)}


def best(out: Path) -> str:
    """The variant with the highest mean of both figures."""
    figures = {file.stem: json.loads(file.read_text()) for file in out.glob("*.json")}
    return max(figures, key=lambda name: float(np.mean(list(figures[name].values()))))


def _tell(event: Event) -> None:
    if isinstance(event, EpochDone | Note):
        print_line(event)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "best", "folds"))
    parser.add_argument("names", nargs="*", help="variants, or numbers of folds")
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--out", type=Path, default=Path("runs/faces"))
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--precision", default="bf16")
    options = parser.parse_args()
    places = Places(root=options.root, runs=options.runs, out=options.out)
    runtime.prepare()
    places.out.mkdir(parents=True, exist_ok=True)
    if options.what == "train":
        for variant in options.names:
            folder = train(variant, "siamese_faces", fold=FOLD, places=places, options=options)
            (places.out / f"{variant}.json").write_text(json.dumps(measure(folder, places.root)))
        return
    variant = best(places.out)
    print_line(variant)
    for fold in map(int, options.names):
        train(variant, f"lfw_{fold}", fold=fold, places=places, options=options)


if __name__ == "__main__":
    main()
