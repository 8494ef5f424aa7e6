"""The draft that a page works on: classes, queries, methods, results and labels, with its edits.

A document is plain data that goes to the store as JSON after every edit; it refers to pictures by hash.
Edits are methods, so that each can be called and tested without a browser.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from fsl_demo.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode, Run, Scores
from fsl_demo.pictures import Picture

NONE = "none"
"""Stands for "none of these" where a class key is expected."""
UNDO_STEPS = 20


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


@dataclass
class GivenLabel:
    """A person's word on a query: a class key or NONE, and what was suggested."""

    answer: str
    suggestion: str = ""
    source: str = "blind"
    annotator: str = ""
    seconds: float = 0.0


@dataclass
class Result:
    """A method's scores, tied to the classes (keys) and pictures (hashes) that they are about.

    `names` and `descriptions` are what the classes were called and described as, in the order of `classes`.
    """

    scores: Scores
    classes: list[str]
    queries: list[str]
    support: list[str]
    device: str = "cpu"
    names: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)

    def row(self, query: str) -> int | None:
        return self.queries.index(query) if query in self.queries else None

    def answer(self, query: str) -> str | None:
        """Class key, NONE, or None when this query was not there yet."""
        row = self.row(query)
        if row is None:
            return None
        index = self.scores.answer(row)
        return NONE if index is None else self.classes[index]

    def to_json(self) -> dict[str, Any]:
        scores = asdict(self.scores)
        for name in ("similarities", "probabilities", "pairs"):
            scores[name] = _pack(scores[name])
        return {**asdict(replace(self, scores=None)), "scores": scores}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        scores = dict(data["scores"])
        for name in ("similarities", "probabilities", "pairs"):
            scores[name] = _unpack(scores[name])
        return cls(**{**data, "scores": Scores(**scores)})


@dataclass
class Document:
    """What one page shows; the store keeps it as a draft.

    `previous` holds the results before the present ones, to say what moved; a saved episode does not have them.
    `captioner` is the id of the one that describes pictures, where somebody chose.
    """

    title: str = ""
    classes: list[ClassRow] = field(default_factory=lambda: [ClassRow(), ClassRow()])
    queries: list[str] = field(default_factory=list)
    methods: list[str] | None = None
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    captioner: str = ""
    results: list[Result] = field(default_factory=list)
    previous: list[Result] = field(default_factory=list)
    labels: dict[str, GivenLabel] = field(default_factory=dict)
    episode_id: str = ""
    outdated: bool = False
    unsaved: bool = False
    undo: list[dict[str, Any]] = field(default_factory=list)

    # --- as data -------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        plain = asdict(replace(self, results=[], previous=[]))
        kept = {name: [one.to_json() for one in getattr(self, name)] for name in ("results", "previous")}
        return {**plain, **kept}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Document:
        return cls(
            **{
                **data,
                "classes": [ClassRow(**row) for row in data["classes"]],
                "results": [Result.from_json(result) for result in data["results"]],
                "previous": [Result.from_json(result) for result in data.get("previous", [])],
                "labels": {query: GivenLabel(**label) for query, label in data["labels"].items()},
            }
        )

    def rows(self) -> list[ClassRow]:
        """The classes that count: rows with something in them."""
        return [row for row in self.classes if not row.is_blank()]

    def row(self, key: str) -> ClassRow:
        return next(row for row in self.classes if row.key == key)

    def class_names(self) -> dict[str, str]:
        return {row.key: row.spec().name for row in self.rows()}

    def result(self, method: str) -> Result | None:
        return next((result for result in self.results if result.scores.method == method), None)

    def is_empty(self) -> bool:
        return not (self.rows() or self.queries)

    def episode(self, picture: Callable[[str], Picture]) -> Episode:
        """The episode on the page, not yet checked."""
        rows = self.rows()
        return Episode(
            tuple(row.spec() for row in rows),
            tuple(Example(picture(sha), index) for index, row in enumerate(rows) for sha in row.pictures),
            tuple(picture(sha) for sha in self.queries),
        )

    def labelled(self, picture: Callable[[str], Picture]) -> LabelledEpisode:
        """The episode with results and labels, as it is saved. Results that are out of date are left out."""
        index = {row.key: position for position, row in enumerate(self.rows())}
        labels = {
            self.queries.index(sha): Label(
                index.get(given.answer),
                given.annotator,
                given.source,  # type: ignore[arg-type]
                index.get(given.suggestion),
                given.seconds,
            )
            for sha, given in self.labels.items()
            if sha in self.queries and (given.answer == NONE or given.answer in index)
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

        return cls(
            title=labelled.title,
            classes=rows or [ClassRow(), ClassRow()],
            queries=queries,
            methods=[run.scores.method for run in labelled.runs] or None,
            settings={run.scores.method: dict(run.scores.settings) for run in labelled.runs},
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
            },
            episode_id=episode_id,
        )

    # --- edits ---------------------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Put the present state on the undo list."""
        snapshot = asdict(replace(self, results=[], previous=[], undo=[]))
        self.undo = [*self.undo, {name: snapshot[name] for name in ("title", "classes", "queries", "labels")}]
        self.undo = self.undo[-UNDO_STEPS:]

    def take_back(self) -> bool:
        """Undo the last edit or label. False when there is nothing to undo."""
        if not self.undo:
            return False
        *self.undo, last = self.undo
        before = self.evidence()
        self.title = last["title"]
        self.classes = [ClassRow(**row) for row in last["classes"]]
        self.queries = last["queries"]
        self.labels = {query: GivenLabel(**label) for query, label in last["labels"].items()}
        self._mark(before)
        return True

    def write_fields(self, fields: Mapping[str, str]) -> bool:
        """Take over what stands in the text fields: "title", "name:KEY", "description:KEY". True if it changed."""
        before, title = self.evidence(), self.title
        for field_name, value in fields.items():
            kind, _, key = field_name.partition(":")
            if kind == "title":
                self.title = value
            elif kind in ("name", "description") and any(row.key == key for row in self.classes):
                setattr(self.row(key), kind, value)
        self._mark(before)
        return self.evidence() != before or self.title != title

    def add_class(self, name: str = "") -> ClassRow:
        row = ClassRow(name)
        self.classes.append(row)
        return row

    def remove_class(self, key: str) -> None:
        before = self.evidence()
        self.classes = [row for row in self.classes if row.key != key]
        self.labels = {query: label for query, label in self.labels.items() if label.answer != key}
        self._mark(before)

    def add_pictures(self, key: str, pictures: Sequence[str]) -> None:
        """Add support pictures to class `key`; a picture that another class or the queries hold moves here."""
        before = self.evidence()
        for sha in pictures:
            for row in self.classes:
                if row.key != key and sha in row.pictures:
                    row.pictures.remove(sha)
            if sha not in self.row(key).pictures:
                self.row(key).pictures.append(sha)
        self._mark(before)

    def add_queries(self, pictures: Sequence[str]) -> None:
        self.queries = list(dict.fromkeys([*self.queries, *pictures]))

    def remove_picture(self, key: str, sha: str) -> None:
        before = self.evidence()
        if key == "queries":
            self.queries = [query for query in self.queries if query != sha]
            self.labels.pop(sha, None)
        else:
            self.row(key).pictures.remove(sha)
        self._mark(before)

    def exchange(self, pictures: Mapping[str, str]) -> None:
        """Put other pictures in the place of some, by hash; labels stay with their query."""
        before = self.evidence(), self.queries
        for row in self.classes:
            row.pictures = list(dict.fromkeys(pictures.get(sha, sha) for sha in row.pictures))
        self.queries = list(dict.fromkeys(pictures.get(sha, sha) for sha in self.queries))
        self.labels = {pictures.get(sha, sha): label for sha, label in self.labels.items()}
        self._mark(before[0])
        if self.results and self.queries != before[1]:
            self.outdated = True

    def label(self, query: str, label: GivenLabel) -> None:
        self.labels[query] = label

    def join_support(self, query: str) -> None:
        """Move a labelled query into the support set of its class."""
        answer = self.labels[query].answer
        self.remove_picture("queries", query)
        self.add_pictures(answer, [query])

    def evidence(self) -> object:
        """What predictions depend on."""
        return [(row.name, row.description, tuple(row.pictures)) for row in self.classes]

    def _mark(self, before: object) -> None:
        if self.results and self.evidence() != before:
            self.outdated = True


def _pack(values: np.ndarray | None) -> dict[str, Any] | None:
    if values is None:
        return None
    values = np.ascontiguousarray(values, dtype=np.float32)
    return {"shape": values.shape, "float32": base64.b64encode(values.tobytes()).decode("ascii")}


def _unpack(packed: Mapping[str, Any] | None) -> np.ndarray | None:
    if packed is None:
        return None
    return np.frombuffer(base64.b64decode(packed["float32"]), dtype=np.float32).reshape(packed["shape"])
