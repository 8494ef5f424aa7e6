"""Class names that an encoder of English may not know: made up, misspelled, or of another language."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from fsl_demo.backbones.efficientnet_lite0 import imagenet_names
from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.core.episodes import ClassSpec, in_latin_script
from fsl_demo.inference.glossary import definitions
from fsl_demo.inference.hypernyms import meanings, words_of

SHORT, HALF = 3, 4
"""Letters of words that only count where a name has no longer ones; letters of half a compound, at least."""


def unfamiliar(minilm: MiniLM, classes: Sequence[ClassSpec]) -> dict[str, Any]:
    """A note on the names of classes that no description explains; empty where there are none."""
    bare = [spec.name for spec in classes if not any(map(in_latin_script, spec.descriptions))]
    names = [name for name in bare if in_latin_script(name) and not knows(minilm, name)]
    return {"unfamiliar": ", ".join(names)} if names else {}


def knows(minilm: MiniLM, name: str) -> bool:
    """Whether one of a name's words, or all together, is a token of the encoder's, or in WordNet or ImageNet."""
    words = _key(name).split()
    words = [word for word in words if len(word) > SHORT] or words
    return any(_whole(minilm, word) for word in words) or bool(
        meanings(name) or definitions(name) or _key(name) in _imagenet()
    )


@cache
def _imagenet() -> frozenset[str]:
    return frozenset(map(_key, imagenet_names()))


def _key(name: str) -> str:
    return " ".join(words_of(name.replace("_", " ")))


def _whole(minilm: MiniLM, word: str) -> bool:
    """Whether a word, or each half of a compound, is a token; accents and case don't count, parts joined by "-" do."""
    tokenizer = minilm.load()[0]
    pieces = tokenizer.tokenize(word)
    if tokenizer.unk_token in pieces:
        return False
    halves = [piece.removeprefix("##") for piece in pieces]
    compound = len(halves) == 2 and all(len(half) >= HALF and len(tokenizer.tokenize(half)) == 1 for half in halves)
    return compound or not any(piece.startswith("##") for piece in pieces)
