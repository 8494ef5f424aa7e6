"""What each part of the space of photographs brings, and what it costs: `python -m experiments.picture_space`.

Accuracy of nearest class means on the validation classes of CIFAR-FS and of `photos`, from which the recipe was chosen,
as averages over both; with `--test` on their test classes. Milliseconds a picture are of the networks, at batch 16.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from fsl_demo import datasets, runtime
from fsl_demo.backbones.cache import BATCH, FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.picture_maps import CHANNELS
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.episodes import quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.datasets.parts import Part, opened
from fsl_demo.evaluation import intervals
from fsl_demo.inference.picture_space import PictureSpace
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.training.objectives.picture_space import CENTRE, whitening
from fsl_demo.training.tasks.picture_space import features, groups
from fsl_demo.training.validation import scored

EACH, EPISODES = 100, 600
TASKS = ((5, 1), (5, 5), (10, 1))
LITE0, LITE2 = slice(0, CHANNELS), slice(CHANNELS, 2 * CHANNELS)

Vectors = Callable[[np.ndarray], np.ndarray]
"""From features [N, 1998], and those of mirror images, [2, N, 1998], to unit vectors [N, D]."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("data"), metavar="DIR", help="holds the data sets")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="of the training")
    parser.add_argument("--test", action="store_true", help="on the test classes")
    chosen = parser.parse_args()
    runtime.prepare()
    networks, data = Networks(FeatureCache(map_bytes=1)), datasets.read("objects", chosen.root)
    training = features(
        networks, data=data.train, file=chosen.runs / "picture_space" / "train.safetensors", progress=quiet
    )
    mean = np.mean([training.images[part].mean(axis=0) for part in _members(training.labels, groups(training))], axis=0)
    weight, bias = whitening(training.images, training.labels, groups(training))
    space = PictureSpace(networks)
    small, large = (_milliseconds(networks, number) for number in (0, 1))
    part = data.test if chosen.test else data.validation
    rows: list[tuple[str, float, Vectors]] = [
        ("Lite0, the middle of a picture", small, lambda views: l2_normalize(views[0][:, LITE0])),
        ("Lite2, all of a picture", large, lambda views: l2_normalize(views[0][:, LITE2])),
        ("both side by side", small + large, lambda views: l2_normalize(views[0])),
        ("both, and their mirror images", 2 * (small + large), lambda views: l2_normalize(views.sum(axis=0))),
        ("both, less half of the mean picture", small + large, lambda views: l2_normalize(views[0] - CENTRE * mean)),
        ("both, less all of the mean picture", small + large, lambda views: l2_normalize(views[0] - mean)),
        ("both, whitened within classes", small + large, lambda views: l2_normalize(views[0] @ weight.T + bias)),
        ("both, under the trained map", small + large, lambda views: space.project(views[0])),
        ("Lite0 alone, under the quick map", small, lambda views: space.project_quickly(views[0][:, LITE0])),
        (
            "both, under the trained map, and their mirror images",
            2 * (small + large),
            lambda views: l2_normalize(space.project(views[0]) + space.project(views[1])),
        ),
    ]
    views, labels, of_picture = _views(PictureTowers(networks), part)
    print("| vectors | ms | " + " | ".join(f"{way}-way {shot}-shot" for way, shot in TASKS) + " |")
    print("|---|---|" + "---|" * len(TASKS))
    for name, milliseconds, vectors in rows:
        made = torch.from_numpy(vectors(views).astype(np.float32))
        cells = [_accuracy(made, labels=labels, sets=of_picture, way=way, shot=shot) for way, shot in TASKS]
        print(f"| {name} | {milliseconds:.1f} | {' | '.join(cells)} |", flush=True)


def _views(towers: PictureTowers, part: Part) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of pictures and of their mirror images [2, N, 1998], labels [N], and the data set of each [N]."""
    names, views = sorted({name.split("/")[0] for name in part.classes}), []
    labels, sets = [], []
    for label, (name, items) in enumerate(part.classes.items()):
        pictures = [opened(item) for item in items[:EACH]]
        views.append(np.stack([towers.embed(pictures), towers.embed([_mirrored(picture) for picture in pictures])]))
        labels += [label] * len(pictures)
        sets += [names.index(name.split("/")[0])] * len(pictures)
    return np.concatenate(views, axis=1), np.array(labels), np.array(sets)


def _mirrored(picture: Picture) -> Picture:
    return from_image(picture.image().transpose(Image.Transpose.FLIP_LEFT_RIGHT), picture.name)


def _members(labels: np.ndarray, of_class: np.ndarray) -> Sequence[np.ndarray]:
    return [np.flatnonzero(of_class[labels] == group) for group in np.unique(of_class)]


def _accuracy(vectors: torch.Tensor, labels: np.ndarray, sets: np.ndarray, way: int, shot: int) -> str:
    """The mean over the data sets, of each data set, and its interval."""
    measured = []
    for group in np.unique(sets):
        rows = sets == group
        episodes = scored(vectors[rows], labels=labels[rows], way=way, shot=shot, episodes=EPISODES)
        measured.append([float((similarities.argmax(1) == truth).float().mean()) for similarities, truth in episodes])
    shares = [intervals.share(values) for values in measured]
    each = ", ".join(f"{100 * share.mean:.1f}" for share in shares)
    return f"{100 * float(np.mean([share.mean for share in shares])):.1f} ({each})"


def _milliseconds(networks: Networks, number: int) -> float:
    """Of one network, a picture at batch 16: the least of five."""
    network = (networks.pictures, networks.whole_pictures)[number]
    picture = from_image(Image.effect_noise((320, 240), 60).convert("RGB"), "noise.png")
    images, times = [network.prepare(picture)] * BATCH, []
    network.maps(images, quiet)
    for _ in range(5):
        started = time.perf_counter()
        network.maps(images, quiet)
        times.append(time.perf_counter() - started)
    return 1000 * min(times) / BATCH


if __name__ == "__main__":
    main()
