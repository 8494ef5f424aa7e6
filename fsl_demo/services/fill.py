"""Masked-language modelling with a picture at work: which word fills the blank of a sentence (ViLBERT, LXMERT)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from fsl_demo.core.capabilities import FillsBlanks
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.inference.phrases import FUNCTION_WORDS

BLANK = re.compile(r"\[MASK\]|_{2,}", re.IGNORECASE)
"""How a blank is written: [MASK], or two underscores and more."""
LONGEST = 200
"""Characters of a sentence; it was trained on captions."""


@dataclass(frozen=True)
class Guess:
    """A word for a blank.

    Attributes:
        seen, unseen: its probability with the picture, and without, among the whole words of the captions.
    """

    word: str
    seen: float
    unseen: float


@dataclass(frozen=True)
class Filled:
    """What fills a blank, likeliest first: with the picture, and without."""

    seen: tuple[Guess, ...]
    unseen: tuple[Guess, ...]


def filler(registry: Registry) -> FillsBlanks:
    """The first method that fills blanks.

    Raises:
        UserError: `no_joint_space`.
    """
    for method in registry.supporting(FillsBlanks):
        return method
    raise UserError("no_joint_space")


def fill(method: FillsBlanks, picture: Picture, sentence: str, top: int = 5, progress: Progress = quiet) -> Filled:
    """The likeliest words for the one blank of a sentence; small words such as "the" are left out.

    Raises:
        UserError: `search_empty`, `search_long`, `blank_none`, `blank_many`, `search_script`; `weights_missing`,
            `weights_differ`.
    """
    text = " ".join(sentence.split())
    if not text:
        raise UserError("search_empty")
    if len(text) > LONGEST:
        raise UserError("search_long", length=len(text), limit=LONGEST)
    rest, count = BLANK.subn(" ", text)
    if not count:
        raise UserError("blank_none")
    if count > 1:
        raise UserError("blank_many", count=count)
    if any(letter.isalpha() for letter in rest) and not method.matcher.reads(rest):
        raise UserError("search_script", model=method.matcher.title)
    masked = method.masked_word(picture, BLANK.sub(" [MASK] ", text), progress)
    words = masked.words

    def best(ranked: np.ndarray) -> tuple[Guess, ...]:
        order = [place for place in np.argsort(-ranked, kind="stable") if words[place] not in FUNCTION_WORDS]
        return tuple(
            Guess(words[place], seen=float(masked.seen[place]), unseen=float(masked.unseen[place]))
            for place in order[:top]
        )

    return Filled(best(masked.seen), best(masked.unseen))
