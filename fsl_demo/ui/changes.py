"""What moved between two predictions of one method on the same classes and queries, and what was changed for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fsl_demo.ui.result import Result

LEAST = 0.01
"""Probabilities that moved by less are said to have stayed."""


@dataclass(frozen=True)
class Move:
    """A query whose answer or probability moved.

    Attributes:
        before, after: its answers, class keys.
        shifts: by class key, how much the probability rose or fell: of the class that was thought best, and is.
    """

    query: str
    before: str
    after: str
    shifts: Mapping[str, float]

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def size(self) -> float:
        return max(abs(shift) for shift in self.shifts.values())


@dataclass(frozen=True)
class EvidenceChange:
    """Something that was changed.

    Attributes:
        what: "name" or "description" of a class, "support" (how many pictures), "boxes" (how many are drawn on them),
            "region_on" or "region_off" (whether the best regions were compared), or a setting of a method.
        of: class key, or id of the method; "" for the support set.
        setting: whether it is a setting.
    """

    what: str
    of: str = ""
    before: object = ""
    after: object = ""
    setting: bool = False


def comparable(before: Result, after: Result) -> bool:
    return (
        before.scores.method == after.scores.method
        and before.classes == after.classes
        and before.queries == after.queries
    )


def kept(earlier: Sequence[Result], fresh: Sequence[Result]) -> list[Result]:
    """The earlier results that a fresh one can be compared with, without what takes most room in a draft."""
    return [
        replace(before, scores=replace(before.scores, pairs=None))
        for before in earlier
        if any(comparable(before, after) for after in fresh)
    ]


def moves(before: Result, after: Result) -> list[Move]:
    """The queries that moved: changed answers first, then the largest shifts."""
    moved = []
    for row, query in enumerate(after.queries):
        best = {result.classes[result.scores.best(row)]: result.scores.best(row) for result in (before, after)}
        shifts = {
            key: float(after.scores.probabilities[row][column] - before.scores.probabilities[row][column])
            for key, column in best.items()
        }
        move = Move(query, before=before.answer(query) or "", after=after.answer(query) or "", shifts=shifts)
        if move.changed or move.size >= LEAST:
            moved.append(move)
    return sorted(moved, key=lambda move: (not move.changed, -move.size))


def edits(before: Result, after: Result) -> list[EvidenceChange]:
    """Changed names, descriptions, settings, support pictures and boxes on them."""
    changes = [
        EvidenceChange(what, key, before=earlier, after=later)
        for what, old, new in (
            ("name", before.names, after.names),
            ("description", before.descriptions, after.descriptions),
        )
        for key, earlier, later in zip(after.classes, old, new, strict=False)
        if earlier != later
    ]
    settings = before.scores.settings
    for name, value in after.scores.settings.items():
        if settings.get(name) != value:
            method = after.scores.method
            changes.append(EvidenceChange(name, method, before=settings.get(name), after=value, setting=True))
    if before.support != after.support:
        changes.append(EvidenceChange("support", before=len(before.support), after=len(after.support)))
    region = [bool(result.scores.note.get("region")) for result in (before, after)]
    if region[0] != region[1]:
        changes.append(EvidenceChange("region_on" if region[1] else "region_off"))
    if before.boxes != after.boxes:
        counts = [sum(map(len, result.boxes.values())) for result in (before, after)]
        changes.append(EvidenceChange("boxes", before=counts[0], after=counts[1]))
    return changes
