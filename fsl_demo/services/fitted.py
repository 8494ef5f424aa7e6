"""Fitted classifiers and their answers, kept as long as nothing changes that they depend on."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.core.capabilities import HasWeights, Method
from fsl_demo.core.classifiers import Classifier
from fsl_demo.core.episodes import Episode, Explanation, Focus, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, Weights
from fsl_demo.inference.vector_cache import VectorCache

FITTED, SUPPORT = 16, 4_000
"""Classifiers that are kept, and support pictures that they may have in all; 200 kB each for some methods."""
ANSWERS = 4_096
"""Answers that are kept of each; an answer has two numbers a class, and one a support picture."""


class Fitted:
    """A classifier of which nothing is kept."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def new(self, queries: Sequence[Picture]) -> list[int]:
        """The positions of queries whose answers are not kept."""
        return list(range(len(queries)))

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """What the classifier says."""
        return self.classifier.predict(queries, progress)

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """What the classifier says; nothing of it is kept."""
        return self.classifier.explain(query, class_index, focus)


class Inductive(Fitted):
    """A classifier that answers each query once.

    An answer stays as it was in the batch in which it was first given; in another batch it could differ by rounding.
    """

    def __init__(self, classifier: Classifier) -> None:
        super().__init__(classifier)
        self._rows = VectorCache(ANSWERS)
        self._like: Scores | None = None

    def new(self, queries: Sequence[Picture]) -> list[int]:
        return self._rows.missing([query.sha256 for query in queries])

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """What the classifier says; it is asked about the queries that are new."""
        if not queries:
            return self.classifier.predict(queries, progress)
        started = time.perf_counter()

        def compute(missing: list[int]) -> np.ndarray:
            scores = self.classifier.predict([queries[number] for number in missing], progress)
            self._like = scores.part(0, 0)
            return _rows(scores)

        rows = self._rows([query.sha256 for query in queries], compute, channels=0)
        assert self._like is not None
        return _scores(rows, like=self._like, seconds=time.perf_counter() - started)


class Transductive(Fitted):
    """A classifier whose answers to the latest queries are kept: each depends on all of them."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__(classifier)
        self._latest: tuple[list[str], Scores] | None = None

    def new(self, queries: Sequence[Picture]) -> list[int]:
        known = self._latest is not None and self._latest[0] == [query.sha256 for query in queries]
        return [] if known else super().new(queries)

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """What the classifier says; it is asked where the queries are others than before."""
        started, hashes, latest = time.perf_counter(), [query.sha256 for query in queries], self._latest
        if latest is None or latest[0] != hashes:
            latest = self._latest = hashes, self.classifier.predict(queries, progress)
        return replace(latest[1], seconds=time.perf_counter() - started)


@dataclass(frozen=True)
class _Kept:
    """A classifier, and what it was made of: the method, which keeps its place in memory, weights and pictures."""

    method: Method
    weights: str
    pictures: int
    fitted: Fitted


class Fits:
    """Fits methods, and keeps the latest classifiers by what they depend on. Threads may share it.

    Kept are those of methods that know their weights, unless a person chooses them: such weights are large, and
    `Networks` holds one at a time. All are let go when one is fitted while other checkpoints are in use.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._in_use: object = None
        self._lock = threading.Lock()

    def __call__(self, method: Method, episode: Episode, settings: Settings, progress: Progress = quiet) -> Fitted:
        """The method fitted to the episode.

        Raises:
            UserError: what the method raises.
        """
        chosen = any(isinstance(setting, Weights) for setting in settings.controls())
        if chosen or not isinstance(method, HasWeights):
            return Fitted(method.fit(episode, settings, progress))
        if not method.card.transductive:
            episode = replace(episode, queries=())  # whatever they are, the classifier is the same
        key = _key(method, episode, settings)
        kept = self._get(key)
        if kept is not None and kept.weights == method.weights(settings):
            return kept.fitted
        in_use = checkpoints.in_use()
        kind = Transductive if method.card.transductive else Inductive
        fitted = kind(method.fit(episode, settings, progress))
        kept = _Kept(method, weights=method.weights(settings), pictures=len(episode.support), fitted=fitted)
        if checkpoints.in_use() == in_use:  # or the weights may be others than those that it was fitted with
            self._put(key, kept, in_use)
        return fitted

    def _get(self, key: Hashable) -> _Kept | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _put(self, key: Hashable, kept: _Kept, in_use: object) -> None:
        with self._lock:
            if self._in_use != in_use:
                self._kept.clear()
                self._in_use = in_use
            self._kept[key] = kept
            while len(self._kept) > FITTED or sum(kept.pictures for kept in self._kept.values()) > SUPPORT:
                self._kept.popitem(last=False)


def _key(method: Method, episode: Episode, settings: Settings) -> Hashable:
    """All that `fit` is given: names and texts of the classes, the pictures of each with their boxes, all in order."""
    support = tuple((example.picture.sha256, example.class_index, example.boxes) for example in episode.support)
    return id(method), settings, episode.classes, support, tuple(query.sha256 for query in episode.queries)


def _rows(scores: Scores) -> np.ndarray:
    """Similarities, probabilities and pairs side by side, float32 [Q, 2 C + S]."""
    parts = [scores.similarities, scores.probabilities, *([] if scores.pairs is None else [scores.pairs])]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _scores(rows: np.ndarray, like: Scores, seconds: float) -> Scores:
    """Scores from what `_rows` gives; the rest is as of others of the same classifier."""
    classes = like.similarities.shape[1]
    similarities, probabilities, pairs = np.split(rows, [classes, 2 * classes], axis=1)
    return replace(
        like,
        seconds=seconds,
        similarities=similarities,
        probabilities=probabilities,
        pairs=None if like.pairs is None else pairs,
    )
