"""A typed sentence as a direction of a joint space, and what each of its words adds to a similarity."""

from __future__ import annotations

import numpy as np

from fsl_demo.episodes import Progress, quiet
from fsl_demo.errors import UserError
from fsl_demo.methods.joint_space import JointSpace

MAX_SENTENCE = 1_000
MOST_WORDS = 40
"""Words that are left out in turn; each costs the text tower a sentence."""


def sentence_vector(space: JointSpace, sentence: str, progress: Progress = quiet) -> np.ndarray:
    """The unit vector of a sentence, float32 [D].

    Raises:
        UserError: `search_empty`, `search_long`, `search_script`.
    """
    text = " ".join(sentence.split())
    if not text:
        raise UserError("search_empty")
    if len(text) > MAX_SENTENCE:
        raise UserError("search_long", length=len(text), limit=MAX_SENTENCE)
    if not space.reads(text):
        raise UserError("search_script", model=space.title)
    return space.texts([[text]], progress)[0]


def word_contributions(space: JointSpace, sentence: str, picture: np.ndarray) -> tuple[tuple[str, float], ...]:
    """By how much each word raises the cosine of the sentence with a picture: what is lost when it is left out.

    Occlusion (Zeiler & Fergus 2014, arXiv:1311.2901) of words.

    Args:
        picture: unit vector [D].

    Returns:
        Words in their order, at most `MOST_WORDS`; a single word has the whole cosine.
    """
    words = sentence.split()
    shown = words[:MOST_WORDS]
    whole = float(space.texts([[" ".join(words)]])[0] @ picture)
    if len(words) == 1:
        return ((words[0], whole),)
    without = space.texts([[" ".join(words[:i] + words[i + 1 :])] for i in range(len(shown))]) @ picture
    return tuple((word, whole - float(rest)) for word, rest in zip(shown, without, strict=True))
