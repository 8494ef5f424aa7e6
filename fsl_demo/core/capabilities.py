"""What every method is: a card, settings, and `fit`, which gives a `Classifier`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from fsl_demo.core.episodes import ClassSpec, Episode, Explanation, Focus, Progress, Scores
from fsl_demo.core.pictures import Picture

NONE_BELOW = {"low": 0.0, "high": 1.0, "step": 0.01, "help": "Similarity below which no class fits."}
"""Metadata of the setting that all methods have."""


@dataclass(frozen=True)
class MethodCard:
    """What a person should know before ticking a method.

    Attributes:
        id: the name on the command line and in the store.
        title: the name on the page.
        paper: where it comes from.
        checkpoint: the weights that it runs on, by name.
        needs_pictures: it can't answer without support pictures of every class.
        reads_text: it uses the class names and descriptions.
        transductive: it looks at all queries before it answers one.
        explains: what it can show: "query", "support", "words", "distances" (of pairs), "attention" (CBAM), "points"
            (what a place attends to), "phrases" (where typed words are found).
        kinds: where the support set looks like one of these ("characters", "faces", "photographs"), the method is
            proposed; None for pictures of any kind, empty for a method that gains nothing over another.
        cost: milliseconds a new picture, roughly, on a laptop's CPU.
    """

    id: str
    title: str
    paper: str
    checkpoint: str
    needs_pictures: bool
    reads_text: bool
    transductive: bool
    explains: tuple[str, ...]
    cost: int
    kinds: tuple[str, ...] | None = None


class Classifier(Protocol):
    """A method fitted to one episode's classes and support set."""

    def predict(self, queries: Sequence[Picture], progress: Progress) -> Scores: ...

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation: ...


class Method(Protocol):
    """A method. `Settings` is a frozen dataclass whose fields make the controls and options.

    Each field carries `metadata`: "help" (a sentence), and "low", "high", "step" (a slider), "choices" (a menu) or
    "text" (typed; its value is an example), and "weights" where the text names CLIP weights, "lines" where it is prompt
    templates, one a line; a field whose default is None is chosen by the method itself until somebody sets it.
    """

    card: ClassVar[MethodCard]
    Settings: ClassVar[type[Any]]

    def fit(self, episode: Episode, settings: Any, progress: Progress) -> Classifier: ...


@runtime_checkable
class TextMethod(Method, Protocol):
    """A method that reads text. Both functions raise `UserError` where settings are wrong or weights are absent."""

    def sentences(self, spec: ClassSpec, settings: Any) -> tuple[list[str], list[str]]:
        """What is compared for a class: sentences from its name, and from descriptions or definitions."""
        ...

    def reads(self, text: str, settings: Any) -> bool:
        """Whether the text tower knows the script."""
        ...
