"""What a verb is given, as the types that methods take: pictures, classes, methods with their settings."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.core import table_files
from fsl_demo.core.episodes import MAX_NAME, Box, ClassSpec, Episode, Example, Progress, class_key
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.core.regions import check_box
from fsl_demo.core.registry import Registry
from fsl_demo.core.settings import Settings

if TYPE_CHECKING:
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.core.capabilities import Method
    from fsl_demo.datasets.class_pictures import ClassPictures

EDGES = ("left", "top", "right", "bottom")


def task(
    support: Path | None,
    descriptions: Mapping[str, Sequence[str]],
    progress: Progress,
    report: Report,
    boxes: Mapping[str, Sequence[Box]] | None = None,
) -> Episode:
    """Classes and support set of an episode.

    Args:
        support: a folder or archive of class folders, or of pictures with classes or boxes in a format of other tools.
        descriptions: phrasings by class name; a class may have none.
        boxes: where the thing is, by the path of a support picture in the folder or zip.

    Raises:
        UserError: what is wrong with the folder or zip as a whole; `boxes_unknown` for a path that is not in it.
    """
    pictures: dict[str, list[Picture]] = {}
    drawn: dict[Picture, tuple[Box, ...]] = {}
    if support is not None:
        pictures, drawn = _support(support, boxes or {}, progress=progress, report=report)
    elif boxes:
        raise UserError("boxes_unknown", file=next(iter(boxes))[:MAX_NAME], first="cat/1.jpg")
    names = {class_key(name): name for name in pictures}
    texts: dict[str, tuple[str, ...]] = {}
    for name, phrasings in descriptions.items():
        key = class_key(name)
        names.setdefault(key, name)
        texts[key] = (*texts.get(key, ()), *phrasings)
    order = list(names)
    return Episode(
        tuple(ClassSpec(name, texts.get(key, ())) for key, name in names.items()),
        tuple(
            Example(picture, order.index(class_key(name)), drawn.get(picture, ()))
            for name in pictures
            for picture in pictures[name]
        ),
    )


def _support(
    path: Path, boxes: Mapping[str, Sequence[Box]], progress: Progress, report: Report
) -> tuple[dict[str, list[Picture]], dict[Picture, tuple[Box, ...]]]:
    """The pictures of each class, and the boxes on them."""
    from fsl_demo.datasets.class_pictures import pictures_by_class
    from fsl_demo.datasets.file_source import open_source
    from fsl_demo.store import exchange
    from fsl_demo.store.exchange.classified_reading import labels_of_tool

    with open_source(path) as source:
        labelled_elsewhere = not boxes and labels_of_tool(source, report=lambda error: None) is not None
        if boxes or not (labelled_elsewhere or exchange.is_annotated(source)):
            read = pictures_by_class(source, progress, report)
            return read.classes, _drawn(read, boxes)
    pictures: dict[str, list[Picture]] = {}
    drawn: dict[Picture, tuple[Box, ...]] = {}
    names: dict[str, str] = {}
    others = 0
    for labelled in exchange.read(path, progress=progress, report=report):
        for example in labelled.episode.support:
            name = labelled.episode.classes[example.class_index].name
            spelled = names.setdefault(class_key(name), name)
            pictures.setdefault(spelled, []).append(example.picture)
            drawn[example.picture] = example.boxes
        others += len(labelled.episode.queries)
    if others:
        code = "labels_no_examples" if labelled_elsewhere else "boxes_no_examples"
        report(Notice(code, file=path.name, count=others))
    return pictures, drawn


def _drawn(read: ClassPictures, boxes: Mapping[str, Sequence[Box]]) -> dict[Picture, tuple[Box, ...]]:
    """The boxes of support pictures, which are named by their paths.

    Raises:
        UserError: `boxes_unknown`.
    """
    by_path = {
        path.as_posix(): picture
        for name, paths in read.paths.items()
        for path, picture in zip(paths, read.classes[name], strict=True)
    }
    for path in boxes:
        if path not in by_path:
            raise UserError("boxes_unknown", file=path[:MAX_NAME], first=next(iter(by_path)))
    return {by_path[path]: tuple(drawn) for path, drawn in boxes.items()}


def queries(path: Path, progress: Progress, report: Report) -> dict[str, Picture]:
    """The pictures of a folder or zip, however deep, by relative path in natural order; or the one picture."""
    from fsl_demo.datasets.class_folders import ClassLayout, archives_inside, is_picture, natural
    from fsl_demo.datasets.class_pictures import each_picture
    from fsl_demo.datasets.file_source import is_archive, open_source

    if path.exists() and not path.is_dir() and not is_archive(path):
        return {path.name: ingest(path)}
    pictures = {}
    with open_source(path) as source:
        for told in (*source.left_out, *archives_inside(source.files)):
            report(told)
        files = sorted(filter(is_picture, source.files), key=natural)
        for done, read in enumerate(each_picture(ClassLayout({"": files}), source.lazy_picture)):
            progress("read", done, len(files))
            if read.picture is not None:
                pictures[read.path.as_posix()] = read.picture
            elif read.error is not None:
                report(read.error)
    return pictures


def descriptions(path: Path | None) -> dict[str, list[str]]:
    """Phrasings by class name, from a CSV with the columns class and description; no file describes nothing.

    Raises:
        UserError: `csv_row`, and as of `table_files.read`.
    """
    if path is None:
        return {}
    phrasings: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for row in table_files.read(path, ("class", "description")):
        name, description = (row.cells[column].strip() for column in ("class", "description"))
        if not name:
            raise UserError("csv_row", file=path.name, line=row.line, column="class", value=name)
        spelled = names.setdefault(class_key(name), name)
        phrasings.setdefault(spelled, []).extend([description] if description else [])
    return phrasings


def boxes(path: Path | None) -> dict[str, list[Box]]:
    """Boxes by path of a support picture, from a CSV with the columns file, left, top, right, bottom; no file, none.

    Raises:
        UserError: `csv_row`, and as of `table_files.read`.
    """
    drawn: dict[str, list[Box]] = {}
    if path is None:
        return drawn
    for row in table_files.read(path, ("file", *EDGES)):
        numbers = [row.cells[edge].strip() for edge in EDGES]
        try:
            left, top, right, bottom = map(float, numbers)
            check_box((left, top, right, bottom))
        except ValueError as error:
            shown = ", ".join(numbers)
            raise UserError("csv_row", file=path.name, line=row.line, column="/".join(EDGES), value=shown) from error
        drawn.setdefault(row.cells["file"].strip(), []).append((left, top, right, bottom))
    return drawn


def registry(vectors: Path | None, map_bytes: int | None = None) -> Registry:
    """Everything that is installed, with a feature cache in this workspace, or in memory; arguments of `features`."""
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.services import registry

    return registry.build(Networks(features(vectors, map_bytes)))


def features(vectors: Path | None, map_bytes: int | None = None) -> FeatureCache:
    """A feature cache in this workspace, or in memory; `map_bytes` as of `FeatureCache`."""
    from fsl_demo.backbones.cache import FeatureCache

    if vectors is None:
        return FeatureCache(map_bytes=map_bytes)
    from fsl_demo.store import Workspace

    return FeatureCache(Workspace(vectors), map_bytes)


def heal(folder: Path | None, pictures: Sequence[Picture]) -> None:
    """Give the workspace its files of these pictures back, where it has lost them."""
    if folder is not None:
        from fsl_demo.store import Workspace

        Workspace(folder).heal(pictures)


def class_index(episode: Episode, name: str) -> int:
    """Index of the class of this name.

    Raises:
        UserError: `unknown_class`.
    """
    keys = [class_key(spec.name) for spec in episode.classes]
    if class_key(name) not in keys:
        raise UserError("unknown_class", name=name, known=", ".join(spec.name for spec in episode.classes))
    return keys.index(class_key(name))


def settings(registry: Registry, assignments: Iterable[str]) -> dict[str, Settings]:
    """The settings of each method by id, from assignments such as "asif.blend=0.5".

    Raises:
        UserError: `unknown_method`, `setting_bad`.
    """
    given: dict[str, dict[str, str]] = {name: {} for name in registry.methods}
    for assignment in assignments:
        path, _, text = assignment.partition("=")
        method, _, name = path.partition(".")
        registry.method(method)
        given[method][name] = text
    return {name: method.Settings.read(given[name], name, required=True) for name, method in registry.methods.items()}


def compared(
    registry: Registry, names: Sequence[str], assignments: Sequence[str]
) -> tuple[list[Method], dict[str, Settings]]:
    """Methods to compare, and their settings by id. "asif:blend=0" is `asif` once more, with that setting changed.

    Raises:
        UserError: `unknown_method`, `setting_bad`.
    """
    known, chosen = dict(registry.methods), settings(registry, assignments)
    for name in names:
        base, _, change = name.partition(":")
        if change:
            again = copy.copy(registry.method(base))
            again.card = dataclasses.replace(again.card, id=name)
            chosen[name] = settings(registry, [*assignments, f"{base}.{change}"])[base]
            known[name] = again
    return Registry(known.values()).chosen(names), chosen
