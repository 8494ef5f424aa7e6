"""Pictures ranked by a sentence or by another picture, in a space in which pictures and texts meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from fsl_demo.core.capabilities import MatchesText, SearchesText
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.core.spaces import ImageTextSpace, Matcher
from fsl_demo.inference.phrases import sentence_vector, spoken
from fsl_demo.services.vector_index import Match, VectorIndex
from fsl_demo.store import CollectionPicture, GalleryFilter, WordMatch, Workspace


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
        unranked: how many pictures of the gallery cannot be ranked yet.
        stale: as of `VectorIndex.stale`.
    """

    hits: tuple[Hit, ...]
    count: int
    unranked: int = 0
    stale: str = ""


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
    index, counts = VectorIndex(workspace, space), workspace.gallery.counts()
    matches = index.search(vector, limit, wanted=wanted, besides=besides)
    members = workspace.gallery.members([match.sha256 for match in matches])
    hits = [Hit(members[match.sha256], match.similarity) for match in matches if match.sha256 in members]
    unranked = index.unranked()
    left_out = len(workspace.gallery.members([besides])) if besides else 0
    count = len(hits) if len(matches) < limit else counts.of(wanted) - left_out
    if not wanted.narrows:
        count = min(count, counts.pictures - unranked - left_out)
    return Hits(tuple(hits), count, unranked=unranked, stale=index.stale())


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


def best(registry: Registry, workspace: Workspace, sentence: str, top: int, progress: Progress = quiet) -> list[str]:
    """Hashes of the pictures of a workspace that are most like a sentence, best first.

    Raises:
        UserError: `no_collection`, `no_joint_space`; what `sentence_vector` raises, and what is wrong with a picture.
    """
    space = space_named(registry)
    if not workspace.gallery.counts().pictures:
        raise UserError("no_collection")
    vector = sentence_vector(space, sentence, progress)
    index = VectorIndex(workspace, space)
    index.update(progress)
    return [match.sha256 for match in index.search(vector, top)]
