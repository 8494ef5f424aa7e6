"""Putting pictures with labels into a collection, and counting what that changes. No label is overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from fsl_demo.core.collections import Changes, CollectedPicture, CollectionLabel
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services.collections import Collected, Keep, of_files
from fsl_demo.store import Workspace


class Counting:
    """A `Report` that counts what is left out.

    Attributes:
        left_out: how many rows, files, pictures or labels.
    """

    def __init__(self, report: Report) -> None:
        self._report, self.left_out = report, 0

    def __call__(self, error: UserError) -> None:
        if not isinstance(error, Notice):
            count = error.params.get("count", 1)
            self.left_out += count if isinstance(count, int) else 1
        self._report(error)


def known(workspace: Workspace, name: str) -> dict[Picture, CollectedPicture]:
    """The pictures of a collection; none where there is no such collection yet."""
    try:
        return {collected.picture: collected for collected in workspace.collections.pictures(name)}
    except UserError as error:
        if error.code != "collection_missing":
            raise
        return {}


def put(
    workspace: Workspace, name: str, collected: Collected, origin: str = "", annotator: str = "", new: bool = False
) -> Changes:
    """Put pictures into a collection, with what is said of them.

    An imported label that nobody in particular gave is left out where the picture has it already. Where it differs, it
    is the word of the file that it came in: the picture is disputed then, until somebody settles it.

    Args:
        origin: name of that file.
        annotator: whose word it is on pictures that have no label yet.
        new: as of `CollectionStore.add`.

    Raises:
        UserError: as of `CollectionStore.add`.
    """
    before = known(workspace, name)
    wanted, counts = dict[Picture, Sequence[CollectionLabel]](), dict[str, int]()
    for picture, labels in collected.items():
        stood = before[picture].label if picture in before else None
        repeats = None if stood is None else (stood.key,)
        wanted[picture] = _words(labels, repeats, annotator if stood is None else origin)
        kind = _kind(labels, stood, is_new=picture not in before)
        counts[kind] = counts.get(kind, 0) + 1
    workspace.collections.add(name, wanted, new=new)
    return Changes(**{kind: count for kind, count in counts.items() if kind})


def import_file(
    workspace: Workspace, name: str, path: Path, keep: Keep, annotator: str, progress: Progress, report: Report
) -> Changes:
    """Bring a file, a folder or an archive into a collection, as `put`.

    Args:
        keep, progress, report: as of `collections.of_files`; at the end, `report` is told what changed.

    Raises:
        UserError: as of `collections.of_files` and `put`.
    """
    counting = Counting(report)
    pictures = known(workspace, name)
    collected = of_files(path, keep, annotator="", progress=progress, report=counting, known=pictures)
    changes = put(workspace, name, collected, origin=path.name, annotator=annotator, new=True)
    report(Notice("import_changes", file=path.name, **asdict(changes), left_out=counting.left_out))
    return changes


def _words(labels: Sequence[CollectionLabel], repeats: tuple[str | None] | None, unnamed: str) -> list[CollectionLabel]:
    """The labels, those of nobody as the word of `unnamed`, and without those that repeat this key."""
    words = []
    for label in labels:
        if label.source != "imported" or label.annotator:
            words.append(label)
        elif repeats is None or label.key != repeats[0]:
            words.append(replace(label, annotator=unnamed))
    return words


def _kind(labels: Sequence[CollectionLabel], stood: CollectionLabel | None, is_new: bool) -> str:
    """Which count a picture belongs to; "" where nothing is said of one that is there."""
    if is_new:
        return "new"
    if not labels:
        return ""
    if stood is None:
        return "labelled"
    return "same" if labels[0].key == stood.key else "differ"
