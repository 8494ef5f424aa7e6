"""Undo: a step is what an edit changed, as it was before. There is no limit to how many can be taken back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fsl_demo.core.regions import RegionLabel
from fsl_demo.ui.document import ClassRow, Document, GivenLabel, Unreadable

FIELDS = ("title", "queries", "paths", "methods", "settings", "use_region", "settled")
"""Attributes of a document that a step keeps whole; it keeps classes as data."""
BY_PICTURE = ("labels", "boxes", "regions")
"""Attributes of which a step keeps what changed only, by picture; None is nothing."""

Step = dict[str, Any]


@dataclass(frozen=True)
class Before:
    """A document's state before an edit."""

    values: Mapping[str, Any]
    classes: list[dict[str, Any]]
    by_picture: Mapping[str, dict[str, Any]]
    unreadable: list[Unreadable]

    @classmethod
    def of(cls, document: Document) -> Before:
        values = {name: copy.deepcopy(getattr(document, name)) for name in FIELDS}
        by_picture = {name: dict(getattr(document, name)) for name in BY_PICTURE}
        return cls(values, _classes(document), by_picture, document.unreadable)

    def step(self, document: Document) -> Step:
        """What changed since; empty when nothing did."""
        step: Step = {name: value for name, value in self.values.items() if value != getattr(document, name)}
        if self.classes != _classes(document):
            step["classes"] = self.classes
        if self.unreadable != document.unreadable:
            step["unreadable"] = [vars(part) for part in self.unreadable]
        for name, before in self.by_picture.items():
            if touched := _touched(before, getattr(document, name)):
                step[name] = {sha: _data(before.get(sha)) for sha in touched}
        return step


@dataclass
class History:
    """The steps of a draft, oldest first.

    Attributes:
        saved: how many of the steps, from the first, are in the store as they are here.
        batch: of the last edit: what is added in several parts is one step.
    """

    steps: list[Step] = field(default_factory=list)
    saved: int = 0
    batch: str = ""

    def push(self, step: Step, batch: str = "") -> None:
        if batch and batch == self.batch and self.steps:
            last = self.steps.pop()
            by_picture = {
                name: {**step.get(name, {}), **last.get(name, {})}
                for name in BY_PICTURE
                if name in step or name in last
            }
            step = {**step, **last, **by_picture}
            self.saved = min(self.saved, len(self.steps))
        self.steps.append(step)
        self.batch = batch

    def take_back(self, document: Document) -> bool:
        """Undo the last step. False when there is none."""
        if not self.steps:
            return False
        step = self.steps.pop()
        self.saved, self.batch = min(self.saved, len(self.steps)), ""
        _apply(step, document)
        return True

    def put_back(self, before: Before, document: Document) -> None:
        """Make the document as it was before an edit that failed."""
        _apply(before.step(document), document)


def _apply(step: Step, document: Document) -> None:
    for name in FIELDS:
        if name in step:
            setattr(document, name, step[name])
    if "classes" in step:
        document.classes = [ClassRow(**row) for row in step["classes"]]
    if "unreadable" in step:
        document.unreadable = [Unreadable(**part) for part in step["unreadable"]]
    for name in BY_PICTURE:
        current = getattr(document, name)
        for sha, value in step.get(name, {}).items():
            if value is None:
                current.pop(sha, None)
            else:
                current[sha] = _READ[name](value)


def _touched(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The pictures of which something else is said."""
    changed = {sha for sha, value in before.items() if value is not after.get(sha) and value != after.get(sha)}
    return before.keys() ^ after.keys() | changed


def _data(value: Any) -> Any:
    """What a document says of a picture, as data."""
    if isinstance(value, tuple):
        return [vars(mark) if isinstance(mark, RegionLabel) else list(mark) for mark in value]
    return value and vars(value)


def _region(data: Mapping[str, Any]) -> RegionLabel:
    return RegionLabel(**{**data, "box": tuple(data["box"])})


_READ: Mapping[str, Callable[[Any], Any]] = {
    "labels": lambda label: GivenLabel(**label),
    "boxes": lambda boxes: tuple(map(tuple, boxes)),
    "regions": lambda regions: tuple(map(_region, regions)),
}


def _classes(document: Document) -> list[dict[str, Any]]:
    return [{**vars(row), "pictures": list(row.pictures)} for row in document.classes]
