"""Workspaces that are only read: in a read-only folder, of an earlier version, or while others write."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.store import opening
from fsl_demo.store.connection import trouble
from fsl_demo.store.workspace import Workspace


def reader(folder: Path) -> Workspace:
    """A workspace to read; nothing in its folder is changed.

    Raises:
        UserError: `folder_missing`, `workspace_none`; as of `Workspace`.
    """
    _check_there(folder)
    try:
        workspace = Workspace(folder, read_only=True)
    except UserError as error:
        if error.code != "folder_unwritable":
            raise
        return copied(folder)
    return workspace if workspace.current else copied(folder)


def copied(folder: Path) -> Workspace:
    """A copy of a workspace, over the pictures of the original: what is written to it is gone with the process.

    Raises:
        UserError: as of `reader`.
    """
    _check_there(folder)
    made = Path(tempfile.mkdtemp(prefix="fsl_demo_"))
    try:
        with trouble(folder):
            opening.copy(folder / opening.FILE, made / opening.FILE)
        workspace = Workspace(made, beneath=folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    weakref.finalize(workspace, shutil.rmtree, made, ignore_errors=True)
    return workspace


def usable(folder: Path) -> Workspace:
    """A workspace to work in: the folder's own, or a copy where that cannot be written to.

    Raises:
        UserError: as of `Workspace`.
    """
    try:
        return Workspace(folder)
    except UserError as error:
        if error.code != "folder_unwritable" or not (folder / opening.FILE).is_file():
            raise
        return copied(folder)


def _check_there(folder: Path) -> None:
    if not folder.is_dir():
        raise UserError("folder_missing", folder=folder)
    if not (folder / opening.FILE).is_file():
        opening.check_pictures(folder)
        raise UserError("workspace_none", folder=folder, file=opening.FILE)
