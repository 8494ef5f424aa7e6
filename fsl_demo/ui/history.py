"""Undo: a step is what an edit changed, as it was before. There is no limit to how many can be taken back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fsl_demo.ui.document import ClassRow, Document, GivenLabel, Unreadable
from fsl_demo.ui.given_regions import GivenRegion, PictureRegions

FIELDS = ("title", "queries", "paths", "methods", "settings")
"""Attributes of a document that a step keeps whole; it keeps classes as data, and of labels and regions only those of
pictures for which they changed."""

Step = dict[str, Any]


@dataclass(frozen=True)
class Before:
    """A document's state before an edit."""

    values: Mapping[str, Any]
    classes: list[dict[str, Any]]
    labels: dict[str, GivenLabel]
    regions: dict[str, PictureRegions]
    unreadable: list[Unreadable]

    @classmethod
    def of(cls, document: Document) -> Before:
        values = {name: copy.deepcopy(getattr(document, name)) for name in FIELDS}
        return cls(
            values,
            classes=_classes(document),
            labels=dict(document.labels),
            regions=dict(document.regions),
            unreadable=document.unreadable,
        )

    def step(self, document: Document) -> Step:
        """What changed since; empty when nothing did."""
        step: Step = {name: value for name, value in self.values.items() if value != getattr(document, name)}
        if self.classes != _classes(document):
            step["classes"] = self.classes
        if self.unreadable != document.unreadable:
            step["unreadable"] = [vars(part) for part in self.unreadable]
        if touched := _touched(self.labels, document.labels):
            step["labels"] = {query: (label := self.labels.get(query)) and vars(label) for query in touched}
        if touched := _touched(self.regions, document.regions):
            step["regions"] = {
                sha: {key: vars(region) for key, region in self.regions.get(sha, {}).items()} for sha in touched
            }
        return step


def _touched(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    """The pictures whose entries are others, were added or went."""
    return before.keys() ^ after.keys() | {
        sha for sha, entry in before.items() if entry is not after.get(sha) and entry != after.get(sha)
    }


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
            by_picture = {name: {**step.get(name, {}), **last.get(name, {})} for name in ("labels", "regions")}
            step = {**step, **last, **{name: entries for name, entries in by_picture.items() if entries}}
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
    for sha, given in step.get("regions", {}).items():
        if given:
            document.regions[sha] = {key: GivenRegion(**region) for key, region in given.items()}
        else:
            document.regions.pop(sha, None)


def _classes(document: Document) -> list[dict[str, Any]]:
    return [{**vars(row), "pictures": list(row.pictures)} for row in document.classes]
