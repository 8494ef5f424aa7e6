"""Samples of WebDataset: what stands before the first dot of a file's name is the sample, the rest its kind.

https://webdataset.github.io
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.pictures.endings import SUFFIXES
from fsl_demo.datasets.class_folders import ClassLayout
from fsl_demo.datasets.file_source import FileSource
from fsl_demo.datasets.walking import visible

CLASS_NAMES = "classnames.txt"
"""A class a line, beside the shards or in them, as CLIP's benchmarks have it."""
UNKNOWN = -1
CLASS_KINDS = ("cls", "cls.txt", "label", "label.txt")
"""Kinds of files that hold nothing but the class of a sample."""
_NAME = re.compile(r"((?:.*/)?[^./]+)\.([^/]+)")
_NUMBER = re.compile("-?[0-9]{1,9}")


@dataclass(frozen=True)
class Sample:
    """Files that share a name.

    Attributes:
        name: what they are called up to the first dot.
        kinds: the files by what follows it.
    """

    name: str
    kinds: dict[str, PurePosixPath] = field(default_factory=dict)

    @property
    def picture(self) -> PurePosixPath | None:
        """The first picture of it."""
        return next((path for path in self.kinds.values() if path.suffix.lower() in SUFFIXES), None)

    @property
    def number(self) -> PurePosixPath | None:
        """The file that says its class."""
        return next((self.kinds[kind] for kind in CLASS_KINDS if kind in self.kinds), None)


def samples(files: Iterable[PurePosixPath]) -> list[Sample]:
    """The samples that have a picture or a class."""
    made: dict[str, Sample] = {}
    for path in files:
        match = _NAME.fullmatch(str(path))
        if match and all(map(visible, path.parts)):
            made.setdefault(match[1], Sample(match[1])).kinds.setdefault(match[2].lower(), path)
    return [sample for sample in made.values() if sample.picture or sample.number]


def written_names(abouts: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """The names of classes by their numbers, as the samples' own JSON has both."""
    pairs = ((about.get("cls"), about.get("label")) for about in abouts)
    return {number: name for number, name in pairs if isinstance(number, int) and isinstance(name, str)}


def class_of(text: str, about: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """The class of a sample: what its JSON says, unless the number beside it is another than it was; "" for none.

    Args:
        text: of the file that says the class; "" where there is none.
        about: what the sample's JSON says.
        names: of the classes, by their numbers.

    Raises:
        ValueError: where there is no class of that number.
    """
    word = about.get("label")
    if isinstance(word, str) and (not text or str(about.get("cls", text)) == text):
        return word
    if not text and isinstance(word, int):
        text = str(word)
    if not _NUMBER.fullmatch(text):
        return text
    number = int(text)
    if number == UNKNOWN:
        return ""
    if names and number not in names:
        raise ValueError(f"class {number}, {len(names)} in all")
    return names.get(number, text)


def layout(source: FileSource) -> ClassLayout | None:
    """The pictures of each class, in the order of the source; None where no sample says its class."""
    pictured = [sample for sample in samples(source.files) if sample.picture]
    abouts = [_about(source, sample) for sample in pictured]
    if not any(sample.number or "label" in about for sample, about in zip(pictured, abouts, strict=True)):
        return None
    made, unlabelled = ClassLayout(), 0
    names = written_names(abouts) | _class_names(source)
    for sample, about in zip(pictured, abouts, strict=True):
        assert sample.picture is not None
        try:
            name = class_of(source.text(sample.number).strip() if sample.number else "", about, names)
        except UserError as error:
            made.told.append(error.bare())
        except ValueError as error:
            reason = str(error)
            made.told.append(UserError("annotation_bad", file=sample.picture.name, what="class", reason=reason))
        else:
            unlabelled += not name
            if name:
                made.classes.setdefault(name, []).append(sample.picture)
    if unlabelled:
        made.told.append(Notice("labels_no_examples", file=source.name, count=unlabelled))
    return made


def _about(source: FileSource, sample: Sample) -> Mapping[str, Any]:
    """What the sample's JSON says; nothing where it has none that can be read."""
    if "json" not in sample.kinds:
        return {}
    try:
        content = json.loads(source.text(sample.kinds["json"]))
    except (UserError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _class_names(source: FileSource) -> dict[int, str]:
    """As a file in the source lists them, or one beside it on disk.

    Raises:
        UserError: `import_document`.
    """
    inside, beside = PurePosixPath(CLASS_NAMES), source.path.with_name(CLASS_NAMES)
    if inside in source.files:
        return dict(enumerate(source.text(inside).splitlines()))
    try:
        return dict(enumerate(beside.read_text(encoding="utf-8").splitlines())) if beside.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("import_document", file=CLASS_NAMES, reason=str(error)) from error
