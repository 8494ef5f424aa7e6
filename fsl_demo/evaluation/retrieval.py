"""How often a sentence finds its picture: recall at K of text-to-image retrieval (as of Karpathy & Fei-Fei 2015)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import ingest
from fsl_demo.core.spaces import ImageTextSpace
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.intervals import Interval

AT = (1, 5, 10)


def hits(texts: np.ndarray, pictures: np.ndarray, each: int, at: int) -> np.ndarray:
    """Whether each text's picture is among the first `at`, [N, each]; of equally similar pictures, how likely it is.

    Args:
        texts: [N * each, D]: `each` of the first picture, then of the next.
        pictures: [N, D].
    """
    similarities = texts @ pictures.T
    own = similarities[np.arange(len(texts)), np.arange(len(texts)) // each][:, None]
    before, equal = (similarities > own).sum(axis=1), (similarities == own).sum(axis=1)
    return np.clip((at - before) / equal, 0, 1).reshape(-1, each)


def recall(texts: np.ndarray, pictures: np.ndarray, each: int, at: Sequence[int] = AT) -> list[Interval]:
    """The share that is found, with its 95 % interval over pictures; arguments as of `hits`."""
    return [intervals.share(hits(texts=texts, pictures=pictures, each=each, at=k).mean(axis=1)) for k in at]


@dataclass(frozen=True)
class Retrieval:
    """How often a method finds the picture that a caption was written for.

    Attributes:
        pictures, captions: how many there are; each caption is looked for among all pictures.
        at: recall by K.
    """

    method: str
    pictures: int
    captions: int
    at: Mapping[int, Interval]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        recalls = ", ".join(
            f"R@{k} {interval.mean:.1%} ({interval.low:.1%} to {interval.high:.1%})" for k, interval in self.at.items()
        )
        return f"{self.method}, {self.captions:,} captions among {self.pictures:,} pictures: {recalls}"


def retrieval(name: str, space: ImageTextSpace, data: Captioned, progress: Progress = quiet) -> Retrieval:
    """Recall at 1, 5 and 10 of captions in a joint space.

    Raises:
        UserError: what reading a picture and `space` raise.
    """
    pictures = space.embed([ingest(file) for file in data.files], progress)
    texts = space.texts([[text] for captions in data.captions for text in captions], progress)
    each = len(data.captions[0])
    recalls = recall(texts=texts, pictures=pictures, each=each, at=AT)
    return Retrieval(method=name, pictures=len(pictures), captions=len(texts), at=dict(zip(AT, recalls, strict=True)))
