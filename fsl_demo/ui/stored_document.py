"""A stored draft as the document that it holds. What cannot be read is set aside, and the rest is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from fsl_demo.core.file_names import plain
from fsl_demo.core.json_values import Plain
from fsl_demo.core.regions import Box, RegionLabel
from fsl_demo.ui.document import ClassRow, Document, GivenLabel, Unreadable
from fsl_demo.ui.fields import DrawnBoxes, MarkedRegions, Name, Sha, Text
from fsl_demo.ui.history import Step
from fsl_demo.ui.result import Result

LONGEST = 200
"""Characters of a place and of a reason."""
T = TypeVar("T")
Read = Callable[[Any], T]
"""Gives the value that was stored; raises a `ValueError` where it is none."""


class StoredStep(TypedDict, total=False):
    """A step of undo: what it puts back."""

    title: Text
    queries: list[Sha]
    paths: dict[Sha, list[Text]]
    methods: list[Name] | None
    settings: dict[Name, dict[Name, Plain]]
    use_region: bool
    settled: list[Name]
    classes: list[ClassRow]
    labels: dict[Sha, GivenLabel | None]
    boxes: dict[Sha, DrawnBoxes | None]
    regions: dict[Sha, MarkedRegions | None]
    unreadable: list[Unreadable]


_text: Read[str] = TypeAdapter(Text).validate_python
_methods: Read[list[str] | None] = TypeAdapter(list[Name] | None).validate_python
_name: Read[str] = TypeAdapter(Name).validate_python
_sha: Read[str] = TypeAdapter(Sha).validate_python
_key: Read[str] = TypeAdapter(Annotated[str, StringConstraints(min_length=1, max_length=40)]).validate_python
_flag: Read[bool] = TypeAdapter(bool).validate_python
_paths: Read[list[str]] = TypeAdapter(list[Text]).validate_python
_setting: Read[Any] = TypeAdapter(Plain).validate_python
_label: Read[GivenLabel] = TypeAdapter(GivenLabel).validate_python
_boxes: Read[tuple[Box, ...]] = TypeAdapter(DrawnBoxes).validate_python
_regions: Read[tuple[RegionLabel, ...]] = TypeAdapter(MarkedRegions).validate_python
_unreadable: Read[Unreadable] = TypeAdapter(Unreadable).validate_python
_list: Read[list[Any]] = TypeAdapter(list[Any]).validate_python
_mapping: Read[dict[str, Any]] = TypeAdapter(dict[str, Any]).validate_python
_STEP = TypeAdapter(StoredStep)


def read(data: object, results: object = None) -> Document:
    """The document of a draft's data, as `Document.to_json` and `Document.results_json` give it."""
    reader = _Reader()
    document = reader.document(data)
    stored = reader.value(_mapping, "results", {} if results is None else results) or {}
    document.results = reader.items(Result.from_json, "results", stored.get("results", []))
    document.previous = reader.items(Result.from_json, "previous", stored.get("previous", []))
    document.unreadable += reader.aside
    if isinstance(data, Mapping) and data.get("outdated") is False:  # a draft of an earlier version
        document.scored = document.evidence()
    return document


def read_steps(stored: Sequence[object], document: Document) -> tuple[list[Step], int]:
    """The steps that can be undone, and how many of them, from the first, are as they are stored.

    Those that cannot be read are named in the document.
    """
    reader = _Reader()
    steps = [reader.value(_step, f"undo.{number}", step) for number, step in enumerate(stored, start=1)]
    document.unreadable += reader.aside
    return [step for step in steps if step is not None], steps.index(None) if None in steps else len(steps)


def _step(stored: object) -> Step | None:
    step: Step = _STEP.dump_python(_STEP.validate_python(stored))
    return step


class _Reader:
    """Takes over what was stored, part by part.

    Attributes:
        aside: what could not be read.
    """

    def __init__(self) -> None:
        self.aside: list[Unreadable] = []

    def document(self, data: object) -> Document:
        """Everything but the results."""
        given = self.value(_mapping, "draft", data) or {}
        settings = self.entries(_mapping, "settings", given.get("settings", {}))
        return Document(
            title=self.value(_text, "title", given.get("title", "")) or "",
            classes=self._rows(given.get("classes", [])),
            queries=list(dict.fromkeys(self.items(_sha, "queries", given.get("queries", [])))),
            paths=self.entries(_paths, "paths", given.get("paths", {})),
            methods=self.value(_methods, "methods", given.get("methods")),
            settings={
                method: chosen
                for method, values in settings.items()
                if (chosen := self.entries(_setting, f"settings.{method}", values))
            },
            captioner=self.value(_name, "captioner", given.get("captioner", "")) or "",
            labels=self.entries(_label, "labels", given.get("labels", {})),
            boxes=self.entries(_boxes, "boxes", given.get("boxes", {})),
            regions=self.entries(_regions, "regions", given.get("regions", {})),
            use_region=self.value(_flag, "use_region", given.get("use_region", False)) is True,
            settled=list(dict.fromkeys(self.items(_name, "settled", given.get("settled", [])))),
            episode_id=self.value(_name, "episode_id", given.get("episode_id", "")) or "",
            unsaved=self.value(_flag, "unsaved", given.get("unsaved", False)) is not False,
            scored=self.value(_text, "scored", given.get("scored", "")) or "",
            unreadable=self.items(_unreadable, "unreadable", given.get("unreadable", [])),
        )

    def value(self, read: Read[T], place: str, stored: object) -> T | None:
        """The value at a place of the draft, or None where it cannot be read."""
        try:
            return read(stored)
        except (ValueError, RecursionError) as error:
            self.set_aside(place, _reason(error), stored)
            return None

    def set_aside(self, place: str, reason: str, stored: object) -> None:
        self.aside.append(Unreadable(plain(place)[:LONGEST], plain(reason)[:LONGEST], stored))

    def items(self, read: Read[T], place: str, stored: object) -> list[T]:
        """Those items of a list that can be read."""
        items = enumerate(self.value(_list, place, stored) or [], start=1)
        values = [self.value(read, f"{place}.{number}", item) for number, item in items]
        return [value for value in values if value is not None]

    def entries(self, read: Read[T], place: str, stored: object) -> dict[str, T]:
        """Those entries of a mapping that can be read."""
        entries = self.value(_mapping, place, stored) or {}
        values = {key: self.value(read, f"{place}.{key}", entry) for key, entry in entries.items()}
        return {key: value for key, value in values.items() if value is not None}

    def _rows(self, stored: object) -> list[ClassRow]:
        rows: dict[str, ClassRow] = {}
        for number, row in enumerate(self.items(_mapping, "classes", stored), start=1):
            place, blank = f"classes.{number}", ClassRow()
            key = self.value(_key, f"{place}.key", row.get("key")) or blank.key
            if key in rows:
                self.set_aside(f"{place}.key", "twice", key)
                key = blank.key
            rows[key] = ClassRow(
                name=self.value(_text, f"{place}.name", row.get("name", "")) or "",
                description=self.value(_text, f"{place}.description", row.get("description", "")) or "",
                pictures=self.items(_sha, f"{place}.pictures", row.get("pictures", [])),
                key=key,
            )
        return list(rows.values())


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return ".".join([*map(str, first["loc"]), ""]).replace("..", ".") + first["msg"]
    return str(error)
