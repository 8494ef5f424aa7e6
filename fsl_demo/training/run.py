"""One training from data to checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fsl_demo import checkpoints
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.backbones.preprocessing import PREPROCESSINGS, Preprocessing
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.datasets.pairs import PairSampler
from fsl_demo.datasets.parts import Dataset, Item, Part, large_enough
from fsl_demo.training import recipes
from fsl_demo.training.calibrate import DEFAULTS, defaults
from fsl_demo.training.data import Arrays, load
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives import SHIPPED
from fsl_demo.training.recipes import Recipe
from fsl_demo.training.validation import compare, episode_accuracy, features, pair_accuracy

SAMPLE = 1_000
"""Training pictures on which the training figure is measured."""
EPISODES = 100
COHORT = 256


@dataclass(frozen=True)
class Plan:
    """What to train, on what, and where it goes.

    Attributes:
        name: of the checkpoint.
        command: makes the checkpoint again; written on its card.
        start: what to begin with.
    """

    method: str
    name: str
    recipe: Recipe
    command: str
    seed: int = 0
    precision: str = "no"
    cpu: bool = False
    start: TrainedNetwork | None = None


def train(
    plan: Plan,
    data: Dataset,
    runs: Path,
    checkpoint_folder: Path,
    tell: Callable[[str], None],
    progress: Progress = quiet,
) -> Path | None:
    """Train, calibrate on the validation part, write the checkpoint.

    Args:
        runs: state, history and curve go into a folder of it that is called like the checkpoint.

    Returns:
        The checkpoint's folder; None in a process that does not lead.
    """
    torch.manual_seed(plan.seed)
    pictures = PREPROCESSINGS[plan.recipe.architecture.preprocessing]
    parts = (replace(data.train, classes=large_enough(data.train.classes, plan.recipe.least)), data.validation)
    training, validation = (load(part, pictures, progress, plan.recipe.each) for part in parts)
    if plan.recipe.turned:
        training = training.turned()
    objective = recipes.objective(plan.method, plan.recipe, len(training.names))
    if plan.start is not None:
        given = {name: torch.from_numpy(np.array(array, np.float32)) for name, array in plan.start.arrays.items()}
        objective.load_state_dict(
            {name: value for name, value in given.items() if name in objective.state_dict()}, strict=False
        )
    loop = Training(
        objective,
        training,
        lambda module: _figures(module, plan.recipe, training, validation),
        plan.recipe.schedule,
        *plan.recipe.augmentation.preparing(plan.recipe.architecture),
        runs / plan.name,
        plan.seed,
        plan.precision,
        plan.cpu,
    )
    best = loop.run(tell)
    if not loop.leads:
        return None
    loop.module.load_state_dict(best)
    arrays = {
        name: value.half().numpy() if value.is_floating_point() else value.numpy()
        for name, value in best.items()
        if name.split(".")[0] in SHIPPED
    }
    borrowed: dict[str, Any] = {}
    lender: checkpoints.Checkpoint | None = None
    if plan.start is not None and getattr(loop.module, "frozen", False):
        lender = plan.start.embedder
    if lender is not None and checkpoints.may_refer(lender, checkpoint_folder):
        arrays = {name: array for name, array in arrays.items() if not name.startswith("embedder.")}
        borrowed = {"embedder": {"name": lender.home.name, "sha256": lender.sha256}}
    arrays |= defaults(loop.module, validation) or {name: plan.start.arrays[name] for name in DEFAULTS if plan.start}
    left = [items for items in data.train.classes.values() if len(items) < plan.recipe.least]
    if left and not hasattr(loop.module, "attention"):
        arrays["cohort"] = cohort(loop.module.embedder, left)
    card = {
        "method": plan.method,
        "architecture": plan.recipe.architecture.as_dict(),
        **borrowed,
        "size": list(loop.module.embedder.size),
        "channels": loop.module.embedder.channels,
        "data": data.name,
        "fold": data.fold,
        "split": data.protocol,
        "pictures": {"train": len(training.labels), "validation": len(validation.labels)},
        "seed": plan.seed,
        "command": plan.command,
        "recipe": {key: value for key, value in asdict(plan.recipe).items() if key != "architecture"},
        "preprocessing": plan.recipe.architecture.preprocessing,
        "figures": {
            "validation": {
                "what": what(plan.recipe),
                "accuracy": loop.history.best,
                "epoch": loop.history.best_epoch + 1,
            }
        },
        "training_seconds": round(loop.history.seconds, 1),
        "machine": f"{loop.accelerator.device.type}, {torch.get_num_threads()} threads, precision {plan.precision}",
        "pretraining": pretraining(plan, pictures),
    }
    return checkpoints.save(plan.name, arrays, card, checkpoint_folder)


def cohort(embedder: Embedder, left: Sequence[Sequence[Item]]) -> np.ndarray:
    """A picture each of some classes that were too small to train on, for local scaling: unit vectors [N, D]."""
    chosen = np.random.default_rng(0).permutation(len(left))[:COHORT]
    classes = {str(i): left[i][:1] for i in chosen}
    images = load(Part(classes), PREPROCESSINGS[embedder.architecture.preprocessing]).images
    return features(embedder, images, False).half().numpy()


def pretraining(plan: Plan, pictures: Preprocessing) -> str:
    """What the training began with."""
    frozen = "EfficientNet-Lite0 trained on ImageNet, frozen" if pictures.frozen else ""
    return ", and ".join(filter(None, (plan.start.name if plan.start else "", frozen))) or "none"


def what(recipe: Recipe) -> str:
    """What the validation figure is."""
    if recipe.known:
        return "held-out pictures of the training classes, by the means of the training pictures"
    return f"{recipe.way}-way 1-shot accuracy" if recipe.way else "pair accuracy at the best threshold"


def _figures(module: Any, recipe: Recipe, training: Arrays, validation: Arrays) -> tuple[float, float]:
    if recipe.known:
        return _known(module, training, training), _known(module, training, validation)
    return _figure(module, recipe, sample(training)), _figure(module, recipe, validation)


def _known(module: Any, training: Arrays, asked: Arrays) -> float:
    """How many pictures the means of the training pictures get right."""
    attention = getattr(module, "attention", None)
    vectors, queries = (features(module.embedder, some.images, attention is not None) for some in (training, asked))
    labels = torch.from_numpy(training.labels)
    means = torch.stack([vectors[labels == label].mean(0) for label in range(len(training.names))])
    answers = compare(means, queries, attention).argmax(1)
    return float((answers == torch.from_numpy(asked.labels)).float().mean())


def sample(data: Arrays) -> Arrays:
    """The first pictures of each class, of as many classes as fit."""
    each = max(20, SAMPLE // len(data.names))
    members = [np.flatnonzero(data.labels == label)[:each] for label in range(min(len(data.names), SAMPLE // 4))]
    chosen = np.concatenate(members)[:SAMPLE]
    labels = data.labels[chosen]
    pairs = np.stack(PairSampler(labels).draw(0, SAMPLE), axis=1).astype(int)
    return Arrays(data.images[chosen], labels, data.names, pairs)


def _figure(module: Any, recipe: Recipe, data: Arrays) -> float:
    attention = getattr(module, "attention", None)
    found = features(module.embedder, data.images, attention is not None)
    if recipe.way:
        return episode_accuracy(found, data.labels, recipe.way, EPISODES, attention)
    return pair_accuracy(found, data.pairs)
