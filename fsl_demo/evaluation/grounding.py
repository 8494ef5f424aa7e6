"""Which part of a picture a phrase of its caption means: phrase grounding (Plummer et al. 2015, arXiv:1505.04870).

What a phrase means is the smallest box around all that it means ("merged"), as Plummer et al. have it; "any" takes a
region for right that covers one of its boxes. Regions cover from an overlap of 0.5 on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Grounds
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.regions import Region
from fsl_demo.datasets.flickr8k_entities import Photograph, Phrase
from fsl_demo.evaluation.intervals import percent
from fsl_demo.evaluation.proposals import covers
from fsl_demo.evaluation.resampling import Resampled, ratio

AT = (1, 5, 10)


@dataclass(frozen=True)
class Grounded:
    """A phrase and the regions that it may mean, the most probable first, [R, 4]."""

    phrase: Phrase
    regions: np.ndarray


@dataclass(frozen=True)
class Grounding:
    """Shares of the phrases, each as often as captions have it.

    Attributes:
        at: whether one of the first K regions is right, by K.
        bound: whether any region is.
        any_box: whether the first region covers one of the boxes of the phrase.
        of_kind: whether the first region is right, by kind of what the phrase means.
        phrases: of each kind.
    """

    at: dict[int, Resampled]
    bound: Resampled
    any_box: Resampled
    of_kind: dict[str, Resampled]
    phrases: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        return {
            "phrases": self.phrases,
            "at": {str(most): asdict(share.interval) for most, share in self.at.items()},
            "bound": asdict(self.bound.interval),
            "any_box": asdict(self.any_box.interval),
            "kinds": {kind: asdict(share.interval) for kind, share in self.of_kind.items()},
        }

    def markdown(self) -> str:
        lines = [f"- right region among the first {most}: {percent(share.interval)}" for most, share in self.at.items()]
        lines.append(f"- among all regions: {percent(self.bound.interval)}")
        lines.append(f"- first region on any box of the phrase: {percent(self.any_box.interval)}")
        kinds = ", ".join(f"{kind} {share.value:.1%}" for kind, share in self.of_kind.items())
        return "\n".join([*lines, f"- first region right, by kind: {kinds}"])


def merged(phrase: Phrase) -> np.ndarray:
    """The smallest box around all that a phrase means, [1, 4]."""
    boxes = np.array(phrase.boxes)
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])[None]


def grounding(pictures: Sequence[Sequence[Grounded]]) -> Grounding:
    """The figures of the phrases of each picture."""
    phrases = Counter(kind for picture in pictures for item in picture for kind in item.phrase.kinds)

    def share(most: int | None, kind: str | None = None) -> Resampled:
        asked = [[item for item in picture if kind is None or kind in item.phrase.kinds] for picture in pictures]
        hits = [sum(covers(merged(item.phrase), item.regions[:most])[0] for item in picture) for picture in asked]
        return ratio(np.array(hits), np.array([len(picture) for picture in asked]))

    first = [
        sum(covers(np.array(item.phrase.boxes), item.regions[:1]).any() for item in picture) for picture in pictures
    ]
    return Grounding(
        at={most: share(most) for most in AT},
        bound=share(None),
        any_box=ratio(np.array(first), np.array([len(picture) for picture in pictures])),
        of_kind={kind: share(1, kind) for kind in sorted(phrases)},
        phrases=dict(sorted(phrases.items())),
    )


def of_method(method: Grounds, photographs: Sequence[Photograph], progress: Progress = quiet) -> Grounding:
    """How a method finds the phrases of each picture.

    Raises:
        UserError: what the method raises.
    """
    pictures = []
    for number, photograph in enumerate(photographs):
        progress("ground", number, len(photographs))
        texts = list(dict.fromkeys(phrase.text for phrase in photograph.phrases))
        regions = dict(zip(texts, method.ground(photograph.picture(), texts), strict=True))
        pictures.append([Grounded(phrase, boxes(regions[phrase.text])) for phrase in photograph.phrases])
    progress("ground", len(photographs), len(photographs))
    return grounding(pictures)


def boxes(regions: Sequence[Region]) -> np.ndarray:
    return np.array([region.box for region in regions], float).reshape(-1, 4)
