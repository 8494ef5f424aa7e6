"""Class folders read from a path."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.class_pictures import pictures_by_class
from fsl_demo.datasets.file_source import open_source
from fsl_demo.store import Workspace


def read_class_pictures(
    path: Path, progress: Progress = quiet, workspace: Workspace | None = None
) -> tuple[dict[str, list[Picture]], list[UserError]]:
    """The pictures of each class, and what was wrong with those that are left out."""
    with open_source(path) as source:
        kept = partial(source.picture, ingest=workspace.ingest) if workspace else None
        told: list[UserError] = []
        read = pictures_by_class(source, progress, report=told.append, read_picture=kept)
    return read.classes, [error for error in told if not isinstance(error, Notice)]
