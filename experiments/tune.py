"""Choose the constants of the training-free methods again, and write the checkpoint `lite0_minilm`.

    python -m experiments.tune --data data

reads `cifar100` (with its CIFAR-FS splits) and `photos` in that folder. Everything is measured on the validation
classes of both, 16 and 10, and figures are those of their test classes, 20 and 25. Grids are printed, best first; what
is measured (anchors, temperatures, thresholds) goes to the checkpoint. The grid of `asif` was first searched on
CIFAR-FS's training classes too, and on 25 classes of `photos`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo import checkpoints, datasets, runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import ClassSpec
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.datasets.parts import Classes, Item, opened
from fsl_demo.evaluation.calibration import credits
from fsl_demo.evaluation.run import evaluate
from fsl_demo.evaluation.sampling import EpisodeSampler, Sampling
from fsl_demo.inference import anchors as anchoring
from fsl_demo.inference import calibration
from fsl_demo.inference.glossary import imagenet_sentences
from fsl_demo.inference.picture_space import PictureSpace
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.methods import asif, prototype

SEED = 0
WAY, QUERIES, EPISODES = 5, 15, 400
TEMPERATURES = np.geomspace(4, 100, 81)


class Split:
    """Classes: features [N, 1998], class indices [N], and what the class names say [C, 384]."""

    def __init__(self, networks: Networks, files: Classes) -> None:
        self.features = embed(networks, [item for items in files.values() for item in items])
        self.owners = np.repeat(np.arange(len(files)), [len(items) for items in files.values()])
        self.texts = anchoring.text_vectors(networks, [ClassSpec(name) for name in files])

    def episodes(self, shot: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows of support [E, 5, K] and queries [E, 75], and class indices [E, 5], of the same episodes each time."""
        rows = {str(label): np.flatnonzero(self.owners == label) for label in range(len(self.texts))}
        sampler = EpisodeSampler(rows, way=WAY, shot=shot, queries=QUERIES, seed=SEED)
        episodes = list(sampler.draw(EPISODES))
        queries = np.array([episode.queries for episode in episodes]).reshape(EPISODES, -1)
        support = np.array([episode.support for episode in episodes])
        return support, queries, np.array([episode.names for episode in episodes], dtype=int)


def cifar_fs(data: Path, split: str, a_class: int) -> dict[str, list[Path]]:
    """Files of a split of CIFAR-FS, so many a class, drawn with the seed."""
    random = np.random.default_rng(SEED)
    names = [name for _, name in json.loads((data / f"cifar100/splits/cifar-fs/{split}.json").read_text())]
    halves = [class_folders(data / "cifar100" / half) for half in ("train", "test")]
    files = {name: [file for half in halves for file in half[name]] for name in names}
    return {
        name: [members[i] for i in sorted(random.choice(len(members), a_class, replace=False))]
        for name, members in files.items()
    }


def photos(data: Path, rest: bool = False) -> dict[str, list[Path]]:
    """Every other class of `photos`, from the first; the rest is for checking."""
    return dict(list(class_folders(data / "photos").items())[int(rest) :: 2])


TRUTH = np.tile(np.repeat(np.arange(WAY), QUERIES), EPISODES)
"""The right class of every query of a split's episodes."""


def embed(networks: Networks, items: Sequence[Item]) -> np.ndarray:
    """Features, a few hundred pictures in memory at a time."""
    towers = PictureTowers(networks)
    parts = [items[start : start + 400] for start in range(0, len(items), 400)]
    return np.concatenate([towers.embed([opened(item) for item in part]) for part in parts])


def by_picture(split: Split, vectors: np.ndarray, shot: int) -> np.ndarray:
    """Similarity of the queries of a split's episodes to its prototypes, [E * 75, 5]."""
    support, queries, _ = split.episodes(shot)
    return np.einsum("eqd,ewd->eqw", vectors[queries], l2_normalize(vectors[support].sum(axis=2))).reshape(-1, WAY)


def by_text(split: Split, scores: np.ndarray, shot: int) -> np.ndarray:
    """The text similarities [N, C] of a split's pictures, for the queries of its episodes, [E * 75, 5]."""
    _, queries, classes = split.episodes(shot)
    return scores[queries[:, :, None], classes[:, None, :]].reshape(-1, WAY)


def blended(split: Split, vectors: np.ndarray, scores: np.ndarray, shot: int, blend: float) -> np.ndarray:
    return blend * by_picture(split, vectors, shot) + (1 - blend) * by_text(split, scores, shot)


def best(title: str, grid: Iterable[tuple], score: Callable[..., float], in_code: tuple) -> None:
    """Print the points of a grid, best first, and the one that the code has."""
    scored = sorted(((score(*point), point) for point in grid), reverse=True)
    print(f"\n{title}\n  {score(*in_code):.4f}  {in_code}, in the code; the best:")
    print("\n".join(f"  {value:.4f}  {point}" for value, point in scored[:6]), flush=True)


def accuracy(similarities: np.ndarray, truth: np.ndarray) -> float:
    return float(credits(similarities, truth).mean())


def temperature(similarities: np.ndarray, truth: np.ndarray = TRUTH) -> float:
    """The one under which the right classes of the queries are likeliest."""
    rows = np.arange(len(truth))
    return max(TEMPERATURES, key=lambda t: np.log(calibration.softmax(t * similarities)[rows, truth] + 1e-12).mean())


def crowding(splits: list[Split], texts: list[np.ndarray]) -> float:
    """The power of the number of classes by which the temperature for text falls, from 5 to all of a split."""
    falls = [
        np.log(temperature(by_text(split, scores, 1)) / temperature(scores, split.owners))
        / np.log(scores.shape[1] / WAY)
        for split, scores in zip(splits, texts, strict=True)
    ]
    return float(np.mean(falls))


def none_below(similarities: np.ndarray) -> float:
    """The similarity to the most probable class that only few queries stay under."""
    return float(np.quantile(similarities.max(axis=1), calibration.REFUSED))


def defaults(
    splits: list[Split],
    pictures: list[np.ndarray],
    texts: list[np.ndarray],
    measure: Callable[[np.ndarray], float],
    over: Callable[[list[float]], Any],
) -> np.ndarray:
    """The first five numbers of `calibration.Default.unpack`, over the splits."""

    def at(shot: int, blend: float) -> float:
        measured = [
            measure(blended(split, vectors=vectors, scores=scores, shot=shot, blend=blend))
            for split, vectors, scores in zip(splits, pictures, texts, strict=True)
        ]
        return float(over(measured))

    return np.array([at(1, 0), at(1, 0.5), at(5, 0.5), at(1, 1), at(5, 1)], np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    runtime.prepare()
    write(Networks(FeatureCache()), data)


def write(networks: Networks, data: Path) -> None:
    """Measure everything, print it, and save the checkpoint; its figures are those of the constants just saved."""
    validation = datasets.read("photos", data).validation.classes
    splits = [Split(networks, files) for files in (cifar_fs(data, "val", 100), validation)]
    space, picture_anchors = PictureSpace(networks), anchoring.PictureAnchors(PictureTowers(networks))
    anchors = networks.texts.encode(imagenet_sentences()).astype(np.float16)
    pictures = [space.project(split.features) for split in splits]
    texts = try_zero_shot(splits, anchors, [picture_anchors.cosines(split.features) for split in splits])
    try_blends(splits[-1], pictures[-1], texts[-1])
    arrays = {
        "anchors": anchors,
        "temperature": np.append(
            defaults(splits, pictures=pictures, texts=texts, measure=temperature, over=np.mean),
            np.float32(crowding(splits, texts)),
        ),
        "none_below": np.append(
            defaults(splits, pictures=pictures, texts=texts, measure=none_below, over=min), np.float32(0)
        ),
    }
    print("\ntemperature", arrays["temperature"], "\nnone_below", arrays["none_below"])
    checkpoints.save(asif.CHECKPOINT, arrays, card())
    checkpoints.save(asif.CHECKPOINT, arrays, card() | {"figures": figures(networks, data)})


def try_zero_shot(splits: list[Split], anchors: np.ndarray, cosines: list[list[np.ndarray]]) -> list[np.ndarray]:
    """Print the grid of ASIF without pictures.

    Args:
        anchors: texts [1000, 384].
        cosines: of each split's pictures to the anchors' pictures, [N, 1000] for each network.

    Returns:
        Scores of each split's pictures for its class names, with the constants that are in the code, [N, C].
    """
    origin = anchors.astype(np.float32).mean(axis=0)
    directions = l2_normalize(anchors.astype(np.float32) - origin)
    text_cosines = [l2_normalize(split.texts - origin) @ directions.T for split in splits]

    def text_scores(picture_power: float, picture_keep: int, text_power: float, text_keep: int) -> list[np.ndarray]:
        return [
            l2_normalize(np.sum([anchoring.relative(part, picture_power, picture_keep) for part in parts], axis=0))
            @ anchoring.relative(texts, text_power, text_keep).T
            for parts, texts in zip(cosines, text_cosines, strict=True)
        ]

    def mean_accuracy(*point: Any) -> float:
        scores = zip(text_scores(*point), splits, strict=True)
        return float(np.mean([accuracy(similarities, split.owners) for similarities, split in scores]))

    in_code = (anchoring.PICTURE_POWER, anchoring.PICTURE_KEEP, anchoring.TEXT_POWER, anchoring.TEXT_KEEP)
    best(
        "asif zero-shot, mean of 16-way and 10-way: (picture power, kept, text power, kept)",
        grid=product((1, 2, 3, 4), (50, 100, 200, 400), (3, 4, 5, 6, 8), (25, 50, 100, 200)),
        score=mean_accuracy,
        in_code=in_code,
    )
    return text_scores(*in_code)


def try_blends(split: Split, vectors: np.ndarray, scores: np.ndarray) -> None:
    """Print how ASIF does with pictures and text, on photographs."""
    for shot in (1, 2, 5):
        best(
            f"asif, {shot} shots and text, on photographs: (blend,)",
            grid=[(blend / 20,) for blend in range(21)],
            score=lambda blend, shot=shot: accuracy(
                blended(split, vectors=vectors, scores=scores, shot=shot, blend=blend), TRUTH
            ),
            in_code=(shot / (shot + 1),),
        )


def figures(networks: Networks, data: Path) -> list[dict[str, Any]]:
    """What the methods reach on classes that nothing was chosen on."""
    methods: list[Method] = [prototype.Prototype(networks), asif.Asif(networks)]
    measured = []
    for name, files in (
        ("photos, the other 25 classes", photos(data, rest=True)),
        ("CIFAR-FS, test", cifar_fs(data, "test", 100)),
    ):
        reports = [evaluate(methods, files, Sampling(shot=shot, seed=SEED)) for shot in (1, 5)]
        reports.append(evaluate(methods[1:], files, Sampling(way=0, shot=0, queries=0, episodes=1)))
        for report in reports:
            print(f"\n{name}: {report.markdown()}", flush=True)
            measured.append({"data": name, **report.as_dict()})
    return measured


def card() -> dict[str, Any]:
    """What the checkpoint's card says."""
    return {
        "title": "Constants of ASIF",
        "architecture": "anchors: all-MiniLM-L6-v2 embeddings of ImageNet's 1,000 names and definitions."
        " temperature, none_below: at blend 0, at 1/2 with 1 and 5 shots, at 1 with 1 and 5 shots; then the"
        " power by which the number for text falls with the number of classes.",
        "preprocessing": f"{EfficientNetLite0.preprocessing}; {EfficientNetLite2.preprocessing}",
        "data": "CIFAR-FS's 16 validation classes (100 pictures each) and photos' 10; 400 episodes of each, 5-way, 15"
        " queries a class.",
        "split": "CIFAR-FS's 20 and photos' 25 test classes are not read in choosing; figures over all of photos"
        " were seen while the recipe was worked out",
        "seed": SEED,
        "command": "python -m experiments.tune --data data",
    }


if __name__ == "__main__":
    main()
