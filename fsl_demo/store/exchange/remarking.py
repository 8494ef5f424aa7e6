"""Boxes that were read from annotations, checked against the pictures, become the marks of episodes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from fsl_demo.core.class_names import MAX_NAME, class_key
from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.core.file_names import plain
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import MAX_BOXES, Region, RegionLabel
from fsl_demo.store.exchange.annotations import AnnotatedPicture, Mark
from fsl_demo.store.exchange.marked_pictures import spelled

SAME = 0.51
"""Pixels by which an edge may differ: formats of whole pixels round."""
BEYOND = 1.01
"""Pixels beyond the picture that are no more than a way to count."""


def regions(annotated: Iterable[AnnotatedPicture], picture: Picture, report: Report) -> tuple[RegionLabel, ...]:
    """The boxes of a picture as regions.

    Args:
        annotated: the picture, as often as annotations name it.
        report: told of each box that is left out, and of those that are cut at the picture's edges.
    """
    kept = [label for named in annotated for label in _regions(named, picture, report)]
    if len(kept) > MAX_BOXES:
        report(UserError("boxes_over", file=picture.name, count=len(kept), limit=MAX_BOXES))
    return tuple(kept[:MAX_BOXES])


def _regions(annotated: AnnotatedPicture, picture: Picture, report: Report) -> list[RegionLabel]:
    width, height = annotated.size or (0.0, 0.0)
    if not (0 < width < math.inf and 0 < height < math.inf):  # as good as not said
        width, height = picture.width, picture.height
    if annotated.marks and abs(width * picture.height - height * picture.width) > width + height:
        size, other = f"{picture.width} × {picture.height}", f"{width:g} × {height:g}"
        report(UserError("boxes_size", file=annotated.name, count=len(annotated.marks), size=size, other=other))
        return []
    unit = (1.0, 1.0) if annotated.fractions else (width, height)
    kept, cut = list[RegionLabel](), 0
    for number, mark in enumerate(annotated.marks, start=1):
        try:
            label, beyond = region(mark, number=number, unit=unit, picture=picture)
        except UserError as error:
            report(error)
            continue
        kept.append(label)
        cut += beyond
    if cut:
        report(Notice("boxes_cut", file=annotated.name, count=cut))
    return kept


def region(mark: Mark, number: int, unit: tuple[float, float], picture: Picture) -> tuple[RegionLabel, bool]:
    """A box as a region, and whether a part of it was cut off.

    Args:
        number: of the box on its picture, from 1.
        unit: what an edge is divided by to be a fraction, across and down.

    Raises:
        UserError: `box_name`, `box_empty`, `box_outside`.
    """
    name = plain(mark.name)
    if not class_key(name) or len(name) > MAX_NAME:
        raise UserError("box_name", file=picture.name, number=number, limit=MAX_NAME)
    left, top, right, bottom = edges = [edge / side for edge, side in zip(mark.edges, unit * 2, strict=True)]
    if not (all(map(math.isfinite, edges)) and left < right and top < bottom):
        raise UserError("box_empty", file=picture.name, number=number)
    inside = Region.within((left, top, right, bottom))
    if inside is None:
        raise UserError("box_outside", file=picture.name, number=number)
    sides = (picture.width, picture.height) * 2
    beyond = max(abs(edge - kept) * side for edge, kept, side in zip(edges, inside.box, sides, strict=True))
    return RegionLabel(inside.box, name, annotator=plain(mark.annotator), source="imported"), beyond > BEYOND


@dataclass(frozen=True)
class ReadPicture:
    """A picture that was read, and its boxes."""

    picture: Picture
    regions: tuple[RegionLabel, ...]


def episode(categories: Sequence[str], pictures: Sequence[ReadPicture], title: str) -> LabelledEpisode:
    """The episode of a data set that says no more than boxes.

    A picture with boxes of one class supports it, with these boxes. Any other is a query: its boxes are regions.
    """
    used = {class_key(label.name): label.name for read in pictures for label in read.regions}
    order = dict.fromkeys(key for name in categories if (key := class_key(name)) in used)
    order |= dict.fromkeys(used)
    index = {key: place for place, key in enumerate(order)}
    support: list[Example] = []
    queries: list[ReadPicture] = []
    for read in pictures:
        keys = {class_key(label.name) for label in read.regions}
        if len(keys) == 1:
            support.append(Example(read.picture, index[keys.pop()], tuple(label.box for label in read.regions)))
        else:
            queries.append(read)
    return LabelledEpisode(
        Episode(
            tuple(ClassSpec(used[key]) for key in order),
            tuple(support),
            tuple(read.picture for read in queries),
        ),
        title,
        regions={position: read.regions for position, read in enumerate(queries) if read.regions},
    )


def remarked(
    labelled: LabelledEpisode,
    files: Sequence[PurePosixPath],
    marked: Mapping[PurePosixPath, Sequence[AnnotatedPicture]],
    report: Report,
) -> LabelledEpisode:
    """An episode with the boxes that annotations have, which another tool may have changed since it was written.

    A box that is where it was stays as it was, with who said it. A picture that the annotations do not name keeps its
    boxes.

    Args:
        files: of the support pictures, then of the queries.
    """
    support = list(labelled.episode.support)
    for place, (example, file) in enumerate(zip(support, files, strict=False)):
        if file in marked:
            name = labelled.episode.classes[example.class_index].name
            support[place] = _support(example, name, read=regions(marked[file], example.picture, report), report=report)
    given = dict(labelled.regions)
    for position, (query, file) in enumerate(zip(labelled.episode.queries, files[len(support) :], strict=True)):
        if file in marked:
            read = regions(marked[file], query, report)
            given[position] = _as_before(read, labelled.regions.get(position, ()), query)
    kept = {position: labels for position, labels in given.items() if labels}
    return replace(labelled, episode=replace(labelled.episode, support=tuple(support)), regions=kept)


def _support(example: Example, class_name: str, read: Sequence[RegionLabel], report: Report) -> Example:
    """A support picture with those boxes that are called like its class."""
    key = class_key(spelled(class_name))
    own = [label for label in read if class_key(label.name) == key]
    if len(own) < len(read):
        count = len(read) - len(own)
        report(UserError("boxes_other_class", file=example.picture.name, name=class_name, count=count))
    before = [replace(own[0], box=box) for box in example.boxes] if own else []
    return replace(example, boxes=tuple(label.box for label in _as_before(own, before, example.picture)))


def _as_before(read: Sequence[RegionLabel], before: Iterable[RegionLabel], picture: Picture) -> tuple[RegionLabel, ...]:
    """The regions that were read, each as it was before where it has stayed what it was."""
    left, result = list(before), list[RegionLabel]()
    for label in read:
        same = next((known for known in left if _same(known, label, picture)), None)
        if same is not None:
            left.remove(same)
        result.append(same or label)
    return tuple(result)


def _same(known: RegionLabel, label: RegionLabel, picture: Picture) -> bool:
    sides = (picture.width, picture.height) * 2
    near = all(abs(a - b) * side <= SAME for a, b, side in zip(known.box, label.box, sides, strict=True))
    return near and class_key(spelled(known.name)) == class_key(label.name)
