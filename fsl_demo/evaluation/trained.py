"""Figures of trained checkpoints on the test part of a data set: episodes, pairs, size and speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import Classes, Dataset, large_enough, opened
from fsl_demo.evaluation import intervals, verification
from fsl_demo.evaluation.report import Report
from fsl_demo.evaluation.sampling import Sampling
from fsl_demo.evaluation.verification import Verification
from fsl_demo.methods import of_checkpoint

TIMED = 64
"""Pictures that are embedded to measure the speed."""


@dataclass(frozen=True)
class Size:
    """What a checkpoint costs: parameters, bytes, milliseconds to prepare and embed a picture in batches of 16.

    Attributes:
        method: the checkpoint, and what frozen network it goes on from: that one's parameters and bytes are its own.
    """

    method: str
    parameters: int
    bytes: int
    milliseconds: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        return (
            f"{self.method}: {self.parameters:,} parameters, {self.bytes / 1e6:.2f} MB,"
            f" {self.milliseconds:.1f} ms a picture"
        )


def size(checkpoint: Source, data: Dataset, networks: Networks) -> Size:
    """Measure one checkpoint on pictures of the test part."""
    network = networks.trained(checkpoint)
    items = [item for members in data.test.classes.values() for item in members][:TIMED]
    pictures = [opened(item) for item in items]
    fresh = FeatureCache()
    fresh.maps(network, pictures[:16])
    began = time.perf_counter()
    FeatureCache().maps(network, pictures)
    milliseconds = (time.perf_counter() - began) / len(pictures) * 1e3
    cards = [network.checkpoint.card] + [network.embedder.card] * (network.embedder is not network.checkpoint)
    name = f"{Path(checkpoint).name} on {network.source.title}" if network.source else Path(checkpoint).name
    return Size(
        method=name,
        parameters=sum(card.parameters for card in cards),
        bytes=sum(card.bytes for card in cards),
        milliseconds=milliseconds,
    )


def verify(
    checkpoints: Sequence[Source], data: Dataset, networks: Networks, progress: Progress = quiet
) -> list[Verification]:
    """Pair verification of each checkpoint; nothing for a data set without test pairs."""
    if not data.test.pairs:
        return []
    verified = []
    for name in checkpoints:
        method: Any = of_checkpoint(name, networks)
        verified.append(
            verification.verify(
                name=Path(name).name,
                method=method,
                validation=data.validation.pairs,
                test=data.test.pairs,
                progress=progress,
            )
        )
    return verified


def by_fold(
    checkpoints: Sequence[Source],
    read: Callable[[int], Dataset],
    networks: Networks,
    episodes: Callable[[list[Method], Dataset], Report],
    progress: Progress = quiet,
) -> tuple[Report, Verification]:
    """The mean over folds, each tested by the checkpoint whose card names it: the one that has not seen it.

    Args:
        read: gives the data set at a fold.
        episodes: evaluates methods on the test part of a data set.

    Raises:
        UserError: `card_incomplete` for a card that names no fold; `setting_bad` for one fold alone, for a fold that
            two cards name, and for data without pairs.
    """
    reports, folds = [], []
    for name, fold in _different_folds(checkpoints, networks).items():
        method: Any = of_checkpoint(name, networks)
        data = read(fold)
        if not data.test.pairs:
            raise UserError("setting_bad", name="by-fold", value="used", reason=f"{data.name} has no pairs to verify.")
        folds.append(verification.similarities(method, data.test.pairs, progress))
        reports.append(episodes([method], data))
    label = f"{networks.trained(checkpoints[0]).checkpoint.card.method}, {len(folds)} folds"
    return _mean(reports, label), verification.verify_folds(label, folds)


def _different_folds(checkpoints: Sequence[Source], networks: Networks) -> dict[Source, int]:
    """The fold that each card names."""
    folds = {}
    for name in checkpoints:
        fold = networks.trained(name).checkpoint.card.fold
        if fold is None:
            raise UserError("card_incomplete", name=name, reason="fold")
        folds[name] = fold
    if len(set(folds.values())) < max(len(checkpoints), 2):
        named = ", ".join(f"{Path(name).name} (fold {fold})" for name, fold in folds.items())
        reason = "It takes two or more checkpoints, each of another fold, as a fold's threshold comes from the others."
        raise UserError("setting_bad", name="by-fold", value=named, reason=reason)
    return folds


def _mean(reports: Sequence[Report], label: str) -> Report:
    """The mean of reports of one method each, with the interval of a stratified mean."""
    figures = [report.figures[0] for report in reports]
    accuracy, ece, unlike = (
        float(np.mean([getattr(each, key) for each in figures])) for key in ("accuracy", "ece", "unlike")
    )
    count = sum(report.episodes for report in reports)
    errors = [(each.high - each.low) / 2 / intervals.Z for each in figures]
    interval = intervals.share_with_error(accuracy, sqrt(sum(error**2 for error in errors)) / len(errors), count)
    mean = replace(
        figures[0],
        method=label,
        weights="+".join(each.weights for each in figures),
        accuracy=accuracy,
        low=interval.low,
        high=interval.high,
        ece=ece,
        unlike=unlike,
    )
    classes = sum(report.classes for report in reports)
    return replace(reports[0], classes=classes, episodes=count, figures=(mean,))


def test_classes(data: Dataset, sampling: Sampling) -> Classes:
    """The classes of the test part that are large enough.

    Raises:
        UserError: `setting_bad` when episodes are to be within groups and there are none.
    """
    if sampling.within and not data.grouped:
        reason = f"The classes of {data.name} are in no groups."
        raise UserError("setting_bad", name="within", value="used", reason=reason)
    return large_enough(data.test.classes, sampling.shot + max(sampling.queries, 1))
