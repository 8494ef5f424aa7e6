"""Masked-language modelling with a picture at work: which word fills the blank of a sentence (ViLBERT, LXMERT)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.phrases import FUNCTION_WORDS
from fsl_demo.methods.two_stream.model import TwoStreamModel

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


def fill(model: TwoStreamModel, picture: Picture, sentence: str, top: int = 5, progress: Progress = quiet) -> Filled:
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
    if any(letter.isalpha() for letter in rest) and not model.reads(rest):
        raise UserError("search_script", model=model.title)
    tokens = model.networks.texts.tokens([BLANK.sub(" [MASK] ", text)])
    (with_picture,), (without,) = model.guesses([model.streams([picture], progress), model.blank()], *tokens)
    words = model.whole_words()

    def best(ranked: np.ndarray) -> tuple[Guess, ...]:
        order = [number for number in np.argsort(-ranked, kind="stable") if words[number] not in FUNCTION_WORDS]
        return tuple(
            Guess(words[number], seen=float(with_picture[number]), unseen=float(without[number]))
            for number in order[:top]
        )

    return Filled(best(with_picture), best(without))
