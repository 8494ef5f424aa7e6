"""Boxes on pictures as the files of annotation tools name them, before anybody has looked at the pictures."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import BaseModel, ValidationError

from fsl_demo.core.errors import Report, UserError
from fsl_demo.core.file_names import plain
from fsl_demo.datasets.class_folders import is_picture
from fsl_demo.datasets.file_source import FileSource
from fsl_demo.store.exchange import document

E = TypeVar("E", bound=BaseModel)
_UPLOAD = re.compile("^[0-9a-f]{8}-")
"""What Label Studio puts before the name of an uploaded file."""
MAX_XML_BYTES = 50_000_000
REASON = 200
"""Characters of what is told of a bad entry."""


@dataclass(frozen=True)
class Mark:
    """A box as a file has it.

    Attributes:
        name: what is in it.
        edges: left, top, right, bottom, in the unit of its picture; nothing is checked yet.
        annotator: who said it, or "".
    """

    name: str
    edges: tuple[float, float, float, float]
    annotator: str = ""


@dataclass
class AnnotatedPicture:
    """A picture as a file of annotations names it.

    Attributes:
        name: of its file, as it is written there.
        path: of the file in the source; None where it is not there.
        marks: boxes on it.
        fractions: whether edges are fractions of its sides; else they are pixels.
        size: its width and height in pixels, as the file has them; None where it does not say.
    """

    name: str
    path: PurePosixPath | None
    marks: list[Mark] = field(default_factory=list)
    fractions: bool = False
    size: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        self.name = plain(self.name)[:REASON]


@dataclass(frozen=True)
class Annotations:
    """All boxes of a folder or zip.

    Attributes:
        categories: names of the classes, in the order of the file; those of marks that are not among them follow.
        pictures: those that have boxes, or are named as having none.
    """

    categories: list[str]
    pictures: list[AnnotatedPicture]


@dataclass(frozen=True)
class AnnotationFiles:
    """The files of a folder or zip, for whoever reads annotations from them.

    Attributes:
        report: told of every entry that cannot be read.
    """

    source: FileSource
    report: Report

    def bad(self, file: PurePosixPath, what: str, reason: str) -> None:
        """Tell of an entry that cannot be read."""
        self.report(UserError("annotation_bad", file=file.name, what=what, reason=plain(reason)[:REASON]))

    def no_category(self, file: str, category: object) -> None:
        """Tell of a box whose class no list names."""
        self.report(UserError("box_category", file=file, category=plain(str(category))[:REASON]))

    def entry(self, kind: type[E], value: object, path: PurePosixPath, what: str) -> E | None:
        """An entry of a file as its model; None where it does not fit, which is told."""
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            self.bad(path, what=what, reason=f"{place}: {first['msg']}" if place else first["msg"])
            return None

    def ending(self, *suffixes: str) -> list[PurePosixPath]:
        """The files with one of these suffixes."""
        return sorted(path for path in self.source.files if path.suffix.lower() in suffixes)

    @cached_property
    def documents(self) -> dict[PurePosixPath, Any]:
        """The JSON files but those of episodes; what is none is told."""
        values: dict[PurePosixPath, Any] = {}
        for path in self.ending(".json"):
            if not document.is_document(path):
                try:
                    values[path] = json.loads(self.source.text(path))
                except UserError as error:
                    self.report(error)
                except (ValueError, RecursionError) as error:
                    reason = plain(str(error))[:REASON]
                    self.report(UserError("import_document", file=path.name, reason=reason))
        return values

    @cached_property
    def xml(self) -> dict[PurePosixPath, Element]:
        """The roots of the XML files; what is none is told."""
        roots: dict[PurePosixPath, Element] = {}
        for path in self.ending(".xml"):
            if self.source.files[path] > MAX_XML_BYTES:
                self.bad(path, what="XML", reason="too long")
                continue
            try:
                roots[path] = fromstring(self.source.read(path), forbid_dtd=True)
            except UserError as error:
                self.report(error)
            except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
                self.bad(path, what="XML", reason=str(error) or type(error).__name__)
        return roots

    @cached_property
    def pictures(self) -> list[PurePosixPath]:
        """The files that may be pictures."""
        return sorted(filter(is_picture, self.source.files))

    @cached_property
    def _by_name(self) -> dict[str, list[PurePosixPath]]:
        by_name: dict[str, list[PurePosixPath]] = defaultdict(list)
        for path in self.pictures:
            by_name[_key(path.name)].append(path)
        return by_name

    def find(self, name: str) -> PurePosixPath | None:
        """The picture of that name or address, wherever it lies; of several that whose folders are called so, too.

        None where there is none, or where nothing tells which of several it is.
        """
        file = file_of(name)
        return self._find(name) or self._find(file) or self._find(_UPLOAD.sub("", PurePosixPath(file).name))

    def _find(self, name: str) -> PurePosixPath | None:
        parts = [_key(part) for part in PurePosixPath(name.replace("\\", "/")).parts]
        files = self._by_name.get(parts[-1], []) if parts else []
        alike = [_alike(parts, path) for path in files]
        best = [path for path, same in zip(files, alike, strict=True) if same == max(alike)]
        return best[0] if len(best) == 1 else None

    def with_stem(self, stem: str) -> PurePosixPath | None:
        """The picture of that name with any suffix; None where there is none, or more than one."""
        files = self._by_stem.get(_key(stem), [])
        return files[0] if len(files) == 1 else None

    @cached_property
    def _by_stem(self) -> dict[str, list[PurePosixPath]]:
        by_stem: dict[str, list[PurePosixPath]] = defaultdict(list)
        for path in self.pictures:
            by_stem[_key(path.stem)].append(path)
        return by_stem


def file_of(address: str) -> str:
    """The path of a file, as an address of Label Studio names it; a path is its own."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parse_qs(parts.query).get("d", [unquote(parts.path)])[0]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _alike(parts: Iterable[str], path: PurePosixPath) -> int:
    """How many parts of two paths are the same, from the end."""
    count = 0
    for first, second in zip(reversed(list(parts)), reversed(path.parts), strict=False):
        if first != _key(second):
            break
        count += 1
    return count
