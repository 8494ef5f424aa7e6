"""The best region of each picture in place of the whole: a method compares what it is handed, and knows nothing of it.

What it explains is laid back over the whole picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from PIL import Image

from fsl_demo import checkpoints
from fsl_demo.core.capabilities import Classifies, Detector, HasWeights, Method
from fsl_demo.core.classifiers import Classifier
from fsl_demo.core.episodes import Box, Episode, Example, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.core.registry import Registry
from fsl_demo.inference import region_space
from fsl_demo.inference.remembered import Remembered

DETECTOR = "things"
MARGIN = 0.1
"""Of a region's width and height, on each side."""
NEARLY_ALL = 0.85
"""A region of this share of the picture is the whole picture."""
REMEMBERED = 4_000
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class CloseUp:
    """A region of a picture as a picture of its own."""

    whole: Picture
    box: Box
    picture: Picture

    def outwards(self, box: Box) -> Box:
        """A rectangle of the region as one of the whole picture."""
        left, top, right, bottom = self.box
        width, height = right - left, bottom - top
        return left + box[0] * width, top + box[1] * height, left + box[2] * width, top + box[3] * height

    def inwards(self, point: tuple[float, float]) -> tuple[float, float]:
        """A place on the whole picture as the nearest one of the region."""
        left, top, right, bottom = self.box
        x, y = (point[0] - left) / (right - left), (point[1] - top) / (bottom - top)
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)


def close_up(picture: Picture, box: Box | None) -> CloseUp:
    """The region with a margin; the whole picture for none, and for one that is nearly all of it."""
    region = None if box is None else Region.within(_widened(box))
    if region is None or region.area >= NEARLY_ALL:
        return CloseUp(picture, WHOLE, picture)
    left, top, right, bottom = region.pixels(picture.width, picture.height)
    edges = left, top, max(right, left + 1), max(bottom, top + 1)
    name = hashlib.sha256(f"{picture.sha256} {edges}".encode()).hexdigest()
    cut = replace(
        picture,
        sha256=name,
        width=edges[2] - left,
        height=edges[3] - top,
        source=partial(_cut, picture, edges),
        small=None,
    )
    across, down = picture.width, picture.height
    return CloseUp(picture, (left / across, top / down, edges[2] / across, edges[3] / down), cut)


def _widened(box: Box) -> Box:
    left, top, right, bottom = box
    across, down = MARGIN * (right - left), MARGIN * (bottom - top)
    return left - across, top - down, right + across, bottom + down


def _cut(picture: Picture, edges: tuple[int, int, int, int]) -> Image.Image:
    return picture.image().crop(edges)


class CloseUps:
    """The close-up of each picture: what was drawn on it, or else what is most probably a thing."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self._best: Remembered[Box | None] = Remembered(REMEMBERED)

    def of(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[CloseUp]:
        """
        Raises:
            UserError: what is wrong with the detector's weights.
        """

        def find(missing: list[Picture]) -> list[Box | None]:
            return [regions[0].box if regions else None for regions in self.detector.detect(missing, progress)]

        return [close_up(picture, box) for picture, box in zip(pictures, self._best(pictures, find), strict=True)]

    def of_support(self, support: Sequence[Example], progress: Progress = quiet) -> list[CloseUp]:
        """The largest of the boxes of each picture counts."""
        drawn = [max(example.boxes, key=lambda box: Region(box).area, default=None) for example in support]
        bare = [example.picture for example, box in zip(support, drawn, strict=True) if box is None]
        best = dict(zip(bare, self.of(bare, progress), strict=True))
        return [
            close_up(example.picture, box) if box else best[example.picture]
            for example, box in zip(support, drawn, strict=True)
        ]

    def __reduce__(self) -> tuple[Any, ...]:
        return close_ups_of, (self.detector,)


def close_ups_of(detector: Detector) -> CloseUps:
    """Those of a detector, for all who ask."""
    return _close_ups.setdefault(id(detector), CloseUps(detector))


_close_ups: dict[int, CloseUps] = {}
_on_regions: dict[tuple[int, int], OnRegions] = {}
"""By identity; what is in them keeps the detectors and methods alive, so that no others take their places."""


class OnRegions(Classifies[Any]):
    """A method that is handed close-ups."""

    def __init__(self, method: Method, detector: Detector) -> None:
        self.method, self.close_ups = method, close_ups_of(detector)
        self.card, self.Settings = method.card, method.Settings

    def fit(self, episode: Episode, settings: Any, progress: Progress = quiet) -> Classifier:
        support = self.close_ups.of_support(episode.support, progress)
        examples = (
            Example(near.picture, example.class_index) for example, near in zip(episode.support, support, strict=True)
        )
        queries = (near.picture for near in self.close_ups.of(episode.queries, progress))
        fitted = self.method.fit(
            replace(episode, support=tuple(examples), queries=tuple(queries)), settings, progress=progress
        )
        return _OnRegions(fitted, self.close_ups, {near.whole: near for near in support})


class OnRegionsByWeights(OnRegions, HasWeights):
    """The same of a method that knows its weights."""

    def weights(self, settings: Any) -> str:
        assert isinstance(self.method, HasWeights)
        return f"{self.method.weights(settings)}+{checkpoints.hash_in_use(region_space.CHECKPOINT)}"


class _OnRegions:
    """A `Classifier` that is handed close-ups of its queries."""

    def __init__(self, classifier: Classifier, close_ups: CloseUps, support: dict[Picture, CloseUp]) -> None:
        self.classifier, self.close_ups, self.support = classifier, close_ups, support

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        near = self.close_ups.of(queries, progress)
        scores = self.classifier.predict([each.picture for each in near], progress)
        return replace(scores, note={**scores.note, "region": True})

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        (near,) = self.close_ups.of([query])
        pictures = {each.picture: each for each in (*self.support.values(), near)}
        if focus is not None:
            support = self.support.get(focus.support) if focus.support else None
            on = near if focus.on == "query" else support
            point = on.inwards(focus.point) if on and focus.point else focus.point
            focus = replace(focus, support=support.picture if support else focus.support, point=point)
        explanation = self.classifier.explain(near.picture, class_index, focus)
        layers = tuple(_laid_back(layer, pictures.get(layer.picture)) for layer in explanation.layers)
        return replace(explanation, layers=layers)


def _laid_back(layer: Layer, near: CloseUp | None) -> Layer:
    return layer if near is None else replace(layer, picture=near.whole, seen=near.outwards(layer.seen))


def compares(method: Method) -> bool:
    """Whether it compares pictures with pictures, so that it can be handed regions."""
    return method.card.needs_pictures


def can_look_closer(registry: Registry) -> bool:
    """Whether there is a detector that knows where things are."""
    return DETECTOR in registry.detectors


def on_regions(registry: Registry, method: Method) -> Method:
    """The method on the best regions, where it compares pictures; itself where it does not.

    Raises:
        UserError: `unknown_detector`.
    """
    if not compares(method):
        return method
    detector = registry.detector(DETECTOR)
    made = OnRegionsByWeights if isinstance(method, HasWeights) else OnRegions
    return _on_regions.setdefault((id(method), id(detector)), made(method, detector))
