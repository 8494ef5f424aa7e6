"""The draft that a page works on: classes, queries, methods, results and labels, with its edits.

A document is plain data that goes to the store as JSON after every edit; it refers to pictures by hash.
Edits are methods, so that each can be called and tested without a browser.
"""

from __future__ import annotations

import copy
import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelSource
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, RegionLabel
from fsl_demo.ui import marks
from fsl_demo.ui.fields import Key, Name, Seconds, Sha, Text
from fsl_demo.ui.result import Result

NONE = "none"
"""Stands for "none of these" where a class key is expected."""
SHOWN = 60
"""Characters of what cannot be read that the page repeats."""


@dataclass
class ClassRow:
    """One class on the page. `description` holds one phrasing a line."""

    name: Text = ""
    description: Text = ""
    pictures: list[Sha] = field(default_factory=list)
    key: Key = field(default_factory=lambda: secrets.token_hex(4))

    def is_blank(self) -> bool:
        return not (self.name.strip() or self.description.strip() or self.pictures)

    def spec(self) -> ClassSpec:
        phrasings = tuple(line.strip() for line in self.description.splitlines() if line.strip())
        return ClassSpec(" ".join(self.name.split()), phrasings)


@dataclass(frozen=True)
class GivenLabel:
    """A person's word on a query: a class key or NONE, and the class key that was suggested, or ""."""

    answer: Key
    suggestion: Key = ""
    source: LabelSource = "blind"
    annotator: Name = ""
    seconds: Seconds = 0.0


@dataclass(frozen=True)
class Unreadable:
    """A part of a stored draft that cannot be shown: where it was, why, and what it is; it stays in the draft."""

    place: str
    reason: str
    value: Any

    def shown(self) -> str:
        """The value in a few characters, all of them ASCII."""
        text = json.dumps(self.value)
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


@dataclass
class Document:
    """What one page shows; the store keeps it as a draft.

    Attributes:
        paths: hash of a query to the paths of the files that it came from, as the person knows them.
        methods: ids of the ticked methods; None until somebody ticks one.
        boxes: hash of a support picture to what was drawn on it: "this is the thing".
        regions: hash of a query to what people said about its rectangles.
        use_region: whether methods that compare pictures are handed the best region of each in place of the whole.
        settled: keys of the doctor's findings that a person marked as right.
        captioner: id of the captioner that describes pictures, where somebody chose.
        results: what the methods said last.
        previous: the results before them, to say what moved; a saved episode does not have them.
        scored: `evidence` at the time of the results.
        unreadable: what was stored and cannot be shown.
    """

    title: str = ""
    classes: list[ClassRow] = field(default_factory=lambda: [ClassRow(), ClassRow()])
    queries: list[str] = field(default_factory=list)
    paths: dict[str, list[str]] = field(default_factory=dict)
    methods: list[str] | None = None
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    captioner: str = ""
    labels: dict[str, GivenLabel] = field(default_factory=dict)
    boxes: dict[str, tuple[Box, ...]] = field(default_factory=dict)
    regions: dict[str, tuple[RegionLabel, ...]] = field(default_factory=dict)
    use_region: bool = False
    settled: list[str] = field(default_factory=list)
    episode_id: str = ""
    unsaved: bool = False
    scored: str = ""
    unreadable: list[Unreadable] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    previous: list[Result] = field(default_factory=list)

    # --- as data -------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Everything but the results."""
        plain = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        del plain["results"], plain["previous"]
        return {
            **plain,
            "classes": [vars(row) for row in self.classes],
            "labels": {query: vars(label) for query, label in self.labels.items()},
            "regions": {query: [vars(label) for label in labels] for query, labels in self.regions.items()},
            "unreadable": [vars(part) for part in self.unreadable],
        }

    def results_json(self) -> dict[str, Any]:
        return {name: [result.to_json() for result in getattr(self, name)] for name in ("results", "previous")}

    def rows(self) -> list[ClassRow]:
        """The classes that count: rows with something in them."""
        return [row for row in self.classes if not row.is_blank()]

    def row(self, key: str) -> ClassRow | None:
        return next((row for row in self.classes if row.key == key), None)

    def class_names(self) -> dict[str, str]:
        return {row.key: row.spec().name for row in self.rows()}

    def result(self, method: str) -> Result | None:
        return next((result for result in self.results if result.scores.method == method), None)

    def is_empty(self) -> bool:
        return not (self.rows() or self.queries)

    def support(self) -> dict[str, str]:
        """Hash of each support picture to the key of its class."""
        return {sha: row.key for row in self.classes for sha in row.pictures}

    def marks_on(self, sha: str) -> int:
        """How many boxes and regions a picture has."""
        return len(self.boxes.get(sha, ())) + len(self.regions.get(sha, ()))

    def episode(
        self, picture: Callable[[str], Picture], queries: bool = True, without: Collection[str] = ()
    ) -> Episode:
        """The episode on the page, not yet checked.

        Args:
            queries: whether anybody needs them.
            without: hashes of pictures that are left out.
        """
        rows = self.rows()
        support = [(sha, index) for index, row in enumerate(rows) for sha in row.pictures if sha not in without]
        return Episode(
            tuple(row.spec() for row in rows),
            tuple(Example(picture(sha), index, self.boxes.get(sha, ())) for sha, index in support),
            tuple(picture(sha) for sha in self.queries if sha not in without) if queries else (),
        )

    def copy(self) -> Document:
        """The same as a new, unsaved draft."""
        again = copy.deepcopy(self)
        again.episode_id, again.unsaved = "", True
        return again

    # --- edits ---------------------------------------------------------------------------------------------------

    def add_class(self, name: str = "", key: str = "") -> ClassRow:
        row = ClassRow(name, key=key) if key else ClassRow(name)
        self.classes.append(row)
        return row

    def remove_class(self, key: str) -> None:
        row = self.row(key)
        marks.forget(self.boxes, row.pictures if row else ())
        self.classes = [row for row in self.classes if row.key != key]
        self.labels = {query: label for query, label in self.labels.items() if label.answer != key}

    def add_pictures(self, key: str, pictures: Iterable[str]) -> None:
        """Add support pictures to class `key`; a picture that another class holds moves here."""
        row = self.row(key)
        if row is None:
            return
        for sha in pictures:
            for other in self.classes:
                if other is not row and sha in other.pictures:
                    other.pictures.remove(sha)
            if sha not in row.pictures:
                row.pictures.append(sha)

    def add_queries(self, pictures: Sequence[str]) -> None:
        self.queries = list(dict.fromkeys([*self.queries, *pictures]))

    def remove_queries(self, pictures: Iterable[str]) -> None:
        gone = set(pictures)
        self.queries = [query for query in self.queries if query not in gone]
        self.paths = {query: paths for query, paths in self.paths.items() if query not in gone}
        self.labels = {query: label for query, label in self.labels.items() if query not in gone}
        marks.forget(self.regions, gone)

    def remove_picture(self, key: str, sha: str) -> None:
        """Take a picture out of a class, or out of the queries where the key is "queries"."""
        row = self.row(key)
        if key == "queries":
            self.remove_queries([sha])
        elif row is not None and sha in row.pictures:
            row.pictures.remove(sha)
            marks.forget(self.boxes, [sha])

    def move_picture(self, source: str, sha: str, target: str) -> int:
        """Move a picture to another class, or from or to the queries; what is marked on it says the same there.

        A box on a support picture is a region of a query that is called like the class.

        Returns:
            How many regions do not come along, because they are called otherwise than the class.
        """
        before, after = self.row(source), self.row(target)
        boxes, regions = self.boxes.get(sha, ()), self.regions.get(sha, ())
        self.remove_picture(source, sha)
        if target == "queries":
            self.add_queries([sha])
            if before is not None and before.name.strip():
                marks.add(self.regions, sha, marks.named(boxes, before.spec().name))
        elif after is not None:
            self.add_pictures(target, [sha])
            named = marks.boxes_of(regions, after.spec().name)
            marks.add(self.boxes, sha, boxes or named)
            return len(regions) - len(named) if source == "queries" else 0
        return 0

    def exchange(self, pictures: Mapping[str, str]) -> None:
        """Put other pictures in the place of some, by hash; labels and paths stay with their query.

        What was marked on a picture is gone with it.
        """
        for row in self.classes:
            row.pictures = list(dict.fromkeys(pictures.get(sha, sha) for sha in row.pictures))
        self.queries = list(dict.fromkeys(pictures.get(sha, sha) for sha in self.queries))
        self.labels = {pictures.get(sha, sha): label for sha, label in self.labels.items()}
        self.paths = {pictures.get(sha, sha): paths for sha, paths in self.paths.items()}
        marks.forget(self.boxes, pictures)
        marks.forget(self.regions, pictures)

    def clear(self) -> None:
        """An empty page; the methods and their settings stay, and the results, for whoever takes this back."""
        self.title, self.classes, self.queries, self.labels, self.paths = "", [ClassRow(), ClassRow()], [], {}, {}
        self.boxes, self.regions, self.unreadable = {}, {}, []

    @property
    def outdated(self) -> bool:
        """Whether what the results depend on has changed since."""
        return any(result.queries for result in self.results) and self.scored != self.evidence()

    def evidence(self) -> str:
        """A hash of what predictions depend on."""
        rows = [vars(row) for row in self.rows()]
        boxes = {sha: boxes for row in self.rows() for sha in row.pictures if (boxes := self.boxes.get(sha))}
        evidence = [rows, self.settings, *([boxes] if boxes else []), *(["region"] if self.use_region else [])]
        return hashlib.sha256(json.dumps(evidence, sort_keys=True).encode()).hexdigest()
