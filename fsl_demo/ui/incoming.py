"""Files from the browser: received into the workspace's own folder, bounded, and deleted once they are read."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from pathlib import Path

from fastapi import Request

from fsl_demo.core.errors import UserError, disk_trouble
from fsl_demo.services.episodes import import_episodes
from fsl_demo.store import Workspace
from fsl_demo.ui.context import Context
from fsl_demo.ui.jobs import Job, Outcome

LARGEST_ARCHIVE = 2_000_000_000


def uploads_folder(workspace: Workspace) -> Path:
    return workspace.folder.resolve() / "uploads"


async def receive(request: Request, workspace: Workspace, name: str, largest: int) -> Path:
    """Write the body of a request to a file of its own.

    Args:
        name: what the person calls the file; it is kept as far as every file system takes it.
        largest: in bytes; reading ends there.

    Raises:
        UserError: `picture_empty`, `picture_bytes`, `disk_full`, `folder_unwritable`.
    """
    promised = int(request.headers.get("content-length") or 0)
    if promised > largest:
        raise UserError("picture_bytes", file=name, megabytes=promised / 1e6, limit=largest / 1e6)
    folder = uploads_folder(workspace) / secrets.token_hex(16)
    with disk_trouble(folder):
        folder.mkdir(parents=True)
        plain = "".join(letter for letter in name if letter.isprintable() and letter not in '/\\:*?"<>|').strip(". ")
        path, size = folder / f"{Path(plain).stem[:60] or 'upload'}{Path(plain).suffix[:8]}", 0
        try:
            with path.open("xb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > largest:
                        raise UserError("picture_bytes", file=name, megabytes=size / 1e6, limit=largest / 1e6)
                    await asyncio.to_thread(file.write, chunk)
            if not size:
                raise UserError("picture_empty", file=name)
        except BaseException:
            discard(path)
            raise
    return path


def discard(path: Path) -> None:
    """Delete a received file and the folder that was made for it."""
    shutil.rmtree(path.parent, ignore_errors=True)


def start_import(context: Context, file: Path) -> None:
    """Put the reading of an export, or of class folders, in line as a job."""
    workspace = context.workspace

    def run(job: Job) -> None:
        try:
            progress = job.progress(context.say("import"))
            ids = import_episodes(workspace, file, progress=progress, report=job.errors.append)
            job.outcome = Outcome("imported", len(ids))
        finally:
            discard(file)

    draft = context.draft
    context.page.jobs.start(
        Job("import", draft=draft.id, title="import", work=run, report=lambda: context.page.refresh_jobs(draft))
    )
