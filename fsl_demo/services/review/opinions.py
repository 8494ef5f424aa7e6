"""What people say of the same pictures, and what suggestions do to what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import CollectedPicture, CollectionLabel, CollectionSource
from fsl_demo.core.episodes import ClassSpec, check_classes
from fsl_demo.core.pictures import Picture
from fsl_demo.evaluation.agreement import Agreement, agreement
from fsl_demo.evaluation.suggested import Word
from fsl_demo.store import EpisodeWord

SHOWN = frozenset({"accepted", "corrected", "bulk"})
"""Sources of labels before which a suggestion was on view."""


@dataclass(frozen=True)
class Dispute:
    """A picture on which people differ, with the newest word of each, the newest one first."""

    picture: Picture
    words: tuple[CollectionLabel, ...]


@dataclass(frozen=True)
class Pair:
    """Two people, and how far they agree."""

    first: str
    second: str
    agreement: Agreement


@dataclass(frozen=True)
class Answer:
    """What a person says of pictures that are reviewed.

    Attributes:
        class_name: None is "none of these".
        shown: whether the suggestions were on view before.
        seconds: how long the pictures were on view.
        settles: whether it ends a dispute.
    """

    class_name: str | None
    annotator: str = ""
    shown: bool = False
    seconds: float = 0.0
    settles: bool = False

    def labels(self, suggestions: Mapping[str, str | None]) -> dict[str, CollectionLabel]:
        """The label of each picture.

        Args:
            suggestions: by hash of a picture the class that was suggested, on view or not; None where none was.

        Raises:
            UserError: `class_name_empty`, `class_name_long`.
        """
        if self.class_name is not None:
            check_classes([ClassSpec(self.class_name)])
        return {sha256: self._label(suggestion, len(suggestions)) for sha256, suggestion in suggestions.items()}

    def _label(self, suggestion: str | None, pictures: int) -> CollectionLabel:
        source: CollectionSource = "settled" if self.settles else "bulk" if pictures > 1 else "blind"
        if source == "bulk" and not self.shown:
            suggestion = None
        if source == "blind" and self.shown and suggestion is not None:
            agrees = self.class_name is not None and class_key(self.class_name) == class_key(suggestion)
            source = "accepted" if agrees else "corrected"
        return CollectionLabel(
            self.class_name,
            annotator=self.annotator,
            source=source,
            suggestion=suggestion,
            seconds=round(min(max(self.seconds, 0.0), 86_400.0) / pictures, 2),
        )


def disputes(pictures: Sequence[CollectedPicture]) -> list[Dispute]:
    """The pictures on which people differ."""
    return [Dispute(known.picture, tuple(_opinions(known).values())) for known in pictures if known.disputed]


def agreements(pictures: Sequence[CollectedPicture]) -> list[Pair]:
    """How far each two people agree on the pictures that both labelled, the most pictures first.

    What settled a dispute is no second opinion.
    """
    opinions = [_opinions(collected) for collected in pictures]
    people = sorted({name for words in opinions for name in words})
    pairs = []
    for first, second in combinations(people, 2):
        both = [(words[first].key, words[second].key) for words in opinions if first in words and second in words]
        if both:
            said_by_first, said_by_second = zip(*both, strict=True)
            pairs.append(Pair(first, second, agreement(said_by_first, said_by_second)))
    return sorted(pairs, key=lambda pair: -pair.agreement.pictures)


def _opinions(collected: CollectedPicture) -> dict[str, CollectionLabel]:
    """The newest word of each person that is not about others' words."""
    newest: dict[str, CollectionLabel] = {}
    for label in collected.labels:
        if label.source != "settled":
            newest.setdefault(label.annotator, label)
    return newest


def words_of(pictures: Sequence[CollectedPicture]) -> list[Word]:
    """What people said of a collection's pictures, for `evaluation.suggested`."""
    return [
        Word(
            picture=collected.picture.sha256,
            annotator=label.annotator,
            says=label.key,
            suggestion=None if label.suggestion is None else class_key(label.suggestion),
            shown=label.source in SHOWN,
            time=label.created_at,
            settles=label.source == "settled",
        )
        for collected in pictures
        for label in collected.labels
    ]


def words_of_episodes(words: Iterable[EpisodeWord]) -> list[Word]:
    """What people said of episodes' queries; each query is a picture of its own, because its classes are."""
    return [
        Word(
            picture=str(word.item),
            annotator=word.annotator,
            says=None if word.class_name is None else class_key(word.class_name),
            suggestion=None if word.suggestion is None else class_key(word.suggestion),
            shown=word.source in SHOWN,
            time=word.created_at,
        )
        for word in words
    ]
