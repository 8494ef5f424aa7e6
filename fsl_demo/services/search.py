"""Pictures ranked by a sentence or by another picture, in a space in which pictures and texts meet."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fsl_demo.core.capabilities import MatchesText, SearchesText
from fsl_demo.core.episodes import Progress, ordered_unique, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.core.spaces import ImageTextSpace, Matcher
from fsl_demo.inference.phrases import sentence_vector, spoken
from fsl_demo.store import CollectionPicture, GalleryFilter, WordMatch, Workspace


class Match(NamedTuple):
    """A picture that was found, by hash, and its cosine with what was asked for."""

    sha256: str
    similarity: float


def spaces(registry: Registry) -> dict[str, ImageTextSpace]:
    """The spaces to search in, by the id of a method that has it; each space once.

    Those whose weights cannot be used are left out: predicting with the method, and `doctor`, say why.
    """
    by_method: dict[str, ImageTextSpace] = {}
    for method in registry.supporting(SearchesText):
        with suppress(UserError):
            joint = method.joint
            if all(joint.id != other.id for other in by_method.values()):
                by_method[method.card.id] = joint
    return by_method


def space_named(registry: Registry, method: str = "") -> ImageTextSpace:
    """The space of the method that is named, or the first there is.

    Raises:
        UserError: `no_joint_space`; `unknown_method` for a method that has none.
    """
    by_method = spaces(registry)
    if not by_method:
        raise UserError("no_joint_space")
    if method and method not in by_method:
        raise UserError("unknown_method", name=method, known=", ".join(by_method))
    return by_method[method or next(iter(by_method))]


@dataclass(frozen=True)
class Hit:
    """A picture of the gallery that was found: as it is, by its similarity, or by words of its caption or name."""

    member: CollectionPicture
    similarity: float | None = None
    words: WordMatch | None = None


@dataclass(frozen=True)
class Hits:
    """What a search found, the best first.

    Attributes:
        count: how many pictures match; by words, at most `words.RANKED`.
        unranked: how many more there are that cannot be ranked yet.
    """

    hits: tuple[Hit, ...]
    count: int
    unranked: int = 0


def latest(workspace: Workspace, wanted: GalleryFilter, limit: int) -> Hits:
    """The latest pictures of the gallery that match."""
    page = workspace.gallery.page(wanted, limit=limit)
    return Hits(tuple(map(Hit, page.pictures)), workspace.gallery.counts().of(wanted))


def with_words(workspace: Workspace, text: str, wanted: GalleryFilter, limit: int) -> Hits:
    """The pictures whose caption or file name has all these words; those that say them best first.

    Raises:
        UserError: `search_empty`.
    """
    if not text.strip():
        raise UserError("search_empty")
    matching = workspace.gallery.with_words(text, limit, wanted)
    members = workspace.gallery.members([match.picture for match in matching.matches])
    hits = tuple(Hit(members[match.picture], words=match) for match in matching.matches if match.picture in members)
    return Hits(hits, matching.count)


def nearest(
    workspace: Workspace,
    space: ImageTextSpace,
    vector: np.ndarray,
    wanted: GalleryFilter,
    limit: int,
    besides: str = "",
) -> Hits:
    """The pictures most like a unit vector [D] of a space.

    Args:
        besides: hash of a picture to leave out.
    """
    offered = {member.picture.sha256: member for member in workspace.gallery.all(wanted)}
    offered.pop(besides, None)
    ranked = index_of(space).search(vector, list(offered), len(offered))
    hits = tuple(Hit(offered[match.sha256], match.similarity) for match in ranked[:limit])
    return Hits(hits, len(ranked), unranked=len(offered) - len(ranked))


def matcher(registry: Registry) -> Matcher:
    """The model that matches sentences with pictures by looking at both at once, of the first method that has one.

    Raises:
        UserError: `no_joint_space`.
    """
    for method in registry.supporting(MatchesText):
        return method.matcher
    raise UserError("no_joint_space")


def reranked(
    model: Matcher,
    sentence: str,
    matches: Sequence[Match],
    pictures: Mapping[str, Picture],
    progress: Progress = quiet,
) -> list[Match]:
    """What a sentence found, its first ten in the order of similarity and match blended; the rest as it is.

    Args:
        sentence: what was looked for, as it is.
        matches: of the space that `model.improves` names, best first; each keeps its similarity.
        pictures: by hash.

    Raises:
        UserError: what `phrases.spoken` raises; `weights_missing`, `weights_differ`.
    """
    first, rest = list(matches[: model.top]), matches[model.top :]
    text = spoken(model, sentence)
    similarities = np.array([match.similarity for match in first])
    scores = model.match([pictures[match.sha256] for match in first], [text], progress)[:, 0]
    order = np.argsort(-model.blended(similarities, scores), kind="stable")
    return [*(first[place] for place in order), *rest]


class PictureIndex:
    """The vectors of pictures in one space, in memory. Threads may share it.

    Who searches hands in the pictures to rank, so a picture that is gone need not be taken out.
    """

    def __init__(self, space: ImageTextSpace) -> None:
        self.space = space
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        self._vectors = np.zeros((0, 0), np.float32)

    def __contains__(self, sha256: object) -> bool:
        return sha256 in self._rows

    def missing(self, pictures: Sequence[Picture]) -> list[Picture]:
        """The pictures that have no vector here yet, each once."""
        return [picture for picture in ordered_unique(pictures) if picture.sha256 not in self]

    def add(self, pictures: Sequence[Picture], progress: Progress = quiet) -> None:
        """Embed the pictures that are missing. Others may search meanwhile."""
        new = self.missing(pictures)
        if not new:
            return
        vectors = self.space.embed(new, progress)
        with self._lock:
            fresh = [number for number, picture in enumerate(new) if picture.sha256 not in self._rows]
            start = len(self._rows)
            grown = np.concatenate([self._vectors, vectors[fresh]]) if start else vectors[fresh]
            self._vectors = np.ascontiguousarray(grown, dtype=np.float32)
            self._rows = self._rows | {new[number].sha256: start + row for row, number in enumerate(fresh)}

    def vector(self, sha256: str) -> np.ndarray:
        """The unit vector of a picture that was added, float32 [D]."""
        vector: np.ndarray = self._vectors[self._rows[sha256]]
        return vector

    def search(self, vector: np.ndarray, pictures: Sequence[str], k: int) -> list[Match]:
        """The `k` pictures most like a unit vector [D], best first.

        Args:
            pictures: hashes of those to rank; one that was not added is passed over.
        """
        with self._lock:
            rows, vectors = self._rows, self._vectors
        known = [sha256 for sha256 in pictures if sha256 in rows]
        if not known:
            return []
        similarities = (vectors @ vector)[[rows[sha256] for sha256 in known]]
        best = np.argsort(-similarities, kind="stable")[:k]
        return [Match(known[place], float(similarities[place])) for place in best]


def best(registry: Registry, workspace: Workspace, sentence: str, top: int, progress: Progress = quiet) -> list[str]:
    """Hashes of the pictures of a workspace that are most like a sentence, best first.

    Raises:
        UserError: `no_collection`, `no_joint_space`; what `sentence_vector` raises.
    """
    space = space_named(registry)
    pictures = [member.picture for member in workspace.collection()]
    if not pictures:
        raise UserError("no_collection")
    vector = sentence_vector(space, sentence, progress)
    index = index_of(space)
    index.add(pictures, progress)
    return [match.sha256 for match in index.search(vector, [picture.sha256 for picture in pictures], top)]


_indexes: dict[int, PictureIndex] = {}


def index_of(space: ImageTextSpace) -> PictureIndex:
    """The one index of a space in this process; it keeps the space alive, so that no other takes its place."""
    return _indexes.setdefault(id(space), PictureIndex(space))
