"""A typed sentence as a direction of a joint space, and what each of its words adds to a similarity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.spaces import ImageTextSpace

MAX_SENTENCE = 1_000
MOST_WORDS = 40
"""Words that are left out in turn; each costs the text tower a sentence."""
_SMALL_WORDS = """a an the this that some two three of in on at by with from to into onto over under near behind up down
out off through across along around between beside next for and or while as is are was were be being has have his her
its their he she it they there who which"""
FUNCTION_WORDS = frozenset(_SMALL_WORDS.split())
"""Words that stand for nothing on the picture."""


class Reader(Protocol):
    """What reads sentences: a joint space, or a model that matches them with pictures."""

    @property
    def title(self) -> str: ...

    def reads(self, text: str) -> bool: ...


def spoken(reader: Reader, sentence: str) -> str:
    """The sentence with single spaces.

    Raises:
        UserError: `search_empty`, `search_long`, `search_script`.
    """
    text = " ".join(sentence.split())
    if not text:
        raise UserError("search_empty")
    if len(text) > MAX_SENTENCE:
        raise UserError("search_long", length=len(text), limit=MAX_SENTENCE)
    if not reader.reads(text):
        raise UserError("search_script", model=reader.title)
    return text


def sentence_vector(space: ImageTextSpace, sentence: str, progress: Progress = quiet) -> np.ndarray:
    """The unit vector of a sentence, float32 [D].

    Raises:
        UserError: what `spoken` raises.
    """
    return space.texts([[spoken(space, sentence)]], progress)[0]


def word_contributions(space: ImageTextSpace, sentence: str, picture: np.ndarray) -> tuple[tuple[str, float], ...]:
    """What `left_out` gives for the cosines of a joint space with a picture's unit vector [D]."""
    return left_out(sentence, lambda texts: space.texts([[text] for text in texts]) @ picture)


def left_out(sentence: str, similarities: Callable[[list[str]], np.ndarray]) -> tuple[tuple[str, float], ...]:
    """By how much each word raises a sentence's similarity to a picture: what is lost when it is left out.

    Occlusion (Zeiler & Fergus 2014, arXiv:1311.2901) of words.

    Args:
        similarities: of sentences to the picture, [T].

    Returns:
        Words in their order, at most `MOST_WORDS`; a single word has the whole similarity.
    """
    words = sentence.split()
    shown = words[:MOST_WORDS]
    without = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(shown))] if len(words) > 1 else []
    whole, *without_word = (float(value) for value in similarities([" ".join(words), *without]))
    if not without_word:
        return ((words[0], whole),)
    return tuple((word, whole - similarity) for word, similarity in zip(shown, without_word, strict=True))
