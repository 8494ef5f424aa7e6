"""Undo: a step is what an edit changed, as it was before. There is no limit to how many can be taken back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fsl_demo.ui.document import ClassRow, Document, GivenLabel, Unreadable

FIELDS = ("title", "queries", "paths", "methods", "settings")
"""Attributes of a document that a step keeps whole; it keeps classes as data, and of the labels only those changed."""

Step = dict[str, Any]


@dataclass(frozen=True)
class Before:
    """A document's state before an edit."""

    values: Mapping[str, Any]
    classes: list[dict[str, Any]]
    labels: dict[str, GivenLabel]
    unreadable: list[Unreadable]

    @classmethod
    def of(cls, document: Document) -> Before:
        values = {name: copy.deepcopy(getattr(document, name)) for name in FIELDS}
        return cls(values, _classes(document), dict(document.labels), document.unreadable)

    def step(self, document: Document) -> Step:
        """What changed since; empty when nothing did."""
        step: Step = {name: value for name, value in self.values.items() if value != getattr(document, name)}
        if self.classes != _classes(document):
            step["classes"] = self.classes
        if self.unreadable != document.unreadable:
            step["unreadable"] = [vars(part) for part in self.unreadable]
        touched = self.labels.keys() ^ document.labels.keys() | {
            query
            for query, label in self.labels.items()
            if label is not document.labels.get(query) and label != document.labels.get(query)
        }
        if touched:
            step["labels"] = {query: (label := self.labels.get(query)) and vars(label) for query in touched}
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
            labels = {**step.get("labels", {}), **last.get("labels", {})}
            step = {**step, **last, **({"labels": labels} if labels else {})}
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
    for query, label in step.get("labels", {}).items():
        if label is None:
            document.labels.pop(query, None)
        else:
            document.labels[query] = GivenLabel(**label)


def _classes(document: Document) -> list[dict[str, Any]]:
    return [{**vars(row), "pictures": list(row.pictures)} for row in document.classes]
