"""From what was measured of labelled pictures to findings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from fsl_demo.core.episodes import Episode
from fsl_demo.core.errors import Notice
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.calibration import credits
from fsl_demo.evaluation.diagnosis import quality
from fsl_demo.evaluation.diagnosis.diagnosis import Diagnosis, Leak
from fsl_demo.evaluation.diagnosis.findings import (
    ClassScore,
    Copy,
    Duplicates,
    Finding,
    Influence,
    NamedFlip,
    PoorPicture,
    WrongLabel,
)
from fsl_demo.evaluation.diagnosis.influence import Flip, influence
from fsl_demo.evaluation.diagnosis.means import Means
from fsl_demo.evaluation.diagnosis.quality import Look
from fsl_demo.evaluation.diagnosis.wrong_labels import suspects
from fsl_demo.evaluation.intervals import Interval

LEAST = 4
"""Independent pictures of a class from which on its labels can be doubted: with three, a sixth of the doubts about
`photos` are wrong, and with two, half."""
HARM = 2
"""How many more answers become right without a picture that is a finding."""


@dataclass(frozen=True)
class Seen:
    """Labelled pictures (the support set of an episode) and others (its queries).

    Attributes:
        truths: class index of each query, where it is known.
        looks: of the labelled pictures.
        groups: of near-duplicates, of the labelled pictures and then of the queries.
    """

    episode: Episode
    truths: tuple[int | None, ...]
    looks: tuple[Look, ...]
    groups: np.ndarray

    @property
    def owners(self) -> np.ndarray:
        """Class index of each labelled picture."""
        return np.array([example.class_index for example in self.episode.support], int)

    @property
    def names(self) -> list[str]:
        """Of the classes."""
        return [spec.name for spec in self.episode.classes]


@dataclass(frozen=True)
class Answers:
    """What class means say.

    Attributes:
        means: of the labelled pictures.
        temperature: of a softmax over their similarities.
        queries: unit vectors of the queries.
        method: id of the method whose space this is.
    """

    means: Means
    temperature: float
    queries: np.ndarray
    method: str

    @property
    def right(self) -> np.ndarray:
        """Credit of each labelled picture's answer when it is held out."""
        return credits(self.means.held_out, self.means.labelled.owners)


def conclude(seen: Seen, answers: Answers | None = None) -> Diagnosis:
    """All findings; without answers, those that need no classes to tell apart."""
    findings: list[Finding] = [*duplicates(seen), *poor(seen)]
    diagnosis = Diagnosis(
        classes=tuple(seen.names), pictures=len(seen.episode.support), queries=len(seen.episode.queries)
    )
    if answers is None:
        return replace(diagnosis, findings=_sorted(findings), untold=(Notice("untold_one_class"),))
    scores, effects = class_scores(seen, answers), influences(seen, answers)
    told = answers.means.tells
    findings += [*wrong_labels(seen, answers), *weak(scores)]
    findings += [effect for effect in effects if effect.gain >= HARM]
    enough = (answers.means.counts >= LEAST).all()
    return replace(
        diagnosis,
        method=answers.method,
        scores=tuple(scores),
        overall=_wilson(answers.right[told]),
        leaks=tuple(leaks(seen, answers)),
        findings=_sorted(findings),
        influences=tuple(effects),
        untold=() if enough else (Notice("untold_few_labels", least=LEAST),),
    )


def duplicates(seen: Seen) -> list[Duplicates]:
    """Groups of near-duplicates in which a labelled picture is."""
    copies: dict[int, list[Copy]] = {}
    names = seen.names
    support = len(seen.episode.support)
    for example, group in zip(seen.episode.support, seen.groups.tolist(), strict=False):
        copies.setdefault(group, []).append(Copy(example.picture, names[example.class_index]))
    queries = zip(seen.episode.queries, seen.truths, seen.groups[support:].tolist(), strict=True)
    for picture, truth, group in queries:
        if group in copies:
            copies[group].append(Copy(picture, None if truth is None else names[truth], query=True))
    return [
        Duplicates(tuple(members), exact=len({copy.picture for copy in members}) == 1)
        for members in copies.values()
        if len(members) > 1
    ]


def poor(seen: Seen) -> list[PoorPicture]:
    """Labelled pictures that show little."""
    faults = zip(seen.episode.support, quality.faults(seen.looks), strict=True)
    names = seen.names
    return [PoorPicture(example.picture, names[example.class_index], fault) for example, fault in faults if fault]


def wrong_labels(seen: Seen, answers: Answers) -> list[WrongLabel]:
    """Labels that are likely wrong, of classes with enough pictures."""
    means, names = answers.means, seen.names
    enough = means.counts >= LEAST
    listed = suspects(means.probabilities(answers.temperature), seen.owners, tells=means.tells)
    return [
        WrongLabel(
            seen.episode.support[suspect.picture].picture,
            label=names[seen.owners[suspect.picture]],
            suspected=names[suspect.suspected],
            own=suspect.own,
            other=suspect.other,
        )
        for suspect in listed
        if enough[seen.owners[suspect.picture]] and enough[suspect.suspected]
    ]


def class_scores(seen: Seen, answers: Answers) -> list[ClassScore]:
    """How many pictures of each class the others put into it."""
    means, right, scores = answers.means, answers.right, []
    best = means.held_out.argmax(axis=1)
    for index, name in enumerate(seen.names):
        members = means.members(index)
        told = members[means.tells[members]]
        others = Counter(int(best[picture]) for picture in told if right[picture] < 1 and best[picture] != index)
        score = ClassScore(
            name,
            count=len(members),
            right=float(right[told].sum()),
            total=len(told),
            share=_wilson(right[told]),
            taken_for=seen.names[others.most_common(1)[0][0]] if others else "",
        )
        scores.append(score)
    return scores


def weak(scores: list[ClassScore]) -> list[ClassScore]:
    """Classes with nothing to hold out, and those that are told less well than the rest beyond chance."""
    right, total = sum(score.right for score in scores), sum(score.total for score in scores)

    def is_weak(score: ClassScore) -> bool:
        if score.share is None or score.total == total:
            return score.share is None
        least, _ = intervals.wilson(right - score.right, total - score.total)
        return score.share.high < least

    return list(filter(is_weak, scores))


def influences(seen: Seen, answers: Answers) -> list[Influence]:
    """Pictures without which an answer flips, those with the most flips first."""
    names, support = seen.names, seen.episode.support

    def named(flip: Flip) -> NamedFlip:
        picture = seen.episode.queries[flip.picture] if flip.query else support[flip.picture].picture
        return NamedFlip(picture, flip.query, before=names[flip.before], after=names[flip.after], gain=flip.gain)

    effects = [
        Influence(example.picture, names[example.class_index], tuple(map(named, flips)))
        for example, flips in zip(support, influence(answers.means, answers.queries, seen.truths), strict=True)
        if flips
    ]
    return sorted(effects, key=lambda effect: -len(effect.flips))


def leaks(seen: Seen, answers: Answers) -> list[Leak]:
    """The scores with leaked pictures, and again without."""
    means, support, listed = answers.means, len(seen.episode.support), []
    told = means.tells
    apart = replace(means.labelled, groups=np.arange(support))
    seeming = credits(Means(apart).held_out, means.labelled.owners)
    sizes = Counter(seen.groups[:support].tolist())
    leaked = np.array([sizes[group] > 1 for group in seen.groups[:support].tolist()])
    if (leaked & told).any():
        listed.append(_leak("held_out", int(leaked[told].sum()), (seeming[told], answers.right[told])))
    known = np.array([truth is not None for truth in seen.truths], bool)
    copied = np.isin(seen.groups[support:], seen.groups[:support])
    if (known & copied).any() and (known & ~copied).any():
        truth = np.array([truth for truth in seen.truths if truth is not None], int)
        right = credits(means.similarities(answers.queries[known]), truth)
        listed.append(_leak("queries", int(copied[known].sum()), (right, right[~copied[known]])))
    return listed


def _leak(of: str, pictures: int, shares: tuple[np.ndarray, np.ndarray]) -> Leak:
    seeming, honest = map(_wilson, shares)
    assert seeming is not None and honest is not None
    return Leak(of, pictures, seeming=seeming, honest=honest)


def _wilson(right: np.ndarray) -> Interval | None:
    if not len(right):
        return None
    low, high = intervals.wilson(float(right.sum()), len(right))
    return Interval(float(right.mean()), low, high)


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: -finding.weight))
