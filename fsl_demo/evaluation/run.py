"""Accuracy and calibration of methods over many episodes, all methods on the same ones."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import HasWeights, Method
from fsl_demo.core.episodes import Episode, Progress, quiet
from fsl_demo.datasets.parts import Classes
from fsl_demo.evaluation.episodes import Opened, episode_of
from fsl_demo.evaluation.outcomes import NOTHING, Outcomes, outcomes
from fsl_demo.evaluation.report import Figures, Report, figures_of
from fsl_demo.evaluation.results import Results, data_hash, result_key
from fsl_demo.evaluation.sampling import Sampling

CHUNK = 50
"""Episodes that are scored at once."""
KEEP_EVERY = 5.0
"""Seconds of work that a kill may cost, beside the chunk that is being scored."""


class Evaluation:
    """Methods on the same random episodes, one method after the other.

    Args:
        files: picture files by class name.
        opened: pictures that were read before, to share them with other evaluations.
        results: where results are kept, of methods that know their weights; None keeps nothing.
        fresh: measure again what is kept.
        chunk: episodes that are scored at once, after which progress is told.

    Attributes:
        reused: by method id, how many episodes were not measured again.

    Raises:
        UserError: `setting_bad` when there are too few classes or pictures.
    """

    def __init__(
        self,
        files: Classes,
        sampling: Sampling,
        *,
        opened: Opened | None = None,
        results: Results | None = None,
        fresh: bool = False,
        chunk: int | None = None,
    ) -> None:
        self.chunk = chunk or CHUNK
        self.files, self.sampling, self.results, self.fresh = files, sampling, results, fresh
        self.opened = opened or Opened()
        self.sampler = sampling.sampler(files)
        self.reused: dict[str, int] = {}
        self._first: Outcomes | None = None
        self._drawn: list[tuple[Episode, np.ndarray]] = []

    @property
    def empty(self) -> Report:
        """The report before there are figures."""
        counts = self.sampling
        return Report(
            classes=len(self.files),
            way=self.sampler.way,
            shot=counts.shot,
            queries=counts.queries,
            episodes=counts.episodes,
            seed=counts.seed,
        )

    def figures(self, method: Method, settings: Any, progress: Progress = quiet) -> Figures:
        """Figures of one method; the first one is what the others are compared with.

        Args:
            settings: None for automatic ones.
            progress: told "score" and how many episodes are done; may raise `Cancelled`.

        Raises:
            UserError: what the method or a picture raises.
        """
        settings = method.Settings() if settings is None else settings
        weights = method.weights(settings) if isinstance(method, HasWeights) else ""
        measured = self._outcomes(method=method, settings=settings, weights=weights, progress=progress)
        figures = figures_of(method=method, weights=weights, outcomes=measured, first=self._first)
        self._first = self._first or measured
        return figures

    def _outcomes(self, method: Method, settings: Any, weights: str, progress: Progress) -> Outcomes:
        """What is kept of a method, and the rest of the episodes."""
        count, known, key = self.sampling.episodes, NOTHING, ""
        if results := self.results if weights else None:
            key = result_key(method=method, settings=settings, weights=weights, data=self.data, sampling=self.sampling)
            known = NOTHING if self.fresh else results.load(key)
        self.reused[method.card.id] = min(len(known.sizes), count)
        saved = time.monotonic()
        while (done := len(known.sizes)) < count:
            episodes, truths = zip(*self._episodes(progress)[done : done + self.chunk], strict=True)

            def tell(stage: str, part: int, whole: int, before: int = done) -> None:
                progress(stage, *((before + part, count) if stage == "score" else (part, whole)))

            measured = outcomes(method=method, settings=settings, episodes=episodes, truths=truths, progress=tell)
            known = known.followed_by(measured)
            if results and (len(known.sizes) >= count or time.monotonic() - saved > KEEP_EVERY):
                results.save(key, known)
                saved = time.monotonic()
        progress("score", count, count)
        return known.first(count)

    @cached_property
    def data(self) -> str:
        """A hash of the pictures and class names."""
        return data_hash(self.files)

    def _episodes(self, progress: Progress) -> Sequence[tuple[Episode, np.ndarray]]:
        if not self._drawn:
            for done, drawn in enumerate(self.sampler.draw(self.sampling.episodes)):
                progress("read", done, self.sampling.episodes)
                self._drawn.append(episode_of(drawn, self.opened))
        return self._drawn


def evaluate(
    methods: Iterable[Method],
    files: Classes,
    sampling: Sampling,
    *,
    settings: Mapping[str, Any] | None = None,
    progress: Progress = quiet,
) -> Report:
    """Run methods over the same random episodes, and keep nothing.

    Args:
        methods: the first one is what the others are compared with.
        files: picture files by class name.
        settings: by method id; automatic for a method that is not in it.
        progress: told "score" and how many episodes are done; may raise `Cancelled`.

    Raises:
        UserError: `setting_bad` when there are too few classes or pictures; whatever a method or picture raises.
    """
    evaluation, given = Evaluation(files, sampling), settings or {}
    figures = [evaluation.figures(method, given.get(method.card.id), progress) for method in methods]
    return replace(evaluation.empty, figures=tuple(figures))
