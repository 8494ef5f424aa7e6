"""The vocabulary that every floor speaks: classes, examples, episodes, scores, explanations, labels.

No torch, no SQL and no Gradio in here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from fsl_demo.core.class_names import MAX_NAME as MAX_NAME
from fsl_demo.core.class_names import class_key as class_key
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box as Box
from fsl_demo.core.regions import RegionLabel, check_box
from fsl_demo.core.scores import Combined as Combined
from fsl_demo.core.scores import Scores as Scores
from fsl_demo.core.scores import combine as combine
from fsl_demo.core.scores import join as join

MAX_DESCRIPTION = 1_000

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total); may raise `Cancelled`. Stages are "weights", "embed", "score", "describe"."""


def quiet(stage: str, done: int, total: int) -> None:
    """A `Progress` that tells nobody."""


def within(progress: Progress, stage: str, start: int, total: int) -> Progress:
    """A `Progress` of a part that begins after `start`, as that of a whole, in one of its stages."""
    return lambda name, done, of: progress(name, start + done, total) if name == stage else progress(name, done, of)


def in_latin_script(text: str) -> bool:
    """Whether a text has letters, all of them Latin: what a text model that reads English can make sense of."""
    letters = [letter for letter in text if letter.isalpha()]
    return bool(letters) and all(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)


@dataclass(frozen=True)
class ClassSpec:
    """A class: its name, and phrasings of what it looks like, in English, for the text models."""

    name: str
    descriptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Example:
    """A support picture and the index of its class.

    Attributes:
        boxes: drawn on the picture: each says "this is the thing"; without any, the whole picture is.

    Raises:
        ValueError: for a box without area or beyond the picture.
    """

    picture: Picture
    class_index: int
    boxes: tuple[Box, ...] = ()

    def __post_init__(self) -> None:
        for box in self.boxes:
            check_box(box)


@dataclass(frozen=True)
class Episode:
    """An N-way K-shot task: classes, a labelled support set, and queries.

    Construction does not validate, so that a half-made episode can be held; `check` does.
    """

    classes: tuple[ClassSpec, ...]
    support: tuple[Example, ...] = ()
    queries: tuple[Picture, ...] = ()

    def shots(self) -> list[int]:
        """Number of support pictures of each class."""
        counts = [0] * len(self.classes)
        for example in self.support:
            counts[example.class_index] += 1
        return counts

    def check(self) -> None:
        """Raise `UserError` unless the classes can be told apart by somebody: two or more, each named once."""
        check_classes(self.classes)
        if len(self.classes) < 2:
            raise UserError("one_class")


def check_classes(classes: Sequence[ClassSpec]) -> None:
    """Raise `UserError` unless each class has a name of its own, and texts within the limits."""
    keys: set[str] = set()
    for position, spec in enumerate(classes, start=1):
        key = class_key(spec.name)
        if not key:
            raise UserError("class_name_empty", position=position)
        check_texts(spec)
        if key in keys:
            raise UserError("class_name_twice", name=spec.name)
        keys.add(key)


def check_texts(spec: ClassSpec) -> None:
    """Raise `UserError` when a name or a description is longer than the limits."""
    if len(spec.name) > MAX_NAME:
        raise UserError("class_name_long", start=spec.name[:20], length=len(spec.name), limit=MAX_NAME)
    for text in spec.descriptions:
        if len(text) > MAX_DESCRIPTION:
            raise UserError("description_long", name=spec.name, length=len(text), limit=MAX_DESCRIPTION)


@dataclass(frozen=True)
class Layer:
    """One picture's part of an explanation.

    Attributes:
        picture: the picture that it explains.
        role: "query" or "support".
        map: float32 [h, w] in [0, 1]: the evidence at each position; one scale for all classes of a query.
        seen: the rectangle that the network saw and the map covers; it may reach beyond the picture.
        words: what the picture was compared with in words, as (text, similarity), best first.
        kind: what the map is: "evidence" (what the score rests on), "attention" (where what the network's attention
            lets through counts for the class), "cross" (what looking for the other picture's sake adds), "point" (what
            a place attends to), "phrase" (where a typed phrase is found).
        channels: the strongest channels of the attention, as (number, weight), strongest first.
        contributions: what each word of the phrase, or of the class's text, adds to its cosine with the picture.
    """

    picture: Picture
    role: Literal["query", "support"]
    map: np.ndarray | None = None
    seen: Box = (0.0, 0.0, 1.0, 1.0)
    words: tuple[tuple[str, float], ...] = ()
    kind: Literal["evidence", "attention", "cross", "point", "phrase"] = "evidence"
    channels: tuple[tuple[int, float], ...] = ()
    contributions: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why a method gave a query its score for one class."""

    method: str
    class_index: int
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Focus:
    """What an explanation is asked about besides the query.

    Attributes:
        support: a support picture.
        point: a place on one of the two pictures, as fractions of its width and height: what does it attend to?
        on: the picture that the point is on.
        phrase: words to look for on the query in place of the class.
    """

    support: Picture | None = None
    point: tuple[float, float] | None = None
    on: Literal["query", "support"] = "query"
    phrase: str = ""


LabelSource = Literal["blind", "accepted", "corrected", "bulk"]


@dataclass(frozen=True)
class Label:
    """A person's word on one query.

    Attributes:
        class_index: the class, or None for "none of these" (an unlabelled query has no `Label`).
        annotator: who said it.
        source: "blind" (no suggestion shown), "accepted", "corrected", or "bulk" (accepted with others in one step).
        suggestion: what was shown: a class index, None for "none of these" or for blind.
        seconds: how long the query was on view before the answer.
    """

    class_index: int | None
    annotator: str = ""
    source: LabelSource = "blind"
    suggestion: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """One method's scores on an episode, with where they were computed."""

    scores: Scores
    device: str = "cpu"


@dataclass(frozen=True)
class Caption:
    """What a captioner says of a picture.

    Attributes:
        text: a sentence, without its full stop.
        score: log-probability of its tokens, divided by a power of their number. It says how usual the sentence is,
            not whether it is true; candidates are ranked by it and by `fit`.
        fit: similarity of sentence and picture in the built-in vision-language model, cosine.
        doubtful: whether `fit` is lower than it is for nearly all photographs: the model does not know such pictures.
    """

    text: str
    score: float
    fit: float
    doubtful: bool


@dataclass(frozen=True)
class Hint:
    """What a picture is of, by its name, and how probable that is."""

    name: str
    certainty: float


@dataclass(frozen=True)
class Described:
    """A picture in words: a captioner's candidates, best first, and the weights that it had."""

    captioner: str
    weights: str
    captions: tuple[Caption, ...]


@dataclass(frozen=True)
class LabelledEpisode:
    """An episode with what methods and people said about its queries: what is saved, shown and exported.

    Attributes:
        labels: query index to label.
        captions: hash of a picture to what captioners said of it, the latest first.
        regions: query index to what people said about its rectangles, in the order in which they said it.
    """

    episode: Episode
    title: str = ""
    runs: tuple[Run, ...] = ()
    labels: Mapping[int, Label] = field(default_factory=dict)
    captions: Mapping[str, tuple[Described, ...]] = field(default_factory=dict)
    regions: Mapping[int, tuple[RegionLabel, ...]] = field(default_factory=dict)

    def caption(self, picture: Picture) -> str:
        """The best of the latest captions of a picture; "" when it was not described."""
        described = self.captions.get(picture.sha256)
        return described[0].captions[0].text if described else ""


def ordered_unique(pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures without repeats, in order of first appearance."""
    return list(dict.fromkeys(pictures))
