"""Cards: what a person should know of a method, a captioner or a detector before using it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shows = Literal["query", "support", "words", "distances", "attention", "points", "phrases"]
"""What an explanation can show: maps of the query and of a support picture, nearest names, distances of pairs, the
attention of CBAM, what a place attends to, and where typed words are found."""


@dataclass(frozen=True)
class Card:
    """What all cards say.

    Attributes:
        id: the name on the command line and in the store.
        title: the name on the page, where the page's language has no other.
        paper: where it comes from.
        checkpoint: the weights that it runs on, by name.
    """

    id: str
    title: str
    paper: str
    checkpoint: str


@dataclass(frozen=True)
class MethodCard(Card):
    """What a person should know before ticking a method.

    Attributes:
        needs_pictures: it can't answer without support pictures of every class.
        reads_text: it uses the class names and descriptions; such a method is a `ReadsText`.
        transductive: it looks at all queries before it answers one.
        explains: what its explanations show.
        cost: milliseconds a new picture, roughly, on a laptop's CPU.
        kinds: where the support set looks like one of these ("characters", "faces", "photographs"), the method is
            proposed; None for pictures of any kind, empty for a method that gains nothing over another.
        summary: a sentence on what it is good for, where the page's language has no other.
    """

    needs_pictures: bool
    reads_text: bool
    transductive: bool
    explains: tuple[Shows, ...]
    cost: int
    kinds: tuple[str, ...] | None = None
    summary: str = ""


@dataclass(frozen=True)
class CaptionerCard(Card):
    """What a person should know before asking for captions.

    Attributes:
        cost: milliseconds a new picture, roughly, on a laptop's CPU.
        maps: whether its maps of words pass the blanking test; others are not shown.
    """

    cost: int
    maps: bool = True


@dataclass(frozen=True)
class DetectorCard(Card):
    """What a person should know before looking for things on pictures.

    Attributes:
        finds: what it finds, in words.
        cost: milliseconds a new picture, roughly, on a laptop's CPU.
    """

    finds: tuple[str, ...]
    cost: int
