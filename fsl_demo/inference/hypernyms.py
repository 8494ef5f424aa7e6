"""Nouns and what they are kinds of: WordNet 3.0's hypernyms of ImageNet's classes, which are physical things.

`python -m experiments.hypernyms` derives the table.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fsl_demo import runtime
from fsl_demo.inference.phrases import FUNCTION_WORDS

TABLE = Path(__file__).with_name("hypernyms.tsv.gz")
_GENERAL = """00001740 00001930 00002137 00002684 00003553 00004258 00004475 00007347 00020827 00021939 00019128
03575240 00002452 00031264"""
GENERAL = frozenset(_GENERAL.split())
"""Entity, physical entity, abstraction, object, whole, living thing, organism, causal agent, matter, artifact, natural
object, instrumentality, thing, group: what a picture of anything is of."""
LONGEST = 3
"""Words of a noun."""
_OTHER_WORDS = """balance balances bears bikes carries carry catch catches climb climbs cover covers cross crosses drink
drinks drive drives fall falls fly flies hold holds jump jumps kick kicks lead leads leap leaps look looks paddle
paddles play plays point points pull pulls push pushes race races rest rests ride rides run runs sail sails show shows
skate skates skis slide slides splash splashes stand stands sticks surf surfs swallows swim swims swing swings throw
throws ties touch touches walk walks watch watches wave waves work works
white black brown red blue green yellow orange pink purple grey gray tan blond blonde brunette young old little small
big large tall short adult female male native light dark hind front back top side edge"""
NO_NOUNS = FUNCTION_WORDS | set(_OTHER_WORDS.split())
"""Verbs, adjectives and places of most captions, whatever else WordNet knows of them."""
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


@dataclass(frozen=True)
class Synset:
    """A meaning.

    Attributes:
        parents: what it is directly a kind of, by id.
        nouns: in WordNet's order, with how often each was met in this sense.
        second: those of them that mean something else first.
    """

    parents: tuple[str, ...]
    nouns: dict[str, int]
    second: frozenset[str]


@dataclass(frozen=True)
class Mention:
    """A noun of a sentence.

    Attributes:
        start, end: of its words in the sentence.
        noun: in the singular.
        synsets: what it can mean, the usual sense first.
    """

    start: int
    end: int
    noun: str
    synsets: tuple[str, ...]


@cache
def table_hash() -> str:
    """SHA-256 of the table, its beginning."""
    return hashlib.sha256(TABLE.read_bytes()).hexdigest()[:16]


@cache
def synsets() -> dict[str, Synset]:
    """All there are, by id: WordNet's offset."""
    table = {}
    for line in gzip.decompress(TABLE.read_bytes()).decode().splitlines():
        if not line.startswith("#"):
            offset, parents, entries = line.split("\t")
            nouns, second = {}, []
            for entry in entries.split():
                word, _, count = entry.lstrip("~").partition("=")
                noun = word.replace("_", " ").casefold()
                nouns[noun] = int(count or 0)
                if entry.startswith("~"):
                    second.append(noun)
            table[offset] = Synset(tuple(parents.split()), nouns, frozenset(second))
    return table


@cache
def imagenet() -> tuple[str, ...]:
    """The synsets of ImageNet's 1,000 classes."""
    runtime.guard_torchvision()
    from timm.data import ImageNetInfo

    return tuple(name.removeprefix("n") for name in ImageNetInfo().label_names())


@cache
def ancestors(synset: str) -> frozenset[str]:
    """What a synset is a kind of, itself among them."""
    return frozenset({synset}).union(*(ancestors(parent) for parent in synsets()[synset].parents))


def meanings(name: str) -> tuple[str, ...]:
    """The synsets of a noun, of one or several words, in the singular or plural; the usual sense first."""
    return next((senses for form in singulars(name.replace("_", " ").casefold()) if (senses := _index().get(form))), ())


def mentions(sentence: str) -> list[Mention]:
    """The nouns of a sentence, the longest there are; those of `NO_NOUNS` are none."""
    words, nouns, at = words_of(sentence), list[Mention](), 0
    while at < len(words):
        mention = next(filter(None, (_mention(words, at, length) for length in range(LONGEST, 0, -1))), None)
        if mention:
            nouns.append(mention)
            at = mention.end
        else:
            at += 1
    return nouns


def words_of(sentence: str) -> list[str]:
    """Lower-case, without punctuation."""
    return _WORD.findall(sentence.casefold())


def _mention(words: Sequence[str], start: int, length: int) -> Mention | None:
    end = start + length
    if end > len(words):
        return None
    text = " ".join(words[start:end])
    if words[start] in NO_NOUNS:
        return None
    for form in singulars(text):
        if senses := _index().get(form):
            return Mention(start, end=end, noun=form, synsets=senses)
    return None


_IRREGULAR = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "mice": "mouse",
    "geese": "goose",
    "oxen": "ox",
}


def singulars(text: str) -> Iterable[str]:
    """The text, and what it may be the plural of."""
    yield text
    *before, last = text.split(" ")
    for form in (
        _IRREGULAR.get(last),
        re.sub("(wo|)men$", r"\1man", last),
        last.removesuffix("s"),
        last.removesuffix("es"),
        re.sub("ies$", "y", last),
        re.sub("ves$", "f", last),
        re.sub("ves$", "fe", last),
    ):
        if form and form != last:
            yield " ".join([*before, form])


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """Synsets by noun; the usual sense first, then by how often each was met."""
    index = defaultdict(list)
    for offset, synset in synsets().items():
        for noun, count in synset.nouns.items():
            index[noun].append((noun in synset.second, -count, offset))
    known = {noun: tuple(offset for *_, offset in sorted(senses)) for noun, senses in index.items()}
    return known | dict.fromkeys(("people", "snowboarder", "skateboarder", "wakeboarder"), known["person"][:1])
