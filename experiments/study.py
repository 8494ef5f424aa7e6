"""Two controlled comparisons: `python -m experiments cbam` and `... s3net`.

Omniglot was named beforehand; the small twin, contrastive loss, five seeds, the same budget for all. `cbam` compares
the network with and without CBAM (Woo et al. 2018), and tries mistakes that may explain why CBAM "brought no gain, and
training accuracy fell": each is one change to the right block or its training. `s3net` compares S3Net's dual loss
(Xue et al. 2022) with the contrastive loss alone. Every run is tested on the same episodes of unseen alphabets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.backbones.preprocessing import PREPROCESSINGS
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.datasets.parts import Dataset
from fsl_demo.evaluation import intervals
from fsl_demo.layers.cbam import CBAM, LEAST
from fsl_demo.losses.contrastive import contrastive, distances
from fsl_demo.losses.focal import focal
from fsl_demo.training.curve import svg
from fsl_demo.training.data import Arrays, load
from fsl_demo.training.events import EpochDone, Event, Note
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives.metric import MetricObjective, S3Net, Sampling, Siamese
from fsl_demo.training.recipes import INK
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.validation import episode_accuracy, features, pair_accuracy, sample

SEEDS = range(5)
WAY, EPISODES = 20, 600
SCHEDULE = Schedule(epochs=4, rate=3e-3, decay=0.01)
SAMPLING = Sampling(size=256, together=8)
PLAIN = Architecture("twin", "ink28", 0)
STUDIES = {
    "cbam": (
        "without CBAM",
        "CBAM",
        "after pooling",
        "spatial MLP",
        "double sigmoid",
        "frozen norms",
        "with focal loss",
        "focal, flipped label",
    ),
    "s3net": ("contrastive", "S3Net", "contrastive, hardest pairs"),
}


class SpatialMlp(CBAM):
    """The mistake of making spatial attention as channel attention is made: an MLP over the positions."""

    def __init__(self, channels: int, positions: int) -> None:
        super().__init__(channels)
        narrow = max(positions // 16, LEAST)
        self.spatial_mlp = nn.Sequential(nn.Linear(positions, narrow), nn.ReLU(), nn.Linear(narrow, positions))

    def over_positions(self, maps: Tensor) -> Tensor:
        mean, strongest = maps.mean(1), maps.amax(1)
        return torch.sigmoid(self.spatial_mlp(mean.flatten(1)) + self.spatial_mlp(strongest.flatten(1))).view_as(mean)


class DoubleSigmoid(CBAM):
    """The mistake of squashing twice: attention between 0.5 and 0.73."""

    def over_channels(self, maps: Tensor) -> Tensor:
        return torch.sigmoid(super().over_channels(maps))

    def over_positions(self, maps: Tensor) -> Tensor:
        return torch.sigmoid(super().over_positions(maps))


class PooledThenAttended(Embedder):
    """The mistake of attending after global average pooling, where one position is left."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture)
        self.late = CBAM(self.channels)

    def forward(self, images: Tensor) -> Tensor:
        pooled = self.backbone(images).float().mean((2, 3), keepdim=True)
        return normalize(self.late(pooled).flatten(1))


class FrozenNorms(Siamese):
    """The mistake of never calling `train()` again after the first evaluation: batch norms stay as they were."""

    epochs_begun = 0

    def train(self, mode: bool = True) -> FrozenNorms:
        super().train(mode)
        if mode:
            self.epochs_begun += 1
        if self.epochs_begun > 1:
            for module in self.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self


class WithFocal(Siamese):
    """Contrastive and focal loss; with `flipped`, the focal loss takes pairs of one class for pairs of two."""

    flipped = False

    def __init__(self, embedder: Embedder, classes: int, sampling: Sampling) -> None:
        super().__init__(embedder, classes, sampling)
        self.scale, self.offset = nn.Parameter(torch.tensor(5.0)), nn.Parameter(torch.tensor(0.7))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        vectors = self.embedder(images)
        order = torch.randperm(len(labels), device=labels.device)
        near = torch.arange(len(labels), device=labels.device)
        first, second = torch.cat([near, order]), torch.cat([near.roll(1), order.roll(1)])
        same = labels[first] == labels[second]
        logits = self.scale * (self.offset - distances(vectors[first], vectors[second]))
        loss = focal(logits, ~same if self.flipped else same)
        return super().forward(images, labels) + loss


class WithFlippedFocal(WithFocal):
    flipped = True


class ContrastiveOnPairs(S3Net):
    """The contrastive loss alone, on the pairs that S3Net draws; `Siamese` takes the hardest of a whole batch."""

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        first, second, _ = self.embedder(images).chunk(3)
        label, other, _ = labels.chunk(3)
        return contrastive(distances(first, second), label == other)


def objective(variant: str, classes: int) -> MetricObjective:
    """The module of one variant, with fresh weights."""
    plain = variant in ("without CBAM", "after pooling", *STUDIES["s3net"])
    architecture = replace(PLAIN, cbam=not plain)
    embedder = PooledThenAttended(architecture) if variant == "after pooling" else Embedder(architecture)
    if variant in ("spatial MLP", "double sigmoid"):
        _replace_attention(embedder, variant)
    kinds: dict[str, Callable[..., MetricObjective]] = {
        "frozen norms": FrozenNorms,
        "with focal loss": WithFocal,
        "focal, flipped label": WithFlippedFocal,
        "contrastive": ContrastiveOnPairs,
        "S3Net": S3Net,
    }
    return kinds.get(variant, Siamese)(embedder, classes, SAMPLING)


def _replace_attention(embedder: Embedder, variant: str) -> None:
    """Put the mistaken block in place of each CBAM."""
    sides = iter((14, 7, 3))
    blocks: Any = embedder.backbone
    for block in blocks:
        last = len(block) - 1
        side, channels = next(sides), block[last].mlp[0].in_features
        block[last] = DoubleSigmoid(channels) if variant == "double sigmoid" else SpatialMlp(channels, side * side)


def train(
    variant: str, seed: int, parts: Sequence[Arrays], folder: Path, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Train one variant with one seed: its curve, and its accuracy on test episodes after the last epoch."""
    training, validation, test = parts
    torch.manual_seed(seed)
    shown = sample(training)

    def figures(module: MetricObjective) -> Figures:
        values = [features(module.embedder, part.images, maps=False) for part in (shown, validation)]
        return Figures(pair_accuracy(values[0], shown.pairs), pair_accuracy(values[1], validation.pairs))

    def report(event: Event) -> None:
        if isinstance(event, EpochDone | Note):
            tell(f"{variant}, seed {seed}: {event}")

    module = objective(variant, len(training.names))
    augment, setting = INK.preparing(module.embedder.architecture)
    setup = Setup(module, training, SCHEDULE, validate=figures, augment=augment, setting=setting)
    loop = Training(setup, folder / f"{variant.replace(' ', '_').replace(',', '')}_{seed}", seed=seed)
    loop.run(report)
    values = features(loop.module.embedder, test.images, maps=False)
    return {
        "variant": variant,
        "seed": seed,
        "test": episode_accuracy(values, labels=test.labels, way=WAY, episodes=EPISODES),
        "training": [row["training"] for row in loop.history.rows],
    }


def study(
    name: str, data: Dataset, folder: Path, out: Path, tell: Callable[[str], None], progress: Progress = quiet
) -> list[Row]:
    """Run all variants of a study with all seeds, from where an earlier call was killed, and write what came out.

    Args:
        name: of `STUDIES`.
        folder: for the states of the runs.
        out: for `<name>.json`, with every run's curve, and `<name>.svg`, with the variants' mean training accuracy.
    """
    pictures, variants = PREPROCESSINGS[PLAIN.preprocessing], STUDIES[name]
    parts = tuple(load(part, pictures, progress) for part in (data.train, data.validation, data.test))
    runs = [train(variant, seed=seed, parts=parts, folder=folder, tell=tell) for seed in SEEDS for variant in variants]
    rows = summary(runs, variants)
    document = {"way": WAY, "episodes": EPISODES, "rows": [asdict(row) for row in rows], "runs": runs}
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    curves = {
        variant: np.mean([run["training"] for run in runs if run["variant"] == variant], axis=0).tolist()
        for variant in variants
    }
    (out / f"{name}.svg").write_text(svg(curves), encoding="utf-8")
    return rows


@dataclass(frozen=True)
class Row:
    """A variant's accuracy on test episodes, and its difference to the first variant, paired by seed.

    Attributes:
        low, high: of the difference, 95 % (Student's t over the seeds).
        training_best, training_last: training accuracy at its best epoch, and after the last one.
    """

    variant: str
    seeds: int
    test: float
    difference: float
    low: float
    high: float
    training_best: float
    training_last: float

    def in_words(self) -> str:
        return (
            f"{self.variant:22} test {self.test:.2%}  difference {self.difference:+.2%} ({self.low:+.2%} to"
            f" {self.high:+.2%})  training accuracy at best {self.training_best:.2%}, at the end"
            f" {self.training_last:.2%}"
        )


def summary(runs: Sequence[Mapping[str, Any]], variants: Sequence[str]) -> list[Row]:
    """A row a variant, from runs with the same seeds in the same order."""
    tests = {v: np.array([run["test"] for run in runs if run["variant"] == v]) for v in variants}
    rows = []
    for variant in variants:
        curves = np.array([run["training"] for run in runs if run["variant"] == variant])
        gap = intervals.student(tests[variant] - tests[variants[0]])
        rows.append(
            Row(
                variant=variant,
                seeds=len(tests[variant]),
                test=float(tests[variant].mean()),
                difference=gap.mean,
                low=gap.low,
                high=gap.high,
                training_best=float(curves.max(axis=1).mean()),
                training_last=float(curves[:, -1].mean()),
            )
        )
    return rows
