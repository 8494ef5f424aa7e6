"""Saved episodes leave a workspace as one file, and come in from one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fsl_demo.core.class_names import class_key
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report, UserError
from fsl_demo.store import StoredEpisode, Workspace
from fsl_demo.store.exchange import Format, read, readable, remarking
from fsl_demo.store.exchange.annotations import Mark


def export_episodes(workspace: Workspace, kind: Format, ids: Sequence[str], path: Path, report: Report) -> int:
    """Write episodes to a file; without ids, all that are not deleted.

    Args:
        report: told of each picture that cannot be read, and of whatever else is left out.

    Returns:
        How many were written.

    Raises:
        UserError: `episode_missing`, and as of `Format.write`.
    """
    chosen = ids or [summary.id for summary in workspace.episodes()]
    episodes = []
    for episode_id in chosen:
        stored = workspace.episode(episode_id)
        for reason in stored.unreadable:
            report(UserError("episode_part", title=stored.title or episode_id, reason=reason))
        episodes.append((episode_id, readable(stored, report) if kind.pixels else stored))
    kind.write(episodes, path)
    return len(chosen)


def import_episodes(workspace: Workspace, path: Path, progress: Progress, report: Report) -> list[str]:
    """Save the episodes of an export, or class folders as a support set; nothing is saved when the file is refused.

    Args:
        report: told of each picture that is left out.

    Returns:
        The ids of the new episodes.

    Raises:
        UserError: as of `store.exchange.read`.
    """
    return [workspace.save_episode(labelled) for labelled in read(path, workspace, progress=progress, report=report)]


@dataclass(frozen=True)
class QueryBox:
    """A box on a query of a saved episode.

    Attributes:
        query: its position.
        edges: left, top, right and bottom, as fractions of the picture.
        name: what is in it.
    """

    episode_id: str
    query: int
    edges: tuple[float, float, float, float]
    name: str


def mark_region(workspace: Workspace, box: QueryBox, annotator: str = "") -> None:
    """Say what is in a box; what of it reaches beyond the picture is cut off.

    Raises:
        UserError: `episode_missing`, `query_missing`, `box_name`, `box_empty`, `box_outside`.
    """
    picture = _with_query(workspace, box).episode.queries[box.query]
    label, _ = remarking.region(Mark(box.name, box.edges, annotator), number=1, unit=(1.0, 1.0), picture=picture)
    workspace.region_labels.add(box.episode_id, box.query, replace(label, source="drawn"))


def withdraw_region(workspace: Workspace, box: QueryBox) -> None:
    """Take back what is said of a box: the region of that name whose edges are there, each within a pixel.

    Raises:
        UserError: `episode_missing`, `query_missing`, `region_missing`.
    """
    stored = _with_query(workspace, box)
    picture = stored.episode.queries[box.query]
    sides = (picture.width, picture.height) * 2
    for label in stored.regions.get(box.query, ()):
        apart = [abs(own - edge) * side for own, edge, side in zip(label.box, box.edges, sides, strict=True)]
        if class_key(label.name) == class_key(box.name) and max(apart) <= 1:
            workspace.region_labels.withdraw(box.episode_id, box.query, label)
            return
    raise UserError("region_missing", name=box.name, number=box.query + 1)


def _with_query(workspace: Workspace, box: QueryBox) -> StoredEpisode:
    stored = workspace.episode(box.episode_id)
    if box.query >= len(stored.episode.queries):
        raise UserError("query_missing", title=stored.title, number=box.query + 1)
    return stored
