"""Which pictures come together in a batch. Everything follows from the seed and the number of the epoch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fsl_demo.core.errors import UserError


def grouped(labels: np.ndarray, size: int, together: int, seed: int, epoch: int) -> Iterator[np.ndarray]:
    """Every picture once, in groups of one class, so that a batch has pairs of one class.

    Args:
        labels: class index of each picture, [N].
        size: pictures a batch; what is left at the end waits for the next epoch.
        together: pictures of one class in a group; a class's last group may be smaller.

    Yields:
        Indices, [size].
    """
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    groups = np.split(order, np.flatnonzero(place % together == 0)[1:])
    mixed = np.concatenate([groups[i] for i in random.permutation(len(groups))])
    for start in range(0, len(mixed) - size + 1, size):
        yield mixed[start : start + size]


class Episodes:
    """Random N-way K-shot episodes over labels, for training and for validation.

    Raises:
        UserError: `setting_bad` when fewer than `way` classes have `shot` + `queries` pictures.
    """

    def __init__(self, labels: np.ndarray, way: int, shot: int, queries: int) -> None:
        self.way, self.shot, self.queries = way, shot, queries
        classes, counts = np.unique(labels, return_counts=True)
        self.members = [np.flatnonzero(labels == label) for label in classes[counts >= shot + queries]]
        if len(self.members) < way:
            reason = f"{len(self.members)} classes have {shot} + {queries} pictures."
            raise UserError("setting_bad", name="way", value=way, reason=reason)

    def draw(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Indices of support [way, shot] and query pictures [way, queries]."""
        chosen = random.choice(len(self.members), self.way, replace=False)
        rows = np.stack([random.permutation(self.members[i])[: self.shot + self.queries] for i in chosen])
        return rows[:, : self.shot], rows[:, self.shot :]


def each_once(count: int, size: int, seed: int, epoch: int) -> Iterator[np.ndarray]:
    """All numbers in an order drawn anew, `size` at a time; the few that fill no batch are left out."""
    order = np.random.default_rng((seed, epoch)).permutation(count)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]
