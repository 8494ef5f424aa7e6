"""Whether captions name what is on a picture: its class, by WordNet, and objects, by CHAIR (Rohrbach et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Captioner
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.intervals import Interval, percent
from fsl_demo.evaluation.objects import objects
from fsl_demo.evaluation.resampling import ratio
from fsl_demo.inference.hypernyms import GENERAL, ancestors, meanings, mentions, synsets

CLASSES = {
    "barrel": "cask",
    "binocular": "binoculars",
    "cougar_body": "cougar",
    "cougar_face": "cougar",
    "flamingo_head": "flamingo",
    "garfield": "cat",
    "sea_horse": "seahorse",
    "snoopy": "dog",
    "stop_sign": "street sign",
}
"""Nouns of those classes of `photos` that the table of nouns doesn't have, or has with another meaning first."""


@dataclass(frozen=True)
class Named:
    """How often captions name the class of their picture.

    Attributes:
        named: the class, or what WordNet says that it is a kind of, below "object".
        exactly: the class itself.
        words: of a caption.
        captions: the best of each picture.
    """

    captioner: str
    named: Interval
    exactly: Interval
    words: float
    captions: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return _without_captions(self)

    def markdown(self) -> str:
        return (
            f"{self.captioner}, {len(self.captions):,} pictures: the caption names the class or its kind"
            f" {percent(self.named)}, the class itself {percent(self.exactly)}; {self.words:.1f} words"
        )


@dataclass(frozen=True)
class Chair:
    """CHAIR: how often captions mention objects that are not there.

    Attributes:
        instances: share of mentions (CHAIR-i).
        sentences: share of captions with such a mention (CHAIR-s).
        recall: share of the objects that are there that are mentioned; who says nothing is never wrong.
        mentions: of a caption.
        captions: the best of each picture.
    """

    captioner: str
    instances: Interval
    sentences: Interval
    recall: Interval
    mentions: float
    captions: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return _without_captions(self)

    def markdown(self) -> str:
        return (
            f"{self.captioner}, {len(self.captions):,} pictures: CHAIR-i {percent(self.instances)}, CHAIR-s"
            f" {percent(self.sentences)}; {percent(self.recall)} of the objects mentioned,"
            f" {self.mentions:.2f} mentions a caption"
        )


def naming(
    captioner: Captioner, pictures: Sequence[Picture], classes: Sequence[str], progress: Progress = quiet
) -> Named:
    """Describe pictures of these classes, one each."""
    texts = tuple(candidates[0].text for candidates in captioner.describe(pictures, progress))
    hits = np.array(
        [
            [names_class(text, name, with_kinds) for with_kinds in (True, False)]
            for text, name in zip(texts, classes, strict=True)
        ]
    )
    return Named(
        captioner=captioner.card.id,
        named=intervals.share(hits[:, 0]),
        exactly=intervals.share(hits[:, 1]),
        words=float(np.mean([len(text.split()) for text in texts])),
        captions=texts,
    )


def names_class(text: str, name: str, with_kinds: bool) -> bool:
    """Whether a caption names a class, or, with kinds, what the class is a kind of below "object"."""
    noun = CLASSES.get(name, name).replace("_", " ")
    senses = meanings(noun)[:1]
    right = set(senses)
    if with_kinds:
        right |= {kind for sense in senses for kind in ancestors(sense) - GENERAL}
    nouns = {noun for sense in right for noun in synsets()[sense].nouns}
    return any(mention.noun in nouns for mention in mentions(text)) or f" {noun} " in f" {text} "


def chair(
    captioner: Captioner, pictures: Sequence[Picture], there: Sequence[frozenset[str]], progress: Progress = quiet
) -> Chair:
    """Describe pictures with these objects of VOC's classes."""
    texts = tuple(candidates[0].text for candidates in captioner.describe(pictures, progress))
    mentioned = [objects(text) for text in texts]
    counts = np.array(
        [
            [sum(name not in real for name in names), len(names), len(real & set(names)), len(real)]
            for names, real in zip(mentioned, there, strict=True)
        ],
        float,
    )
    return Chair(
        captioner=captioner.card.id,
        instances=ratio(counts[:, 0], counts[:, 1]).interval,
        sentences=intervals.share((counts[:, 0] > 0).astype(float)),
        recall=ratio(counts[:, 2], counts[:, 3]).interval,
        mentions=float(counts[:, 1].mean()),
        captions=texts,
    )


def _without_captions(result: Named | Chair) -> dict[str, Any]:
    return {name: value for name, value in asdict(result).items() if name != "captions"} | {
        "pictures": len(result.captions)
    }
