"""What every method is: a card, settings, and `fit`, which gives a `Classifier`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from fsl_demo.episodes import Episode, Explanation, Focus, Progress, Scores
from fsl_demo.pictures import Picture


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
        explains: what it can show: "query", "support", "words".
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


class Classifier(Protocol):
    """A method fitted to one episode's classes and support set."""

    def predict(self, queries: Sequence[Picture], progress: Progress) -> Scores: ...

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation: ...


class Method(Protocol):
    """A method. `Settings` is a frozen dataclass whose fields make the controls and options.

    Each field carries `metadata`: "low", "high", "step" (a slider) and "help" (a sentence); a field whose
    default is None is chosen by the method itself until somebody moves it.
    """

    card: ClassVar[MethodCard]
    Settings: ClassVar[type[Any]]

    def fit(self, episode: Episode, settings: Any, progress: Progress) -> Classifier: ...
