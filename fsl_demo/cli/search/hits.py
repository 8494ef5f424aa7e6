"""Pictures that a search lists: how they are found, and what is said of each."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsl_demo.cli import reporting
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services import reading

if TYPE_CHECKING:
    import numpy as np

    from fsl_demo.core.registry import Registry
    from fsl_demo.core.spaces import ImageTextSpace, Matcher
    from fsl_demo.store import CollectionPicture, Workspace

RERANKS = "It needs a sentence, and compact-vlm."


@dataclass(frozen=True)
class Hit:
    """A picture that is listed, by the file that it is called; `similarity` where a vector was looked for."""

    file: str
    member: CollectionPicture
    similarity: float = 0.0


def document(hit: Hit, match: dict[str, Any]) -> dict[str, Any]:
    return {
        "file": hit.file,
        "sha256": hit.member.picture.sha256,
        **match,
        "classes": list(hit.member.classes),
        "episodes": list(hit.member.episodes),
    }


def workspace_folder(chosen: argparse.Namespace) -> Path:
    """The workspace that is searched.

    Raises:
        UserError: `folder_missing`: a misspelled folder isn't made.
    """
    folder = chosen.workspace or Path("workspace")
    if not folder.is_dir():
        raise UserError("folder_missing", folder=folder)
    return folder


def _vector(
    chosen: argparse.Namespace, space: ImageTextSpace, like: Picture | None, terminal: reporting.Terminal
) -> np.ndarray:
    """What is looked for.

    Raises:
        UserError: what `sentence_vector` raises.
    """
    from fsl_demo.inference.phrases import sentence_vector

    if like:
        return space.embed([like], terminal.progress)[0]
    return sentence_vector(space, chosen.sentence, terminal.progress)


def of_workspace(
    chosen: argparse.Namespace,
    space: ImageTextSpace,
    workspace: Workspace,
    like: Picture | None,
    top: int,
    terminal: reporting.Terminal,
) -> list[Hit]:
    """The pictures of a workspace most like what is looked for, best first; those whose files are lost are named.

    Raises:
        UserError: `no_collection`; what `_vector` raises.
    """
    from fsl_demo.services.vector_index import VectorIndex

    vector = _vector(chosen, space, like=like, terminal=terminal)
    index = VectorIndex(workspace, space)
    index.update(terminal.progress, terminal.fault)
    matches = index.search(vector, top, besides=like.sha256 if like else "")
    members = workspace.gallery.members([match.sha256 for match in matches])
    lost = workspace.lost(list(members))
    if not members:
        raise UserError("no_collection")
    for error in lost.values():
        terminal.fault(error)
    return [
        Hit(member.picture.name, member, match.similarity)
        for match in matches
        if match.sha256 not in lost and (member := members.get(match.sha256))
    ]


def of_files(
    chosen: argparse.Namespace, space: ImageTextSpace, like: Picture | None, top: int, terminal: reporting.Terminal
) -> list[Hit]:
    """The pictures of a folder or a zip most like what is looked for, best first.

    Raises:
        UserError: `no_collection`; what `_vector` raises.
    """
    import numpy as np

    from fsl_demo.store import CollectionPicture

    pictures = reading.queries(chosen.data, terminal.progress, terminal.fault)
    vector = _vector(chosen, space, like=like, terminal=terminal)
    files = {picture: file for file, picture in reversed(pictures.items()) if picture != like}
    if not files:
        raise UserError("no_collection")
    similarities = space.embed(list(files), terminal.progress) @ vector
    best = np.argsort(-similarities, kind="stable")[:top].tolist()
    offered = [
        Hit(file, CollectionPicture(picture, classes=(), episodes=(), added=False), float(similarity))
        for (picture, file), similarity in zip(files.items(), similarities, strict=True)
    ]
    return [offered[place] for place in best]


def in_new_order(
    chosen: argparse.Namespace, model: Matcher, hits: Sequence[Hit], terminal: reporting.Terminal
) -> list[Hit]:
    """The hits, the first ones in the order of a model that looks at words and pictures together."""
    from fsl_demo.services.search import reranked
    from fsl_demo.services.vector_index import Match

    by_hash = {hit.member.picture.sha256: hit for hit in hits}
    matches = [Match(sha256, hit.similarity) for sha256, hit in by_hash.items()]
    pictures = {sha256: hit.member.picture for sha256, hit in by_hash.items()}
    ranked = reranked(model, chosen.sentence, matches=matches, pictures=pictures, progress=terminal.progress)
    return [by_hash[match.sha256] for match in ranked]


def reranker(chosen: argparse.Namespace, registry: Registry, space: ImageTextSpace) -> Matcher:
    """What puts the first pictures in a new order.

    Raises:
        UserError: `setting_bad` for a picture, or a space whose order it was not trained to improve; `no_joint_space`.
    """
    from fsl_demo.services.search import matcher

    model = matcher(registry)
    if chosen.like or space.id != model.improves:
        raise UserError("setting_bad", name="--rerank", value="used", reason=RERANKS)
    return model
