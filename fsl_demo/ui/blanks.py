"""In a query's details: a sentence with a blank, what fills it with the picture and without, and where its words look."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fsl_demo.core.capabilities import FillsBlanks
from fsl_demo.core.episodes import Layer
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services.fill import BLANK, Filled, fill
from fsl_demo.ui import heat_maps
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Name, Sha
from fsl_demo.ui.requests import Panel


class Blank(Panel):
    """What fills the blank of a sentence about a query.

    Attributes:
        word: whose map is shown; -1 for the blank.
    """

    query: Sha
    sentence: Name = ""
    word: int = -1

    def html(self, context: Context) -> str:
        method = next(iter(context.registry.supporting(FillsBlanks)), None)
        sentence = self.sentence.strip()
        if method is None:
            return ""
        shown: dict[str, Any] = {"query": self.query, "sentence": sentence, "wrong": "", "columns": (), "words": None}
        if sentence:
            try:
                picture = context.picture(self.query)
                filled = fill(method, picture, sentence)
                layers = _layers(method, weights=method.matcher.weights, picture=picture, sentence=sentence)
                asked = next((n for n, layer in enumerate(layers) if BLANK.fullmatch(layer.words[0][0])), 0)
                chosen = self.word if 0 <= self.word < len(layers) else asked
                shown |= {"columns": _columns(filled), "words": heat_maps.words(layers, chosen, _signed)}
            except UserError as error:
                shown["wrong"] = context.language.error(error)
        return context.render("blank.html", **shown)


@lru_cache(maxsize=16)
def _layers(method: FillsBlanks, weights: str, picture: Picture, sentence: str) -> tuple[Layer, ...]:
    return method.matcher.words(picture, BLANK.sub(" [MASK] ", sentence))


def _columns(filled: Filled) -> list[tuple[str, list[tuple[str, float, float, float]]]]:
    """What fills the blank, with the picture and without: each word with its two probabilities; the surest of all."""
    surest = max(1e-9, *(max(guess.seen, guess.unseen) for guess in (*filled.seen, *filled.unseen)))
    columns = (("blank_seen", filled.seen), ("blank_unseen", filled.unseen))
    return [(name, [(guess.word, guess.seen, guess.unseen, surest) for guess in guesses]) for name, guesses in columns]


def _signed(value: float) -> str:
    return f"{value:+.2f}" if abs(value) >= 0.005 else "0"
