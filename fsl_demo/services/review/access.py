"""Which pictures of a collection a review looks at: those on view, however many there are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fsl_demo.core.collections import CollectedPicture, CollectionSummary
from fsl_demo.services.review.queue import ReviewOrder, Suggestion, is_wanted, queue
from fsl_demo.store import CollectionFilter, Workspace
from fsl_demo.store.collected_pages import State

BLOCK = 500
"""Pictures that are read at a time."""
LEARNED, ASKED = 10_000, 10_000
"""Labelled pictures that a method learns from, and others that it says something of, at most."""


@dataclass(frozen=True)
class Waiting:
    """A part of the queue.

    Attributes:
        passed: pictures that a page has looked at already, as it did.
        following: the next ones.
        rest: how many come after them; of "mine", of those that can be read or not.
        unread: how many of those that were looked at cannot be read, and are left out.
    """

    passed: tuple[CollectedPicture, ...]
    following: tuple[CollectedPicture, ...]
    rest: int
    unread: int


def readable(workspace: Workspace, pictures: Sequence[CollectedPicture]) -> list[CollectedPicture]:
    """Those of the pictures whose files are there."""
    lost = workspace.lost([known.picture.sha256 for known in pictures])
    return [known for known in pictures if known.picture.sha256 not in lost]


def labelled_pictures(workspace: Workspace, collection: str) -> list[CollectedPicture]:
    """The pictures of a collection that people have said something of, and that can be read.

    Raises:
        UserError: `collection_missing`.
    """
    return readable(workspace, workspace.collections.pictures(collection, CollectionFilter(state="labelled")))


def learnable(workspace: Workspace, collection: str) -> list[CollectedPicture]:
    """What a method learns from and says something of: everything, or of a large collection the first `LEARNED` that
    are labelled, and `ASKED` others that chance picks.

    Raises:
        UserError: `collection_missing`.
    """
    store = workspace.collections
    summary = store.summary(collection)
    if summary.pictures <= LEARNED + ASKED:
        return readable(workspace, store.pictures(collection))
    learned = store.page(collection, CollectionFilter(state="labelled"), limit=LEARNED).pictures
    return readable(workspace, [*learned, *store.shuffled(collection, "unlabelled", after="", limit=ASKED)])


def waiting(
    workspace: Workspace,
    collection: str,
    wanted: ReviewOrder,
    suggested: Mapping[str, Suggestion],
    trail: Sequence[str],
    count: int,
) -> Waiting:
    """The next `count` pictures of a collection, after those that a page has looked at.

    Args:
        suggested: by hash; for "suspect", `suspicions.open_suspicions`.
        trail: hashes of those that were looked at.

    Raises:
        UserError: `collection_missing`.
    """
    store, unread = workspace.collections, set[str]()
    before = store.members(collection, trail)
    passed = readable(workspace, before)
    unread |= {known.picture.sha256 for known in before if known not in passed}
    offered: dict[str, CollectedPicture] = {}
    fitting = 0
    for block in _blocks(workspace, collection, wanted=wanted, suggested=suggested):
        there = readable(workspace, block)
        unread |= {known.picture.sha256 for known in block} - {known.picture.sha256 for known in there}
        for known in there:
            sha256 = known.picture.sha256
            if sha256 not in offered and sha256 not in trail:
                offered[sha256] = known
                fitting += _waits(known, wanted, suggested)
        if fitting >= count:
            break
    following = queue(list(offered.values()), suggested, wanted)
    seen = sum(_waits(known, wanted, suggested) for known in before) + len(following[:count])
    total = _total(workspace, store.summary(collection), wanted=wanted, suggested=suggested)
    lost = sum(sha256 not in trail for sha256 in unread)
    return Waiting(tuple(passed), tuple(following[:count]), rest=max(0, total - seen - lost), unread=len(unread))


def _waits(known: CollectedPicture, wanted: ReviewOrder, suggested: Mapping[str, Suggestion]) -> bool:
    return known.picture.sha256 in suggested if wanted.order == "suspect" else is_wanted(known, wanted)


def _blocks(
    workspace: Workspace, collection: str, wanted: ReviewOrder, suggested: Mapping[str, Suggestion]
) -> Iterator[Sequence[CollectedPicture]]:
    """Pictures, block by block, such that those of a later block come after those of the ones before in the queue."""
    store = workspace.collections
    state: State = "unlabelled" if wanted.which == "unlabelled" else ""
    if wanted.order == "random":
        start = hashlib.sha256(str(wanted.seed).encode()).hexdigest()
        yield from _shuffled(workspace, collection, state=state, start=start)
        return
    if wanted.order in ("unsure", "unlike", "suspect"):
        first = wanted.first(suggested)
        for place in range(0, len(first), BLOCK):
            yield store.members(collection, first[place : place + BLOCK])
    if wanted.order == "suspect":
        return
    narrowed = CollectionFilter(state="disputed" if wanted.order == "disputed" else state)
    page = store.page(collection, narrowed, limit=BLOCK)
    yield page.pictures
    while page.after is not None:
        page = store.page(collection, narrowed, after=page.after, limit=BLOCK)
        yield page.pictures


def _shuffled(workspace: Workspace, collection: str, state: State, start: str) -> Iterator[Sequence[CollectedPicture]]:
    """From a hash on to the last one, and then from the first one on."""
    for after, last in ((start, ""), ("", start)):
        while block := workspace.collections.shuffled(collection, state, after=after, limit=BLOCK):
            after = block[-1].picture.sha256
            yield [known for known in block if not last or known.picture.sha256 <= last]
            if last and after > last:
                return


def _total(
    workspace: Workspace, summary: CollectionSummary, wanted: ReviewOrder, suggested: Mapping[str, Suggestion]
) -> int:
    """How many pictures the queue has, those that were looked at among them."""
    if wanted.order == "disputed":
        return summary.disputed
    if wanted.order == "suspect":
        return len(suggested)
    if wanted.which == "unlabelled":
        return summary.unlabelled
    if wanted.which == "all":
        return summary.pictures
    return summary.pictures - workspace.collections.labelled_by(summary.name, wanted.annotator)
