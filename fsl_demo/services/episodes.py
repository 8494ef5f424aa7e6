"""Saved episodes leave a workspace as one file, and come in from one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report, UserError
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import Format, read, readable


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
