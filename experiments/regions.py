"""What the semantic dictionary owes to its words and examples: `python -m experiments.regions unseen` and `... labels`.

unseen: five classes that neither detector nor dictionary has learned from (bus, cat, cow, motorbike, sofa), on VOC's
    test photographs: boxes by their words alone, and with 1, 5 and 10 boxes of each as support, three times drawn from
    the training photographs; beside them, the same detector's regions with ASIF's scores for the words. The words
    compete with each other, and with those of all twenty classes ("among twenty").
labels: the 20 classes of whole pictures by logistic regression on the vectors that the dictionary explains, learned
    from the photographs that the dictionary has learned from, its strength chosen on its validation photographs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.cli import options, reporting
from fsl_demo.core.capabilities import Locates, Method
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Progress, quiet
from fsl_demo.core.pictures import Picture, from_image, ingest
from fsl_demo.datasets import voc2007
from fsl_demo.datasets.voc2007 import Photograph, Thing
from fsl_demo.evaluation import intervals, located
from fsl_demo.evaluation.boxes import Detections, Truth, of_regions, of_scores, truth
from fsl_demo.evaluation.detection import Detection, detection, mean_precision
from fsl_demo.evaluation.located import Scenes
from fsl_demo.evaluation.multi_label import multi_label
from fsl_demo.inference import dictionary_space, region_space
from fsl_demo.inference.boxes import apart
from fsl_demo.inference.dictionary_space import Seen
from fsl_demo.methods.asif import Asif
from fsl_demo.methods.semantic_dictionary import SemanticDictionary
from fsl_demo.training import region_rows, scenes
from fsl_demo.training.region_rows import PICTURE
from fsl_demo.training.tasks.semantic_dictionary import HELD, REGION_FILES, SemanticDictionaryTask, drawn

SHOTS, DRAWS = (1, 5, 10), 3
REGIONS = 10
"""Of a picture, that ASIF looks at, without those that overlap a better one by more than half."""
SHARPNESS = (0.01, 0.1, 1.0, 10.0, 100.0)
"""Inverse strengths of the regression's penalty, among which the validation photographs choose."""
PICTURES = 2_000
"""That the dictionary remembers: all test photographs."""
SMALL = 32
"""Pixels: a box with a shorter side is no example."""


@dataclass(frozen=True)
class Regions:
    """Of a picture, the most probable thing first.

    Attributes:
        boxes: [R, 4].
        objectness: [R].
    """

    boxes: np.ndarray
    objectness: np.ndarray


def unseen(method: SemanticDictionary, asif: Method, root: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    """The rows of the first study."""
    test = located.scenes(root, "test", names=voc2007.LEFT_OUT, progress=progress)
    regions = [surest(seen) for seen in method.space.see(test.pictures, progress)]
    alone: dict[str, Detection] = {}
    for among, names in (("five", voc2007.LEFT_OUT), ("twenty", voc2007.NAMES)):
        crops = list(scored(asif, regions=regions, names=names, scenes=test, progress=progress))
        baseline = detection(test.truths, crops, len(test.names))
        alone[among] = detection(test.truths, named(method, test, names), len(test.names))
        yield row("asif", among, measured=baseline, scenes=test)
        yield row(method.card.id, among, measured=alone[among], scenes=test) | {
            "difference": asdict((alone[among].at_half - baseline.at_half).interval)
        }
    photographs = voc2007.photographs(root, "train")
    before = [alone["five"].at_half.value] * DRAWS
    for shot in SHOTS:
        precisions = []
        for seed in range(DRAWS):
            progress("score", seed, DRAWS)
            detections = named(method, test, names=voc2007.LEFT_OUT, support=support(photographs, shot, seed))
            precisions.append(mean_precision(test.truths, detections, len(test.names)))
        gains = [now - then for now, then in zip(precisions, before, strict=True)]
        yield {
            "shot": shot,
            "detection": asdict(intervals.student(precisions)),
            "gain": asdict(intervals.student(gains)),
            "draws": precisions,
        }
        before = precisions


def surest(seen: Seen) -> Regions:
    kept = apart(seen.boxes, seen.objectness, 0.5)[:REGIONS]
    return Regions(seen.boxes[kept], seen.objectness[kept])


def named(
    method: Locates[Any], scenes: Scenes, names: Sequence[str], support: Sequence[Example] = ()
) -> list[Detections]:
    """Boxes of the scenes' classes where the words of these names compete."""
    episode = Episode(tuple(ClassSpec(voc2007.WORDS[name]) for name in names), tuple(support))
    regions = method.fit(episode, method.Settings()).regions(scenes.pictures)
    return [of_regions(own, scenes.names) for own in regions]


def scored(
    method: Method, regions: Sequence[Regions], *, names: Sequence[str], scenes: Scenes, progress: Progress
) -> Iterator[Detections]:
    """The same from what a method for whole pictures says of each region, times how probably it is a thing."""
    words = [voc2007.WORDS[name] for name in names]
    classifier = method.fit(Episode(tuple(map(ClassSpec, words))), method.Settings())
    columns = [words.index(name) for name in scenes.names]
    for number, (picture, own) in enumerate(zip(scenes.pictures, regions, strict=True)):
        progress("score", number, len(regions))
        crops = [cut(picture, box) for box in own.boxes]
        likely = classifier.predict(crops, quiet).probabilities[:, columns] if crops else np.zeros((0, len(columns)))
        yield of_scores(own.boxes, (own.objectness[:, None] * likely).astype(np.float32))


def cut(picture: Picture, box: np.ndarray) -> Picture:
    """A box of a picture, at least a pixel wide and high."""
    left, top, right, bottom = (box * np.tile((picture.width, picture.height), 2)).round().astype(int).tolist()
    left, top = min(left, picture.width - 1), min(top, picture.height - 1)
    return from_image(picture.image().crop((left, top, max(right, left + 1), max(bottom, top + 1))), picture.name)


def support(photographs: Sequence[Photograph], shot: int, seed: int) -> list[Example]:
    """So many boxes of each left-out class, each of another photograph; more boxes hold those of fewer."""
    random, examples = np.random.default_rng(seed), []
    for label, name in enumerate(voc2007.LEFT_OUT):
        drawn = 0
        for number in random.permutation(len(photographs)):
            photograph = photographs[number]
            fit = [thing for thing in photograph.things if thing.name == name and usable(thing, photograph.size)]
            if fit and drawn < shot:
                examples.append(Example(ingest(photograph.file), label, (fit[0].box,)))
                drawn += 1
    return examples


def usable(thing: Thing, size: tuple[int, int]) -> bool:
    left, top, right, bottom = thing.box
    return not thing.difficult and min((right - left) * size[0], (bottom - top) * size[1]) >= SMALL


def row(name: str, among: str, measured: Detection, scenes: Scenes) -> dict[str, Any]:
    return {
        "method": name,
        "among": among,
        "detection": asdict(measured.at_half.interval),
        "classes": dict(zip(scenes.names, measured.of_class, strict=True)),
    }


def labels(method: SemanticDictionary, kept: Path, root: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    """The rows of the second study.

    Args:
        kept: folder of the dictionary's training, with the features of its photographs.
    """
    test = located.scenes(root, "test", progress=progress)
    seen = method.space.see(test.pictures, progress)
    vectors, truths = {"test": np.array([own.whole for own in seen])}, {"test": test.truths}
    for split, count in (("train", SemanticDictionaryTask.pictures), ("val", HELD[0])):
        learned = drawn(scenes.of_voc(root, split), count)
        rows = region_rows.read(
            method.space.towers, learned, folder=kept / REGION_FILES, every=split == "val", progress=progress
        )
        vectors[split] = method.space.map(rows.features[rows.things == PICTURE])
        known = {photograph.file.name: photograph for photograph in voc2007.photographs(root, split)}
        truths[split] = [truth(known[scene.file.name], voc2007.NAMES) for scene in learned]
    chosen, scores = regression(vectors, truths)
    baseline = multi_label(test.truths, scores)
    classifier = method.fit(Episode(test.classes), method.Settings())
    measured = multi_label(test.truths, classifier.predict(test.pictures, progress).similarities)
    yield {"method": "logistic regression", "sharpness": chosen, "labels": asdict(baseline.mean.interval)}
    yield {
        "method": method.card.id,
        "labels": asdict(measured.mean.interval),
        "difference": asdict((measured.mean - baseline.mean).interval),
    }


def regression(vectors: Mapping[str, np.ndarray], truths: Mapping[str, Sequence[Truth]]) -> tuple[float, np.ndarray]:
    """The sharpness that is best for the validation pictures, and the scores [P, C] of the test pictures with it."""

    def learned(sharpness: float, split: str) -> np.ndarray:
        columns = []
        for label in range(voc2007.CLASSES):
            shown = [own.difficult[own.labels == label] for own in truths["train"]]
            known = np.array([not len(difficult) or not difficult.all() for difficult in shown])
            right = np.array([len(difficult) > 0 for difficult in shown])
            model = LogisticRegression(C=sharpness, max_iter=1_000)
            columns.append(model.fit(vectors["train"][known], right[known]).decision_function(vectors[split]))
        return np.stack(columns, axis=1)

    chosen = max(SHARPNESS, key=lambda own: multi_label(truths["val"], learned(own, "val")).mean.value)
    return chosen, learned(chosen, "test")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=("unseen", "labels"))
    parser.add_argument("--root", type=Path, default=Path("data"), metavar="DIR", help="holds the data sets")
    parser.add_argument("--dictionary", default=dictionary_space.CHECKPOINT, metavar="CHECKPOINT")
    parser.add_argument("--regions", default=region_space.CHECKPOINT, metavar="CHECKPOINT")
    parser.add_argument("--kept", type=Path, default=Path("runs/semantic_dictionary"), metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to this file")
    options.add_machine(parser)
    chosen = parser.parse_args()
    options.prepare(chosen)
    dictionary_space.REMEMBERED = PICTURES
    networks, terminal = Networks(FeatureCache(map_bytes=1)), reporting.Terminal()
    method = SemanticDictionary(networks, *(options.checkpoint(name) for name in (chosen.dictionary, chosen.regions)))
    if chosen.study == "unseen":
        rows = unseen(method, Asif(networks), root=chosen.root, progress=terminal.progress)
    else:
        rows = labels(method, chosen.kept, root=chosen.root, progress=terminal.progress)
    kept = []
    for measured in rows:
        print(json.dumps(measured), flush=True)
        kept.append(measured)
    if chosen.json:
        chosen.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
