"""Which nouns of a caption the picture bears out, told by networks that have no part in the captioner.

A language model that knows the nouns of one data set says "dog" where it knows no better. ImageNet's classifiers know
animals and things by name, and the built-in vision-language model knows people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Hint, Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.compact_space import CompactSpace
from fsl_demo.inference.hypernyms import GENERAL, Mention, ancestors, meanings, mentions, words_of
from fsl_demo.inference.kinds import certain, kinds, likely, probabilities

PERSON, ANIMAL = "00007846", "00015388"
PEOPLE = ("a person", "a man", "a woman", "people", "a child", "a boy", "a girl")
NOBODY = ("an animal", "a dog", "a thing", "an object", "a landscape", "a building")
PHOTOGRAPH = 2.0
"""What likeness to photographs of everyday life counts: studio pictures and drawings have to be surer of people."""
_NOT_COUNTED = frozenset(("furniture", "clothing", "food", "fruit", "bread", "coffee", "wine", "sports equipment"))
SOMEBODY, SURELY = 0.18, 0.22
"""From where on there may be people, and from where on they may be what a picture is of in place of a thing. Of VOC's
validation pictures, 13 % show people between 0.15 and 0.2, 65 % between 0.2 and 0.3, all from there on."""
LEAST, LEAST_THING = 0.13, 0.05
"""The probability under which an animal, or a thing, is not there. These were chosen on Flickr8k's validation pictures,
by CIDEr, and on the even classes of `photos`, by how many are named and how few people are seen there."""
SCENES = {
    "an outdoor scene": ("an outdoor scene", "outdoors", "a landscape"),
    "an indoor scene": ("an indoor scene", "indoors", "a room"),
}
_PEOPLE = """person people man men woman women child children boy boys girl girls kid kids baby lady guy player players
toddler rider skier surfer climber skateboarder snowboarder biker couple crowd group"""


@dataclass(frozen=True)
class Sight:
    """What is known of a picture, whatever a captioner says of it.

    Attributes:
        kinds: probability of each of `kinds.kinds`, [K].
        people: how much more it is like people than like nobody, and how like photographs of everyday life.
        scene: the words that say least.
        synset, hint: what it is of, where that is certain.
    """

    kinds: np.ndarray
    people: float
    scene: str
    synset: str = ""
    hint: Hint | None = None

    @property
    def least(self) -> str:
        """A caption that says no more than is certain, or that it does."""
        if self.hint:
            return f"a photo of {with_article(self.hint.name)}"
        _, perhaps = likely(self.kinds) or ("", None)
        return f"{self.scene}, perhaps with {with_article(perhaps.name)}" if perhaps else self.scene

    def bears_out(self, mention: Mention, strictly: bool = False) -> bool:
        """Whether what a noun stands for may be there.

        Only people and animals are judged, and strictly things too: what people wear or hold may be there without being
        what the picture is of. An animal is not there where another one is more probable.
        """
        wider, rows = ancestors(mention.synsets[0]), kinds()[0]
        if PERSON in wider:
            return self.people >= SOMEBODY
        judged = ANIMAL in wider or (strictly and mention.synsets[0] in rows)
        least = max(LEAST, self.other_animals(mention.synsets[0])) if ANIMAL in wider else LEAST_THING
        return not judged or min(self.kinds[rows[kind]] for kind in wider if kind in rows) >= least

    def other_animals(self, synset: str) -> float:
        """The probability of the most probable kind of animal that is neither of this kind nor wider."""
        wider, rows = ancestors(synset), kinds()[0]
        others = (kind for kind in animals() if kind not in wider and synset not in ancestors(kind))
        return max((float(self.kinds[rows[kind]]) for kind in others), default=0.0)

    def wrong(self, text: str, strictly: bool = False) -> list[str]:
        """The nouns of a caption that are not borne out."""
        return [mention.noun for mention in mentions(text) if not self.bears_out(mention, strictly)]

    def names(self, text: str) -> bool:
        """Whether a caption says what the picture is certainly of, more exactly, or less.

        Or that there are people: a thing that is certain may be what they wear or hold.
        """
        if self.hint is None or self.hint.name.casefold() in text.casefold():
            return True
        wider = ancestors(self.synset) - GENERAL
        nouns = [synset for mention in mentions(text) for synset in mention.synsets]
        surely = self.people >= SURELY and not self.of_animal
        people = surely and any(PERSON in ancestors(synset) for synset in nouns)
        return people or any(synset in wider or self.synset in ancestors(synset) for synset in nouns)

    @property
    def of_animal(self) -> bool:
        """Whether it is certain that the picture is of an animal."""
        return self.hint is not None and ANIMAL in ancestors(self.synset)

    def start(self, text: str) -> str:
        """How a caption may begin in place of this one: with the animal that is certain, or the people that it names.

        The language model has sentences for those alone; "" for nothing.
        """
        if self.hint:
            _, perhaps = likely(self.kinds) or ("", self.hint)
            return with_article(perhaps.name) if self.of_animal else ""
        first = next(iter(mentions(text)), None)
        people = first is not None and PERSON in ancestors(first.synsets[0]) and self.bears_out(first)
        return " ".join(words_of(text)[: first.end]) if first and people else ""


def sights(
    pictures: Sequence[Picture],
    networks: Networks,
    space: CompactSpace,
    photographs: np.ndarray,
    progress: Progress = quiet,
) -> list[Sight]:
    """What is known of pictures.

    Args:
        space: compares them with sentences.
        photographs: mean of photographs of everyday life in that space, [D].
    """
    people, nobody, *scenes = space.texts([PEOPLE, NOBODY, *SCENES.values()], progress)
    vectors, rows = space.embed(pictures, progress), probabilities(networks, pictures, progress)
    direction = people - nobody + PHOTOGRAPH * photographs
    seen = []
    for vector, row in zip(vectors, rows, strict=True):
        synset, named = certain(row) or ("", None)
        scene = list(SCENES)[int(np.argmax([vector @ text for text in scenes]))]
        seen.append(Sight(kinds=row, people=float(vector @ direction), scene=scene, synset=synset, hint=named))
    return seen


@cache
def animals() -> tuple[str, ...]:
    """The kinds of `kinds.kinds` that are animals."""
    return tuple(kind for kind in kinds()[0] if ANIMAL in ancestors(kind))


def forms(noun: str) -> list[str]:
    """How a noun that is not borne out may be written; of people all that they are called."""
    if any(PERSON in ancestors(synset) for synset in meanings(noun)[:1]):
        return _PEOPLE.split()
    return [noun, f"{noun}s", f"{noun}es"]


def with_article(name: str) -> str:
    """The name after "a" or "an", or alone where it is a plural ("binoculars") or is not counted ("furniture")."""
    if re.search("(?<![sui])s$", name) or name in _NOT_COUNTED:
        return name
    return f"{'an' if name[0].casefold() in 'aeiou' else 'a'} {name}"
