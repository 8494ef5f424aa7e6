"""Predicting: several methods on one episode, batch by batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fsl_demo import runtime
from fsl_demo.core.episodes import Episode, Progress, Scores, join
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services.close_ups import on_regions
from fsl_demo.services.fitted import Fits, Fitted

if TYPE_CHECKING:
    from fsl_demo.core.capabilities import Method
    from fsl_demo.core.registry import Registry
    from fsl_demo.core.settings import Settings

FIRST_BATCH, LARGEST_BATCH = 16, 128
fits = Fits()
"""The classifiers of predictions."""

Refused = Callable[[str, UserError], None]
"""Told the id of a method that cannot answer, and why."""


@dataclass(frozen=True)
class Plan:
    """A method and the settings to run it with."""

    method: Method
    settings: Settings


def predict_in_batches(
    episode: Episode, plans: Sequence[Plan], progress: Progress, refused: Refused
) -> Iterator[list[Scores]]:
    """Run methods on an episode's queries and yield the scores so far of every method after each batch.

    The first batch has 16 queries and is yielded again after each method, so that the first answers come early; each
    next one is twice as large, up to 128. Queries whose answers are kept do not count, and come with the next ones.
    Transductive methods see all queries at once and join the scores of the last batch. A method that raises a
    `UserError` is reported and left out, with what it had answered.

    Args:
        progress: told the stage of a method and how many of all queries are done, whatever the batch; "download" counts
            megabytes. When it raises `Cancelled`, the iteration ends; what was yielded stays valid.

    Yields:
        Scores of the first queries, the same number from each method that has answered them, in the order of `plans`;
        of all methods and queries last. Nothing when every method is refused.
    """
    with suppress(Cancelled):
        yield from _batch_by_batch(episode, plans, progress=progress, refused=refused)


def predict(episode: Episode, plans: Sequence[Plan], progress: Progress, refused: Refused) -> list[Scores]:
    """The scores of every method that can answer, as of `predict_in_batches`.

    Raises:
        UserError: why the first method cannot answer, when none can; `no_methods`, `no_queries`.
        Cancelled: when `progress` raises it.
    """
    refusals: list[UserError] = []

    def note(method: str, error: UserError) -> None:
        refusals.append(error)
        refused(method, error)

    batches = list(_batch_by_batch(episode, plans, progress=progress, refused=note))
    scores = batches[-1] if batches else []
    if scores and len(scores[0].probabilities) == len(episode.queries):
        return scores
    raise refusals[0] if refusals else UserError("no_methods" if episode.queries else "no_queries")


def classify(
    registry: Registry,
    episode: Episode,
    names: Sequence[str] | None,
    settings: Mapping[str, Settings],
    progress: Progress,
    refused: Refused,
    use_region: bool = False,
) -> list[Scores]:
    """The scores of the methods of these ids, or of those that suit the support set, as of `predict`.

    Args:
        settings, use_region: as of `plans_of`.

    Raises:
        UserError: `unknown_method`, and as of `predict`.
    """
    pictures = [example.picture for example in episode.support]
    plans = plans_of(registry, names, pictures=pictures, settings=settings, use_region=use_region)
    return predict(episode, plans, progress=progress, refused=refused)


def plans_of(
    registry: Registry,
    names: Sequence[str] | None,
    pictures: Sequence[Picture],
    settings: Mapping[str, Settings] | None = None,
    use_region: bool = False,
) -> list[Plan]:
    """The methods of these ids, or those that suit the pictures of a support set.

    Args:
        settings: by id of a method; one that is left out has its defaults.
        use_region: hand methods that compare pictures the best region of each in place of the whole.

    Raises:
        UserError: `unknown_method`.
    """
    if not names:
        from fsl_demo.methods import proposed

        names = proposed(registry.methods, pictures)
    known = settings or {}
    return [
        Plan(on_regions(registry, method) if use_region else method, known.get(method.card.id, method.Settings()))
        for method in registry.chosen(names)
    ]


def _batch_by_batch(
    episode: Episode, plans: Sequence[Plan], progress: Progress, refused: Refused
) -> Iterator[list[Scores]]:
    total = len(episode.queries)
    job = _Job([_Running(plan) for plan in plans], total=total, progress=progress, refused=refused)
    start, size = 0, FIRST_BATCH
    while start < total:
        inductive = [method for method in job.methods if not method.transductive]
        end = start + _length(inductive, episode.queries[start:], size)
        for method in inductive:
            job.advance([method], episode, start=start, end=end)
            if start == 0:
                yield from job.scores(end)
        if start > 0 and end < total:
            yield from job.scores(end)
        start, size = end, min(2 * size, LARGEST_BATCH)
    job.advance([method for method in job.methods if method.transductive], episode, start=0, end=total)
    yield from job.scores(total, last=True)


@dataclass
class _Running:
    """A method at work: fitted when its first batch comes."""

    plan: Plan
    classifier: Fitted | None = None
    parts: list[Scores] = field(default_factory=list)
    done: float = 0.0

    @property
    def transductive(self) -> bool:
        return self.plan.method.card.transductive

    def advance(self, episode: Episode, queries: Sequence[Picture], fitting: Progress, scoring: Progress) -> bool:
        """Predict the next queries; gives whether anything new was computed. The seconds of fitting count once."""
        started = time.perf_counter()
        if self.classifier is None:
            self.classifier = fits(self.plan.method, episode, settings=self.plan.settings, progress=fitting)
        fresh = bool(self.new(queries))
        part = self.classifier.predict(queries, scoring)
        self.parts.append(replace(part, seconds=time.perf_counter() - started))
        return fresh

    def new(self, queries: Sequence[Picture]) -> list[int]:
        """The positions of queries that have to be answered anew."""
        return list(range(len(queries))) if self.classifier is None else self.classifier.new(queries)


@dataclass
class _Job:
    """Methods at work on one episode, and how far they are.

    Attributes:
        total: number of queries.
        reached: of all queries, how many the progress was told to be done; it never falls.
        fresh: whether anything new was computed since scores were given.
    """

    methods: list[_Running]
    total: int
    progress: Progress
    refused: Refused
    reached: int = 0
    fresh: bool = False

    def advance(self, chosen: Sequence[_Running], episode: Episode, start: int, end: int) -> None:
        """Let methods predict the queries from `start` to `end`; a method that cannot is reported and left out."""
        for method in chosen:

            def tell(stage: str, done: int, total: int, method: _Running = method) -> None:
                method.done = start + (end - start) * min(done / total, 1.0) if total else start
                self._tell(stage, done, total)

            try:
                with runtime.memory_trouble():
                    self.fresh |= method.advance(episode, episode.queries[start:end], fitting=self._tell, scoring=tell)
            except UserError as error:
                self.methods.remove(method)
                self.refused(method.plan.method.card.id, error)
                continue
            method.done = end

    def scores(self, end: int, last: bool = False) -> Iterator[list[Scores]]:
        """The scores of the first `end` queries, once, if there are any; before the last time, fresh ones only."""
        finished = [method for method in self.methods if method.done == end and method.parts]
        if finished and (self.fresh or last):
            self.fresh = False
            yield [join(method.parts) for method in finished]

    def _tell(self, stage: str, done: int, total: int) -> None:
        if stage == "download":
            self.progress(stage, done, total)
            return
        mean = sum(method.done for method in self.methods) / len(self.methods)
        self.reached = max(self.reached, int(mean))
        self.progress(stage, self.reached, self.total)


def _length(methods: Sequence[_Running], queries: Sequence[Picture], size: int) -> int:
    """How many queries make a batch in which `size` are new to some method."""
    new = sorted({number for method in methods for number in method.new(queries)})
    return new[size] if len(new) > size else len(queries)
