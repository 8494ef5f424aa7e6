"""Putting pictures with labels into a collection, and counting what that changes. No label is overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fsl_demo.core.collections import Changes, CollectedPicture, CollectionLabel
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services.collections import Collected
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


def put(workspace: Workspace, name: str, collected: Collected, origin: str = "", new: bool = False) -> Changes:
    """Put pictures into a collection, with what is said of them.

    An imported label that nobody in particular gave is left out where the picture has it already. Where it differs, it
    is the word of the file that it came in: the picture is disputed then, until somebody settles it.

    Args:
        origin: name of that file.
        new: as of `CollectionStore.add`.

    Raises:
        UserError: as of `CollectionStore.add`.
    """
    before = known(workspace, name)
    wanted, counts = dict[Picture, Sequence[CollectionLabel]](), dict[str, int]()
    for picture, labels in collected.items():
        stood = before[picture].label if picture in before else None
        wanted[picture] = labels if stood is None else _words(labels, stood, origin)
        kind = _kind(labels, stood, is_new=picture not in before)
        counts[kind] = counts.get(kind, 0) + 1
    workspace.collections.add(name, wanted, new=new)
    return Changes(**{kind: count for kind, count in counts.items() if kind})


def _words(labels: Sequence[CollectionLabel], stood: CollectionLabel, origin: str) -> list[CollectionLabel]:
    """What is said beside the word that stood."""
    words = []
    for label in labels:
        if label.source != "imported" or label.annotator:
            words.append(label)
        elif label.key != stood.key:
            words.append(replace(label, annotator=origin))
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
