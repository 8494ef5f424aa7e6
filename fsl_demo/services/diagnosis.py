"""Diagnosing labelled pictures: they are read, embedded and compared once; `evaluation.diagnosis` concludes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fsl_demo.core.capabilities import Averages, TellsCopies
from fsl_demo.core.episodes import Episode, Example, Progress, quiet
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.evaluation.diagnosis import curve, folds
from fsl_demo.evaluation.diagnosis.conclusions import Answers, Seen, conclude, wrong_labels
from fsl_demo.evaluation.diagnosis.curve import Curve, Drawn
from fsl_demo.evaluation.diagnosis.diagnosis import Diagnosis
from fsl_demo.evaluation.diagnosis.findings import WrongLabel
from fsl_demo.evaluation.diagnosis.folds import Comparison
from fsl_demo.evaluation.diagnosis.means import Labelled, Means
from fsl_demo.evaluation.diagnosis.quality import Look, look
from fsl_demo.inference.near_duplicates import groups
from fsl_demo.services.predict import Plan

COMPARED = 1_000
"""Pictures on which methods are compared; of more, so many are drawn."""


@dataclass(frozen=True)
class Subject:
    """What is diagnosed.

    Attributes:
        episode: the labelled pictures as its support set, and others as its queries.
        truths: class index of each query, where it is known.
    """

    episode: Episode
    truths: tuple[int | None, ...]


def diagnose(
    registry: Registry, subject: Subject, plans: Sequence[Plan], progress: Progress, report: Report
) -> Diagnosis:
    """Look at labelled pictures in every way. Classes without pictures are left out.

    Args:
        plans: methods to compare; those of them that have class means say what class a picture looks to be of.
        progress: may raise `Cancelled`.
        report: told of each picture that is left out, and of each method that can't answer.

    Raises:
        UserError: `diagnosis_empty` where there is no labelled picture; what is wrong with the weights.
    """
    subject, looks = _readable(subject, progress, report)
    episode = subject.episode
    if not episode.support:
        raise UserError("diagnosis_empty")
    seen, originals = see(registry, subject, looks, progress=progress)
    if len(episode.classes) < 2:
        return conclude(seen)
    episode.check()
    best = _best(registry, plans, seen, originals=originals, progress=progress)
    sample = _sample(seen.owners)
    few, within = _few(episode, sample), seen.groups[sample]
    comparison, bought = _compared(plans, few, within, progress=progress, report=report)
    concluded = conclude(seen, best)
    untold = concluded.untold if bought else (*concluded.untold, Notice("untold_curve"))
    return replace(concluded, comparison=comparison, curve=bought, untold=untold)


def suspected(
    registry: Registry, subject: Subject, plans: Sequence[Plan], progress: Progress = quiet
) -> list[WrongLabel]:
    """The labels that are likely wrong, the surest first, as `diagnose` has them.

    Args:
        subject: its pictures can be read, and each class has some.

    Raises:
        UserError: `one_class`, `diagnosis_no_method`; what is wrong with the weights.
    """
    subject.episode.check()
    seen, originals = see(registry, subject, progress=progress)
    return wrong_labels(seen, _best(registry, plans, seen, originals=originals, progress=progress))


def _best(registry: Registry, plans: Sequence[Plan], seen: Seen, originals: np.ndarray, progress: Progress) -> Answers:
    """Of the chosen methods that have class means, the one that is right most often; the first there is, if none is
    chosen.
    """
    averaging = [plan for plan in plans if isinstance(plan.method, Averages)]
    averaging = averaging or [Plan(method, method.Settings()) for method in registry.supporting(Averages)[:1]]
    tried: list[Answers] = []
    wrong = UserError("diagnosis_no_method")
    for plan in averaging:
        try:
            tried.append(answers(plan, seen, originals, progress=progress))
        except UserError as error:  # which is told when the methods are compared
            wrong = error
    if not tried:
        raise wrong
    return max(tried, key=lambda answers: float(answers.right[answers.means.tells].sum()))


def see(
    registry: Registry, subject: Subject, looks: Sequence[Look] = (), progress: Progress = quiet
) -> tuple[Seen, np.ndarray]:
    """Find the near-duplicates of pictures that can be read.

    Raises:
        UserError: `diagnosis_no_method`; what is wrong with the weights.

    Returns:
        What is seen, and the labelled pictures' unit vectors in which near-duplicates are found, [N, E].
    """
    episode = subject.episode
    pictures = [*(example.picture for example in episode.support), *episode.queries]
    finders = registry.supporting(TellsCopies)
    if not finders:
        raise UserError("diagnosis_no_method")
    originals = finders[0].embed_originals(pictures, progress)
    numbers = np.array(groups(originals, pictures, progress), int)
    seen = Seen(episode, truths=subject.truths, looks=tuple(looks), groups=numbers)
    return seen, originals[: len(episode.support)]


def answers(plan: Plan, seen: Seen, originals: np.ndarray, progress: Progress = quiet) -> Answers:
    """What the class means of a method that has them say; a sample of the pictures calibrates it.

    Raises:
        UserError: what the method raises.
    """
    assert isinstance(plan.method, Averages)
    episode = seen.episode
    classifier = plan.method.fit(_few(episode, _sample(seen.owners)), plan.settings, progress)
    pictures = [example.picture for example in episode.support]
    labelled = Labelled(
        vectors=classifier.embed(pictures, progress),
        originals=originals,
        owners=seen.owners,
        groups=seen.groups[: len(pictures)],
        classes=len(episode.classes),
        usual=classifier.usual,
    )
    return Answers(
        Means(labelled),
        temperature=classifier.temperature,
        queries=classifier.embed(episode.queries, progress),
        method=plan.method.card.id,
    )


def _few(episode: Episode, sample: np.ndarray) -> Episode:
    """Some of the labelled pictures, without queries."""
    return replace(episode, support=tuple(episode.support[picture] for picture in sample), queries=())


def _readable(subject: Subject, progress: Progress, report: Report) -> tuple[Subject, tuple[Look, ...]]:
    """Without pictures that can't be read and classes that have none, with a look at each labelled picture."""
    episode, total = subject.episode, len(subject.episode.support) + len(subject.episode.queries)
    looks: dict[Picture, Look] = {}
    for done, picture in enumerate([*(example.picture for example in episode.support), *episode.queries]):
        progress("look", done, total)
        try:
            looks[picture] = look(picture)
        except UserError as error:
            report(error)
    support = [example for example in episode.support if example.picture in looks]
    left = sorted({example.class_index for example in support})
    place = {index: number for number, index in enumerate(left)}
    queries = [
        (picture, None if truth is None else place.get(truth))
        for picture, truth in zip(episode.queries, subject.truths, strict=True)
        if picture in looks
    ]
    readable = Episode(
        tuple(episode.classes[index] for index in left),
        tuple(Example(example.picture, place[example.class_index], example.boxes) for example in support),
        tuple(picture for picture, _ in queries),
    )
    measured = tuple(looks[example.picture] for example in support)
    return Subject(readable, tuple(truth for _, truth in queries)), measured


def _sample(owners: np.ndarray) -> np.ndarray:
    """The pictures on which methods are compared, in order: all, or as many of each class as there is room for."""
    if len(owners) <= COMPARED:
        return np.arange(len(owners))
    random = np.random.default_rng(0)
    most = max(2, COMPARED // len(np.unique(owners)))
    drawn = [random.permutation(np.flatnonzero(owners == index))[:most] for index in np.unique(owners)]
    return np.sort(np.concatenate(drawn))


def _compared(
    plans: Sequence[Plan], episode: Episode, within: np.ndarray, progress: Progress, report: Report
) -> tuple[Comparison | None, Curve | None]:
    """Methods on the same folds, and by the number of pictures on the same resamples."""
    owners = np.array([example.class_index for example in episode.support], int)
    classes = len(episode.classes)
    drawn, sizes = folds.folds(owners, within), curve.sizes(owners, within, classes)
    resamples = curve.resamples(owners, within, classes=classes, most=sizes[-1]) if sizes else []
    right: dict[str, np.ndarray] = {}
    by_size: dict[str, list[list[np.ndarray]]] = {}
    for plan in plans:
        try:
            right[plan.method.card.id] = folds.held_out_credits(
                plan.method, episode, settings=plan.settings, drawn=drawn, progress=progress
            )
            by_size[plan.method.card.id] = [
                curve.credits_of(
                    plan.method, episode, settings=plan.settings, drawn=Drawn(resamples, size), progress=progress
                )
                for size in sizes
            ]
        except UserError as error:
            right.pop(plan.method.card.id, None)
            report(error)
    bought = curve.curve(sizes, resamples, right=by_size) if sizes and by_size else None
    return folds.compared(right), bought
