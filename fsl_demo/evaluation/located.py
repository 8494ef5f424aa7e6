"""What is where on photographs, by the names of the classes alone: methods and a region network on VOC's classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Detector, Locates, Method
from fsl_demo.core.classifiers import Classifier
from fsl_demo.core.episodes import ClassSpec, Episode, Progress, quiet
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.core.regions import Region
from fsl_demo.core.settings import Settings
from fsl_demo.datasets import voc2007
from fsl_demo.evaluation import boxes
from fsl_demo.evaluation.boxes import Detections, Truth
from fsl_demo.evaluation.detection import detection
from fsl_demo.evaluation.intervals import Interval, percent
from fsl_demo.evaluation.multi_label import multi_label
from fsl_demo.evaluation.pointing import Place, maximum, middles, pointing
from fsl_demo.evaluation.proposals import recall
from fsl_demo.evaluation.resampling import Resampled
from fsl_demo.inference.region_space import Proposals

PROPOSALS = (100, 300)
"""Regions of a picture among which objects are looked for."""
TOGETHER = 50
"""Pictures that a method looks at before others: it remembers them, and says at once what is where on them."""
FIGURES = {
    "detection": "mAP at 0.5",
    "detection_coco": "mAP at 0.5 to 0.95",
    "labels": "mAP of whole pictures",
    "pointing": "pointing game",
} | {f"recall_{most}": f"recall of {most} proposals" for most in PROPOSALS}


@dataclass(frozen=True)
class Scenes:
    """Photographs with objects of these classes.

    Attributes:
        names: of the classes, as a person would say them.
    """

    pictures: Sequence[Picture]
    truths: Sequence[Truth]
    names: Sequence[str]

    @property
    def classes(self) -> tuple[ClassSpec, ...]:
        return tuple(ClassSpec(name) for name in self.names)


@dataclass(frozen=True)
class Located:
    """A row of the table.

    Attributes:
        figures: by the names of `FIGURES`.
        classes: average precision of each class: "detection" and "labels", where they were measured.
        differences: of the figures to those of the first row, paired by picture.
    """

    name: str
    pictures: int
    figures: Mapping[str, Resampled]
    classes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    differences: Mapping[str, Interval] = field(default_factory=dict)

    def beside(self, first: Located) -> Located:
        """With the differences to another row."""
        gaps = {
            name: (figure - first.figures[name]).interval
            for name, figure in self.figures.items()
            if name in first.figures
        }
        return Located(self.name, self.pictures, figures=self.figures, classes=self.classes, differences=gaps)

    def as_dict(self) -> dict[str, Any]:
        return {
            "method": self.name,
            "pictures": self.pictures,
            "figures": {name: asdict(figure.interval) for name, figure in self.figures.items()},
            "differences": {name: asdict(gap) for name, gap in self.differences.items()},
            "classes": {name: dict(values) for name, values in self.classes.items()},
        }

    def markdown(self) -> str:
        lines = [f"{self.name}, {self.pictures:,} photographs:"]
        for name, figure in self.figures.items():
            text = f"- {FIGURES[name]}: {percent(figure.interval)}"
            if name in self.differences:
                text += f"; difference {percent(self.differences[name], signed=True)}"
            lines.append(text)
        return "\n".join(lines)


def scenes(root: Path, split: str, names: Sequence[str] = voc2007.NAMES, progress: Progress = quiet) -> Scenes:
    """VOC 2007's photographs of a split.

    Raises:
        UserError: `data_missing`.
    """
    photographs = voc2007.photographs(root, split)
    pictures = []
    for number, photograph in enumerate(photographs):
        progress("read", number, len(photographs))
        pictures.append(ingest(photograph.file))
    progress("read", len(photographs), len(photographs))
    truths = [boxes.truth(photograph, names) for photograph in photographs]
    return Scenes(pictures, truths, [voc2007.WORDS[name] for name in names])


def of_network(name: str, regions: Sequence[Proposals], scenes: Scenes) -> Located:
    """A region network: its regions, and what its own head calls them."""
    recalls = {f"recall_{most}": recall(scenes.truths, [own.boxes for own in regions], most=most) for most in PROPOSALS}
    detections = [boxes.of_scores(own.boxes, own.classes) for own in regions]
    return of_detections(name, detections=detections, scenes=scenes, more=recalls)


def of_detector(detector: Detector, scenes: Scenes, progress: Progress = quiet) -> Located:
    """A detector whose words are names of classes.

    Raises:
        UserError: what the detector raises.
    """
    return of_detections(detector.card.id, _named(detector.detect(scenes.pictures, progress), scenes), scenes=scenes)


def of_method(method: Method, settings: Settings, scenes: Scenes, progress: Progress = quiet) -> Located:
    """A method: labels of whole pictures; boxes if it locates, and else the places that its heat maps mark.

    Raises:
        UserError: what the method raises.
    """
    episode, name = Episode(scenes.classes), method.card.id
    if isinstance(method, Locates):
        locating, similarities, detections = (
            method.fit(episode, settings, progress),
            list[np.ndarray](),
            list[Detections](),
        )
        for start in range(0, len(scenes.pictures), TOGETHER):
            progress("score", start, len(scenes.pictures))
            pictures = scenes.pictures[start : start + TOGETHER]
            similarities.append(locating.predict(pictures, quiet).similarities)
            detections += _named(locating.regions(pictures), scenes)
        progress("score", len(scenes.pictures), len(scenes.pictures))
        return of_detections(name, detections=detections, scenes=scenes, similarities=np.concatenate(similarities))
    classifier = method.fit(episode, settings, progress)
    labels = multi_label(scenes.truths, classifier.predict(scenes.pictures, progress).similarities)
    figures = {"labels": labels.mean}
    if "query" in method.card.explains:
        figures["pointing"] = pointing(scenes.truths, list(_marked(classifier, scenes, progress)))
    classes = {"labels": _by_name(scenes, labels.of_class)}
    return Located(name, len(scenes.pictures), figures=figures, classes=classes)


def of_detections(
    name: str,
    detections: Sequence[Detections],
    *,
    scenes: Scenes,
    similarities: np.ndarray | None = None,
    more: Mapping[str, Resampled] | None = None,
) -> Located:
    """Boxes with classes.

    Args:
        similarities: of whole pictures, [P, C].
        more: figures that come first.
    """
    measured = detection(scenes.truths, detections, len(scenes.names))
    figures = {**(more or {}), "detection": measured.at_half, "detection_coco": measured.coco}
    classes = {"detection": _by_name(scenes, measured.of_class)}
    if similarities is not None:
        labels = multi_label(scenes.truths, similarities)
        figures["labels"], classes["labels"] = labels.mean, _by_name(scenes, labels.of_class)
    figures["pointing"] = pointing(scenes.truths, [middles(own) for own in detections])
    return Located(name, len(detections), figures=figures, classes=classes)


def _named(regions: Sequence[Sequence[Region]], scenes: Scenes) -> list[Detections]:
    return [boxes.of_regions(own, scenes.names) for own in regions]


def _marked(classifier: Classifier, scenes: Scenes, progress: Progress) -> Iterator[dict[int, Place]]:
    """By class that a picture shows, the place that its heat map marks."""
    for number, (picture, truth) in enumerate(zip(scenes.pictures, scenes.truths, strict=True)):
        progress("explain", number, len(scenes.pictures))
        labels = sorted(set(truth.labels[~truth.difficult].tolist()))
        yield {label: maximum(classifier.explain(picture, label).layers[0]) for label in labels}
    progress("explain", len(scenes.pictures), len(scenes.pictures))


def _by_name(scenes: Scenes, precisions: Sequence[float]) -> dict[str, float]:
    """Of the classes that the pictures show."""
    return {name: value for name, value in zip(scenes.names, precisions, strict=True) if not np.isnan(value)}
