"""What is taken off a text that agrees with any picture: `python -m experiments.text_and_pictures`.

Accuracy of `asif` and `compact-vlm` by names and one picture a class, on the validation classes of CIFAR-FS and of
`photos`. Each row takes other shares of a text's mean product with the support pictures off (`inference.blend`);
differences to the first row are paired, with their 95 % intervals.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np

from fsl_demo import datasets, runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import ClassSpec, quiet
from fsl_demo.evaluation import intervals
from fsl_demo.inference import blend
from fsl_demo.inference.blend import Blend, Support
from fsl_demo.inference.compact_space import of_class_names
from fsl_demo.inference.picture_space import Unlearned
from fsl_demo.inference.prompts import balanced
from fsl_demo.methods.asif import Asif
from fsl_demo.methods.compact_vlm import CompactVlm
from fsl_demo.training.batches import Episodes
from fsl_demo.training.tasks.picture_space import features, groups

SHARES = ((0.0, 0.0), (0.0, 0.1), (0.1, 0.1), (0.4, 0.0), (0.4, 0.1), (0.4, 0.2), (0.35, 0.35))
"""Of the products with pictures of other classes, and of a text's own."""
WAYS, QUERIES = (5, 10), 10

Answers = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""From rows of one support picture a class, rows of queries, and classes to similarities [Q, C]."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("data"), metavar="DIR", help="holds the data sets")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="of the trainings")
    parser.add_argument("--episodes", type=int, default=300, metavar="N", help="of each data set")
    chosen = parser.parse_args()
    runtime.prepare()
    networks, part = Networks(FeatureCache(map_bytes=1)), datasets.read("objects", chosen.root).validation
    file = chosen.runs / "picture_space" / "validation.safetensors"
    data = features(networks, data=part, file=file, progress=quiet)
    names = [name.split("/")[1].replace("_", " ") for name in data.names]
    methods = {
        "`asif`": _asif(networks, data.images, names),
        "`compact-vlm`": _compact_vlm(networks, data.images, names),
    }
    of_picture, sets = groups(data)[data.labels], sorted({name.split("/")[0] for name in data.names})
    columns = [f"{name}, {way}-way 1-shot" for way in WAYS for name in sets]
    print(f"| method | others, own | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}")
    for method, answers in methods.items():
        first: list[np.ndarray] = []
        for others, own in SHARES:
            with patch.multiple(blend, OTHERS=others, OWN=own):
                measured = [
                    np.array(
                        list(
                            _accuracies(
                                answers,
                                labels=data.labels,
                                among=of_picture == group,
                                way=way,
                                episodes=chosen.episodes,
                            )
                        )
                    )
                    for way in WAYS
                    for group in range(len(sets))
                ]
            first = first or measured
            cells = [_cell(values, before) for values, before in zip(measured, first, strict=True)]
            print(f"| {method} | {others:g}, {own:g} | {' | '.join(cells)} |", flush=True)


def _asif(networks: Networks, pictures: np.ndarray, names: list[str]) -> Answers:
    method = Asif(networks)
    vectors, relations = method.space.project(pictures), method.picture_anchors.rows(pictures)
    anchors, texts = method.anchors(), method.text_rows([ClassSpec(name) for name in names])
    originals = Unlearned().project(pictures)

    def answers(support: np.ndarray, queries: np.ndarray, classes: np.ndarray) -> np.ndarray:
        known = Support(
            vectors=vectors[support],
            originals=originals[support],
            relations=relations[support],
            owners=np.arange(len(classes)),
            texts=texts[classes],
        )
        made: Blend = anchors.blended(known, weight=None, none_below=None)
        return made.similarities(vectors[queries], relations[queries])

    return answers


def _compact_vlm(networks: Networks, pictures: np.ndarray, names: list[str]) -> Answers:
    method, space = CompactVlm(networks), of_class_names(networks)()
    inputs = method.inputs(CompactVlm.Settings())
    vectors, originals = space.project(pictures), Unlearned().project(pictures)
    texts = space.texts([balanced(*method.sentences(ClassSpec(name), inputs.settings)) for name in names])

    def answers(support: np.ndarray, queries: np.ndarray, classes: np.ndarray) -> np.ndarray:
        owners = np.arange(len(classes))
        made = inputs.blended(vectors[support], originals[support], owners=owners, texts=texts[classes])
        return made.similarities(vectors[queries], vectors[queries])

    return answers


def _accuracies(answers: Answers, labels: np.ndarray, among: np.ndarray, way: int, episodes: int) -> Iterator[float]:
    """Of the same episodes each time."""
    rows, random = np.flatnonzero(among), np.random.default_rng(0)
    sampler, truth = Episodes(labels[rows], way=way, shot=1, queries=QUERIES), np.repeat(np.arange(way), QUERIES)
    for _ in range(episodes):
        support, queries = (rows[drawn] for drawn in sampler.draw(random))
        similarities = answers(support[:, 0], queries.ravel(), labels[support[:, 0]])
        yield float((similarities.argmax(axis=1) == truth).mean())


def _cell(values: np.ndarray, before: np.ndarray) -> str:
    if values is before:
        return f"{100 * values.mean():.1f}"
    change = intervals.mean(values - before)
    return f"{100 * values.mean():.1f} ({100 * change.mean:+.2f}, {100 * change.low:+.2f} to {100 * change.high:+.2f})"


if __name__ == "__main__":
    main()
