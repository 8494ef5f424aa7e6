"""Which pictures of a collection are looked at, and in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from fsl_demo.core.collections import CollectedPicture

Order = Literal["unsure", "disputed", "unlike", "random", "suspect"]
Which = Literal["unlabelled", "mine", "all"]
ORDERS: tuple[Order, ...] = get_args(Order)
WHICH: tuple[Which, ...] = get_args(Which)


@dataclass(frozen=True)
class Suspicion:
    """That a label is likely wrong.

    Attributes:
        finding: the doctor's key of it.
        own: the probability of the label.
    """

    finding: str
    own: float


@dataclass(frozen=True)
class Suggestion:
    """What a classifier says of a picture that it has not learned from.

    Attributes:
        class_name: the most probable class.
        margin: by how much its probability is above the next one's.
        similarity: to the class; pictures unlike all examples have the lowest.
        unlike: whether the picture is unlike the examples; None where nothing is known.
        suspicion: where it speaks against the label that the picture has.
    """

    class_name: str
    probability: float
    margin: float
    similarity: float = 0.0
    unlike: bool | None = None
    suspicion: Suspicion | None = None


@dataclass(frozen=True)
class ReviewOrder:
    """What a person wants to look at.

    Attributes:
        order: the most "unsure" first, or those most "unlike" the examples, or at "random"; "disputed" are those alone
            on which people differ, "suspect" those alone whose labels are likely wrong, the surest first.
        which: for the first three: pictures that nobody has labelled, those without a word of mine (for a second
            opinion), or all.
        annotator: whose words are mine.
        seed: of the random order.
    """

    order: Order = "unsure"
    which: Which = "unlabelled"
    annotator: str = ""
    seed: int = 0

    def first(self, suggested: Mapping[str, Suggestion]) -> list[str]:
        """Hashes of the pictures of which something is known, in this order."""
        if self.order == "suspect":
            return sorted(suggested, key=lambda sha256: -suggested[sha256].margin)
        return sorted(suggested, key=lambda sha256: self.place(suggested[sha256]))

    def place(self, suggestion: Suggestion) -> float:
        """Where a picture stands among others of which something is known; the least comes first."""
        return suggestion.margin if self.order == "unsure" else suggestion.similarity


def queue(
    pictures: Sequence[CollectedPicture], suggested: Mapping[str, Suggestion], wanted: ReviewOrder
) -> list[CollectedPicture]:
    """The pictures to look at, the first one first; those of which nothing is known yet come last, as they are.

    Args:
        suggested: by hash; for "suspect", `suspicions.open_suspicions`.
    """
    order = wanted.order
    if order == "disputed":
        return [collected for collected in pictures if collected.disputed]
    if order == "suspect":
        doubted = [collected for collected in pictures if collected.picture.sha256 in suggested]
        return sorted(doubted, key=lambda collected: -suggested[collected.picture.sha256].margin)
    offered = [collected for collected in pictures if is_wanted(collected, wanted)]
    if order == "random":
        return sorted(offered, key=lambda collected: _shuffled(collected, wanted.seed))
    known = [collected for collected in offered if collected.picture.sha256 in suggested]
    unknown = [collected for collected in offered if collected.picture.sha256 not in suggested]
    return sorted(known, key=lambda collected: wanted.place(suggested[collected.picture.sha256])) + unknown


def is_wanted(collected: CollectedPicture, wanted: ReviewOrder) -> bool:
    """Whether a picture is one that the person wants to look at."""
    if wanted.order == "disputed":
        return collected.disputed
    if wanted.which == "unlabelled":
        return collected.label is None
    return wanted.which == "all" or all(label.annotator != wanted.annotator for label in collected.labels)


def _shuffled(collected: CollectedPicture, seed: int) -> bytes:
    """A place that does not depend on which other pictures there are."""
    return hashlib.sha256(f"{seed}:{collected.picture.sha256}".encode()).digest()
