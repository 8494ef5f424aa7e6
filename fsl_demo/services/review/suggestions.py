"""What a classifier that learned from a collection's labelled pictures says of its pictures."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fsl_demo.core.capabilities import Method
from fsl_demo.core.class_names import class_key
from fsl_demo.core.classifiers import Classifier
from fsl_demo.core.collections import CollectedPicture
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Layer, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings
from fsl_demo.services.review.queue import Suggestion

BATCH = 256
FOLDS = 20
"""Parts in which labelled pictures are held out; up to so many pictures, each is held out by itself."""
KEPT = 4
"""Collections (each by one method) whose suggestions are kept."""
NEIGHBOURS = 5
CLASSES = 5


@dataclass(frozen=True)
class Suggestions:
    """What a method says of a collection.

    Attributes:
        episode: the labelled pictures that the method learned from.
        by_picture: by hash; of labelled pictures only where they were held out.
    """

    method: Method
    settings: Settings
    episode: Episode
    classifier: Classifier = field(repr=False)
    by_picture: Mapping[str, Suggestion] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Evidence:
    """Why a picture is suggested to be of a class.

    Attributes:
        answers: the most probable classes with their probabilities.
        neighbours: the labelled pictures most like it, with their classes and similarities.
        layers: of the explanation.
    """

    answers: tuple[tuple[str, float], ...]
    unlike: bool | None
    neighbours: tuple[tuple[Picture, str, float], ...]
    layers: tuple[Layer, ...]


def classes_of(pictures: Sequence[CollectedPicture]) -> tuple[str, ...]:
    """The classes of a collection: the names of its labels, in order of first appearance, each once."""
    names: dict[str, str] = {}
    for collected in pictures:
        for label in collected.labels:
            if label.class_name is not None:
                names.setdefault(class_key(label.class_name), label.class_name)
    return tuple(names.values())


def labelled(pictures: Sequence[CollectedPicture]) -> Episode:
    """The pictures that have a class as an episode's support set; classes that none has as its newest are left out."""
    owners: dict[str, int] = {}
    names: list[ClassSpec] = []
    support = []
    for collected in pictures:
        label = collected.label
        if label is None or label.class_name is None:
            continue
        key = class_key(label.class_name)
        if key not in owners:
            owners[key] = len(names)
            names.append(ClassSpec(label.class_name))
        support.append(Example(collected.picture, owners[key]))
    return Episode(tuple(names), tuple(support))


class Suggester:
    """Fits methods to collections, and keeps what they said last. Threads may share it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Suggestions] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, collection: str, method: str) -> Suggestions | None:
        """What a method said of a collection last."""
        with self._lock:
            return self._kept.get((collection, method))

    def fit(
        self,
        collection: str,
        method: Method,
        pictures: Sequence[CollectedPicture],
        held_out: bool,
        progress: Progress = quiet,
    ) -> Suggestions:
        """Learn from the labelled pictures and say what the others are, batch by batch; what was said of a picture
        before counts until then.

        Args:
            held_out: say what the labelled pictures are, too, each by a classifier that has not learned from it.

        Raises:
            UserError: `one_class`, and what the method raises.
        """
        episode, settings = labelled(pictures), method.Settings()
        episode.check()
        classifier = method.fit(episode, settings, progress)
        before = self.known(collection, method.card.id)
        made = Suggestions(
            method,
            settings=settings,
            episode=episode,
            classifier=classifier,
            by_picture=dict(before.by_picture) if before else {},
        )
        made = self._put(collection, made, {})
        learned = {example.picture for example in episode.support}
        wanted = [collected.picture for collected in pictures if collected.picture not in learned]
        done, total = 0, len(pictures)
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            progress("embed", start, total)
            scores = classifier.predict(batch, _further(progress, start, total))
            made = self._put(collection, made, _by_hash(batch, _suggested(scores, episode)))
            done = start + len(batch)
        if held_out:
            for places, scores in _held_out(method, episode, settings):
                progress("score", done, total)
                batch = [episode.support[place].picture for place in places]
                made = self._put(collection, made, _by_hash(batch, _suggested(scores, episode)))
                done += len(places)
        return made

    def _put(self, collection: str, made: Suggestions, fresh: Mapping[str, Suggestion]) -> Suggestions:
        made = replace(made, by_picture={**made.by_picture, **fresh})
        key = collection, made.method.card.id
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


def evidence(suggestions: Suggestions, picture: Picture) -> Evidence:
    """What speaks for the suggestion; where the method learned from the picture, as if it had not.

    Raises:
        UserError: what the method raises.
    """
    episode, classifier = suggestions.episode, suggestions.classifier
    others = tuple(example for example in episode.support if example.picture != picture)
    if len(others) < len(episode.support):
        episode = replace(episode, support=others)
        classifier = suggestions.method.fit(episode, suggestions.settings, quiet)
    scores = classifier.predict([picture], quiet)
    best = np.argsort(-scores.probabilities[0])[:CLASSES]
    pairs = scores.pairs[0] if scores.pairs is not None else np.zeros(0)
    names = [spec.name for spec in episode.classes]
    return Evidence(
        answers=tuple((names[index], float(scores.probabilities[0, index])) for index in best),
        unlike=scores.unlike(0),
        neighbours=tuple(
            (others[place].picture, names[others[place].class_index], float(pairs[place]))
            for place in np.argsort(-pairs)[:NEIGHBOURS]
        ),
        layers=classifier.explain(picture, int(best[0])).layers,
    )


def _further(progress: Progress, start: int, total: int) -> Progress:
    """The progress of a batch as part of the whole."""
    return lambda stage, done, _: progress(stage, start + done, total)


def _by_hash(pictures: Sequence[Picture], suggested: Sequence[Suggestion]) -> dict[str, Suggestion]:
    return {picture.sha256: suggestion for picture, suggestion in zip(pictures, suggested, strict=True)}


def _suggested(scores: Scores, episode: Episode) -> list[Suggestion]:
    rows = []
    for row, probabilities in enumerate(scores.probabilities):
        second, best = np.argsort(probabilities)[-2:]
        rows.append(
            Suggestion(
                class_name=episode.classes[best].name,
                probability=float(probabilities[best]),
                margin=float(probabilities[best] - probabilities[second]),
                similarity=float(scores.similarities[row, best]),
                unlike=scores.unlike(row),
            )
        )
    return rows


def _held_out(method: Method, episode: Episode, settings: Settings) -> Iterator[tuple[list[int], Scores]]:
    """What the others say of labelled pictures, part by part; the only picture of a class cannot be held out."""
    shots = episode.shots()
    places = [place for place, example in enumerate(episode.support) if shots[example.class_index] > 1]
    places.sort(key=lambda place: episode.support[place].class_index)  # so that no part holds all of a class
    for fold in range(min(FOLDS, len(places))):
        held = places[fold::FOLDS]
        others = tuple(example for place, example in enumerate(episode.support) if place not in set(held))
        try:
            classifier = method.fit(replace(episode, support=others), settings, quiet)
        except UserError:  # a class of which one other picture is left may be too little for a method
            continue
        yield held, classifier.predict([episode.support[place].picture for place in held], quiet)
