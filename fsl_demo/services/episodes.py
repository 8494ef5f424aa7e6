"""Saved episodes leave a workspace as one file, and come in from one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import UserError
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import Format, read


def export_episodes(workspace: Workspace, kind: Format, ids: Sequence[str], path: Path) -> int:
    """Write episodes to a file; without ids, all that are not deleted.

    Returns:
        How many were written.

    Raises:
        UserError: `episode_missing`, and as of `Format.write`.
    """
    chosen = ids or [summary.id for summary in workspace.episodes()]
    kind.write([(episode_id, workspace.episode(episode_id)) for episode_id in chosen], path)
    return len(chosen)


def import_episodes(
    workspace: Workspace, path: Path, progress: Progress, report: Callable[[UserError], None]
) -> list[str]:
    """Save the episodes of an export, or class folders as a support set; nothing is saved when the file is refused.

    Args:
        report: told of each picture that is left out.

    Returns:
        The ids of the new episodes.

    Raises:
        UserError: as of `store.exchange.read`.
    """
    return [workspace.save_episode(labelled) for labelled in read(path, workspace, progress=progress, report=report)]
