"""The draft that a page works on: classes, queries, methods, results and labels, with its edits.

A document is plain data that goes to the store as JSON after every edit; it refers to pictures by hash.
Edits are methods, so that each can be called and tested without a browser.
"""

from __future__ import annotations

import copy
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode, Run
from fsl_demo.core.pictures import Picture
from fsl_demo.ui.result import Result

NONE = "none"
"""Stands for "none of these" where a class key is expected."""


@dataclass
class ClassRow:
    """One class on the page. `description` holds one phrasing a line."""

    name: str = ""
    description: str = ""
    pictures: list[str] = field(default_factory=list)
    key: str = field(default_factory=lambda: secrets.token_hex(4))

    def is_blank(self) -> bool:
        return not (self.name.strip() or self.description.strip() or self.pictures)

    def spec(self) -> ClassSpec:
        phrasings = tuple(line.strip() for line in self.description.splitlines() if line.strip())
        return ClassSpec(" ".join(self.name.split()), phrasings)


@dataclass(frozen=True)
class GivenLabel:
    """A person's word on a query: a class key or NONE, and the class key that was suggested, or ""."""

    answer: str
    suggestion: str = ""
    source: str = "blind"
    annotator: str = ""
    seconds: float = 0.0


@dataclass
class Document:
    """What one page shows; the store keeps it as a draft.

    Attributes:
        paths: hash of a query to the paths of the files that it came from, as the person knows them.
        methods: ids of the ticked methods; None until somebody ticks one.
        captioner: id of the captioner that describes pictures, where somebody chose.
        results: what the methods said last.
        previous: the results before them, to say what moved; a saved episode does not have them.
        scored: `evidence` at the time of the results.
    """

    title: str = ""
    classes: list[ClassRow] = field(default_factory=lambda: [ClassRow(), ClassRow()])
    queries: list[str] = field(default_factory=list)
    paths: dict[str, list[str]] = field(default_factory=dict)
    methods: list[str] | None = None
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    captioner: str = ""
    labels: dict[str, GivenLabel] = field(default_factory=dict)
    episode_id: str = ""
    unsaved: bool = False
    scored: str = ""
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
        }

    def results_json(self) -> dict[str, Any]:
        return {name: [result.to_json() for result in getattr(self, name)] for name in ("results", "previous")}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], results: Mapping[str, Any] | None = None) -> Document:
        known = {spec.name for spec in fields(cls)}
        stored = {
            name: [Result.from_json(entry) for entry in entries]
            for name, entries in (results or {}).items()
            if name in ("results", "previous")
        }
        document = cls(
            **{
                **{name: value for name, value in data.items() if name in known},
                "classes": [ClassRow(**row) for row in data["classes"]],
                "labels": {query: GivenLabel(**label) for query, label in data["labels"].items()},
                **stored,
            }
        )
        if data.get("outdated") is False:  # a draft of an earlier version
            document.scored = document.evidence()
        return document

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

    def episode(self, picture: Callable[[str], Picture], queries: bool = True) -> Episode:
        """The episode on the page, not yet checked; without its queries where nobody needs them."""
        rows = self.rows()
        return Episode(
            tuple(row.spec() for row in rows),
            tuple(Example(picture(sha), index) for index, row in enumerate(rows) for sha in row.pictures),
            tuple(picture(sha) for sha in self.queries) if queries else (),
        )

    def labelled(self, picture: Callable[[str], Picture]) -> LabelledEpisode:
        """The episode with results and labels, as it is saved. Results that are out of date are left out."""
        index = {row.key: position for position, row in enumerate(self.rows())}
        places = {sha: position for position, sha in enumerate(self.queries)}
        labels = {
            places[sha]: Label(
                index.get(given.answer),
                given.annotator,
                given.source,  # type: ignore[arg-type]
                index.get(given.suggestion),
                given.seconds,
            )
            for sha, given in self.labels.items()
            if sha in places and (given.answer == NONE or given.answer in index)
        }
        current = [] if self.outdated else [r for r in self.results if r.queries == self.queries]
        runs = tuple(Run(result.scores, result.device) for result in current)
        return LabelledEpisode(self.episode(picture), self.title.strip(), runs, labels)

    @classmethod
    def from_labelled(cls, labelled: LabelledEpisode, episode_id: str = "") -> Document:
        """The page of a saved or imported episode."""
        episode = labelled.episode
        rows = [ClassRow(spec.name, "\n".join(spec.descriptions)) for spec in episode.classes]
        for example in episode.support:
            rows[example.class_index].pictures.append(example.picture.sha256)
        queries = list(dict.fromkeys(query.sha256 for query in episode.queries))
        keys = [row.key for row in rows]
        support = [sha for row in rows for sha in row.pictures]
        names, descriptions = [row.name for row in rows], [row.description for row in rows]

        def key(index: int | None, absent: str) -> str:
            return absent if index is None else keys[index]

        document = cls(
            title=labelled.title,
            classes=rows or [ClassRow(), ClassRow()],
            queries=queries,
            methods=[run.scores.method for run in labelled.runs] or None,
            settings={
                run.scores.method: chosen
                for run in labelled.runs
                if (chosen := {name: value for name, value in run.scores.settings.items() if value is not None})
            },
            results=[
                Result(run.scores, keys, queries, support, run.device, names, descriptions) for run in labelled.runs
            ],
            labels={
                queries[position]: GivenLabel(
                    key(label.class_index, NONE),
                    "" if label.source == "blind" else key(label.suggestion, NONE),
                    label.source,
                    label.annotator,
                    label.seconds,
                )
                for position, label in labelled.labels.items()
                if position < len(queries)
            },
            episode_id=episode_id,
        )
        document.scored = document.evidence()
        return document

    def copy(self) -> Document:
        """The same as a new, unsaved draft."""
        again = Document.from_json(copy.deepcopy(self.to_json()), self.results_json())
        again.episode_id, again.unsaved = "", True
        return again

    # --- edits ---------------------------------------------------------------------------------------------------

    def add_class(self, name: str = "", key: str = "") -> ClassRow:
        row = ClassRow(name, key=key) if key else ClassRow(name)
        self.classes.append(row)
        return row

    def remove_class(self, key: str) -> None:
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

    def remove_picture(self, key: str, sha: str) -> None:
        """Take a picture out of a class, or out of the queries where the key is "queries"."""
        row = self.row(key)
        if key == "queries":
            self.remove_queries([sha])
        elif row is not None and sha in row.pictures:
            row.pictures.remove(sha)

    def exchange(self, pictures: Mapping[str, str]) -> None:
        """Put other pictures in the place of some, by hash; labels and paths stay with their query."""
        for row in self.classes:
            row.pictures = list(dict.fromkeys(pictures.get(sha, sha) for sha in row.pictures))
        self.queries = list(dict.fromkeys(pictures.get(sha, sha) for sha in self.queries))
        self.labels = {pictures.get(sha, sha): label for sha, label in self.labels.items()}
        self.paths = {pictures.get(sha, sha): paths for sha, paths in self.paths.items()}

    def clear(self) -> None:
        """An empty page; the methods and their settings stay, and the results, for whoever takes this back."""
        self.title, self.classes, self.queries, self.labels, self.paths = "", [ClassRow(), ClassRow()], [], {}, {}

    @property
    def outdated(self) -> bool:
        """Whether what the results depend on has changed since."""
        return any(result.queries for result in self.results) and self.scored != self.evidence()

    def evidence(self) -> str:
        """A hash of what predictions depend on."""
        rows = [vars(row) for row in self.rows()]
        return hashlib.sha256(json.dumps([rows, self.settings], sort_keys=True).encode()).hexdigest()
