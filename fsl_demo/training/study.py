"""Two controlled comparisons: `python -m fsl_demo.training.study cbam` and `... s3net`.

Omniglot was named beforehand; the small twin, contrastive loss, five seeds, the same budget for all. `cbam` compares
the network with and without CBAM (Woo et al. 2018), and tries mistakes that may explain why CBAM "brought no gain, and
training accuracy fell": each is one change to the right block or its training. `s3net` compares S3Net's dual loss
(Xue et al. 2022) with the contrastive loss alone. Every run is tested on the same episodes of unseen alphabets.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fsl_demo import datasets, runtime
from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.backbones.preprocessing import PREPROCESSINGS
from fsl_demo.evaluation import intervals
from fsl_demo.layers.cbam import CBAM, LEAST
from fsl_demo.losses.contrastive import distances
from fsl_demo.losses.focal import focal
from fsl_demo.training.curve import curves_svg
from fsl_demo.training.data import Arrays, load
from fsl_demo.training.loop import Schedule, Training
from fsl_demo.training.objectives import S3Net, Sampling, Siamese
from fsl_demo.training.recipes import INK
from fsl_demo.training.run import sample
from fsl_demo.training.validation import episode_accuracy, features, pair_accuracy

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
    "s3net": ("contrastive", "S3Net"),
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


def objective(variant: str, classes: int) -> Any:
    """The module of one variant, with fresh weights."""
    plain = variant in ("without CBAM", "after pooling", "contrastive", "S3Net")
    architecture = replace(PLAIN, cbam=not plain)
    embedder = PooledThenAttended(architecture) if variant == "after pooling" else Embedder(architecture)
    if variant in ("spatial MLP", "double sigmoid"):
        _replace_attention(embedder, variant)
    kinds: dict[str, Callable[..., Any]] = {
        "frozen norms": FrozenNorms,
        "with focal loss": WithFocal,
        "focal, flipped label": WithFlippedFocal,
        "S3Net": S3Net,
    }
    return kinds.get(variant, Siamese)(embedder, classes, SAMPLING)


def _replace_attention(embedder: Embedder, variant: str) -> None:
    """Put the mistaken block in place of each CBAM."""
    sides = iter((14, 7, 3))
    for block in embedder.backbone:
        last = len(block) - 1
        side, channels = next(sides), block[last].mlp[0].in_features
        block[last] = DoubleSigmoid(channels) if variant == "double sigmoid" else SpatialMlp(channels, side * side)


def run(variant: str, seed: int, parts: tuple[Arrays, Arrays, Arrays], folder: Path) -> dict[str, Any]:
    """Train one variant with one seed: its curve, and its accuracy on test episodes after the last epoch."""
    training, validation, test = parts
    torch.manual_seed(seed)
    some = sample(training)

    def figures(module: Any) -> tuple[float, float]:
        found = [features(module.embedder, part.images, False) for part in (some, validation)]
        return pair_accuracy(found[0], some.pairs), pair_accuracy(found[1], validation.pairs)

    module = objective(variant, len(training.names))
    place = folder / f"{variant.replace(' ', '_').replace(',', '')}_{seed}"
    loop = Training(module, training, figures, SCHEDULE, INK, place, seed)
    loop.run(lambda text: print(f"{variant}, seed {seed}: {text}", flush=True))
    found = features(loop.module.embedder, test.images, False)
    return {
        "variant": variant,
        "seed": seed,
        "test": episode_accuracy(found, test.labels, WAY, EPISODES),
        "curve": loop.history.rows,
    }


def summary(runs: list[dict[str, Any]], variants: tuple[str, ...]) -> list[dict[str, Any]]:
    """Each variant's mean test accuracy and its difference to the first, paired by seed, with Student's interval."""
    tests = {v: np.array([one["test"] for one in runs if one["variant"] == v]) for v in variants}
    rows = []
    for variant in variants:
        curves = np.array([[row["training"] for row in one["curve"]] for one in runs if one["variant"] == variant])
        gap = intervals.student(tests[variant] - tests[variants[0]])
        rows.append(
            {
                "variant": variant,
                "seeds": len(tests[variant]),
                "test": float(tests[variant].mean()),
                "difference": gap.mean,
                "low": gap.low,
                "high": gap.high,
                "training_best": float(curves.max(axis=1).mean()),
                "training_last": float(curves[:, -1].mean()),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m fsl_demo.training.study", description=__doc__)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--root", type=Path, default=Path("data"), metavar="DIR", help="holds the data sets")
    parser.add_argument("--runs", type=Path, default=Path("runs/study"), metavar="DIR", help="to resume from")
    parser.add_argument("--out", type=Path, default=Path("assets/studies"), metavar="DIR")
    parser.add_argument("--threads", type=int, metavar="N")
    chosen = parser.parse_args()
    runtime.prepare("auto", chosen.threads)
    data, pictures = datasets.read("omniglot", chosen.root), PREPROCESSINGS[PLAIN.preprocessing]
    training, validation, test = (load(part, pictures) for part in (data.train, data.validation, data.test))
    variants = STUDIES[chosen.study]
    runs = [run(v, seed, (training, validation, test), chosen.runs) for seed in SEEDS for v in variants]
    rows = summary(runs, variants)
    chosen.out.mkdir(parents=True, exist_ok=True)
    document = {"way": WAY, "episodes": EPISODES, "rows": rows, "runs": runs}
    (chosen.out / f"{chosen.study}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    means = {
        v: np.mean([[row["training"] for row in one["curve"]] for one in runs if one["variant"] == v], axis=0)
        for v in variants
    }
    (chosen.out / f"{chosen.study}.svg").write_text(curves_svg(means), encoding="utf-8")
    for row in rows:
        print(
            f"{row['variant']:22} test {row['test']:.2%}  difference {row['difference']:+.2%} ({row['low']:+.2%} to"
            f" {row['high']:+.2%})  training accuracy at best {row['training_best']:.2%}, at the end"
            f" {row['training_last']:.2%}"
        )


if __name__ == "__main__":
    main()
