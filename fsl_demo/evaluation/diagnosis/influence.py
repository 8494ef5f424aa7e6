"""What each picture does to the answers: those that flip when it is taken away (exact, for class means)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsl_demo.evaluation.diagnosis.means import Means


@dataclass(frozen=True)
class Flip:
    """An answer that is another one without a picture.

    Attributes:
        picture: which of the labelled pictures is answered, held out; or which query.
        query: whether it is a query.
        before, after: class indices, with the picture and without.
        truth: the class that it is of, where that is known.
    """

    picture: int
    query: bool
    before: int
    after: int
    truth: int | None

    @property
    def gain(self) -> int:
        """1 where it becomes right, -1 where it becomes wrong, 0 where it is wrong either way or nobody knows."""
        return (self.after == self.truth) - (self.before == self.truth)


def influence(means: Means, queries: np.ndarray, truths: Sequence[int | None]) -> list[list[Flip]]:
    """The flips of each labelled picture, [N].

    Args:
        queries: unit vectors, [Q, D].
        truths: class index of each query, where it is known.
    """
    flips: list[list[Flip]] = [[] for _ in means.labelled.owners]
    told = np.flatnonzero(means.tells)
    held_out, answers = means.held_out[told], means.similarities(queries)
    owners = means.labelled.owners
    for index in range(means.labelled.classes):
        members = means.members(index)
        beside = _flipped(held_out, changed=means.without_each(index)[told], index=index)
        for row, column, after in beside:
            picture, taken = int(told[row]), int(members[column])
            if picture != taken:
                before = int(held_out[row].argmax())
                flips[taken].append(Flip(picture, False, before=before, after=after, truth=int(owners[picture])))
        for row, column, after in _flipped(answers, means.queries_without_each(queries, index), index):
            before = int(answers[row].argmax())
            flips[int(members[column])].append(Flip(row, True, before=before, after=after, truth=truths[row]))
    return flips


def _flipped(similarities: np.ndarray, changed: np.ndarray, index: int) -> list[tuple[int, int, int]]:
    """Where the best class of a row is another one when its similarity to one class changes.

    Args:
        similarities: [R, C].
        changed: to the class `index`, in each of M cases, [R, M].

    Returns:
        Row, case and the best class then.
    """
    if not similarities.size:
        return []
    others = similarities.copy()
    others[:, index] = -np.inf
    rival, rows = others.argmax(axis=1), np.arange(len(others))
    ahead = changed > others[rows, rival][:, None]
    ahead |= (changed == others[rows, rival][:, None]) & (index < rival)[:, None]
    after = np.where(ahead, index, rival[:, None])
    flipped = np.argwhere(after != similarities.argmax(axis=1)[:, None])
    return [(int(row), int(case), int(after[row, case])) for row, case in flipped]
