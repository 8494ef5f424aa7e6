"""Files from the browser and through the API: received under names that nobody guesses, bounded, deleted once read."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fsl_demo.core.errors import UserError, disk_trouble

LARGEST_ARCHIVE = 2_000_000_000
OWNER_BYTES = 4_000_000_000
ALL_BYTES = 12_000_000_000
"""That uploads may take which are not read yet: those of one session, and all."""
OWNER_FILES = 500
"""That one session may have waiting."""
KEPT_SECONDS, SWEEP_SECONDS = 3_600, 60
"""That a file waits to be used."""


@dataclass
class Upload:
    """A file that was received, or is being received.

    Attributes:
        owner: the session that it belongs to.
        path: in a folder of its own.
        since: when it began to wait, in seconds; None while it comes and while it is read.
    """

    owner: str
    path: Path
    size: int = 0
    since: float | None = None

    @property
    def token(self) -> str:
        """By which a program names it."""
        return f"{self.path.parent.name}/{self.path.name}"


class Uploads:
    """The uploads of a workspace that were not read yet."""

    def __init__(self, workspace: Path) -> None:
        self.folder = workspace.resolve() / "uploads"
        self._uploads: dict[str, Upload] = {}
        self._lock = threading.Lock()

    async def receive(self, chunks: AsyncIterator[bytes], owner: str, name: str, largest: int) -> Upload:
        """Write a file, which then waits to be used.

        Args:
            name: what the person calls the file; it is kept as far as every file system takes it.
            largest: in bytes; reading ends there.

        Raises:
            UserError: `picture_empty`, `picture_bytes`, `uploads_full`, `disk_full`, `folder_unwritable`.
        """
        plain = "".join(letter for letter in name if letter.isprintable() and letter not in '/\\:*?"<>|').strip(". ")
        file = f"{Path(plain).stem[:60] or 'upload'}{Path(plain).suffix[:8]}"
        upload = Upload(owner, self.folder / secrets.token_hex(16) / file)
        await asyncio.to_thread(self._begin, upload)
        try:
            with disk_trouble(self.folder), await asyncio.to_thread(_made, upload.path) as out:
                async for chunk in chunks:
                    self._grow(upload, len(chunk))
                    if upload.size > largest:
                        raise too_large(name, upload.size, largest)
                    await asyncio.to_thread(out.write, chunk)
            if not upload.size:
                raise UserError("picture_empty", file=name)
            self._wait(upload)
        except BaseException:
            await self.drop(upload)
            raise
        return upload

    def hold(self, upload: Upload) -> None:
        """Keep a file until it is discarded, however long that takes."""
        with self._lock:
            upload.since = None

    @contextmanager
    def using(self, *uploads: Upload) -> Iterator[list[Path]]:
        """Files that are read now, and are gone afterwards."""
        for upload in uploads:
            self.hold(upload)
        try:
            yield [upload.path for upload in uploads]
        finally:
            for upload in uploads:
                self.discard(upload)

    def take(self, tokens: Iterable[str], owner: str) -> list[Upload]:
        """Hold the files of this owner that a program names.

        Raises:
            UserError: `upload_gone`, for whatever is no such file, or is held already.
        """
        with self._lock:
            taken = []
            for token in dict.fromkeys(tokens):
                upload = self._uploads.get(token)
                if upload is None or upload.owner != owner or upload.since is None:
                    raise UserError("upload_gone", file=token.rpartition("/")[2][:100])
                taken.append(upload)
            for upload in taken:
                upload.since = None
        return taken

    def discard(self, upload: Upload) -> None:
        """Delete a file, and the folder that was made for it."""
        shutil.rmtree(upload.path.parent, ignore_errors=True)
        with self._lock:
            self._uploads.pop(upload.token, None)

    async def drop(self, upload: Upload) -> None:
        """Discard a file in a thread, even where whoever waits for it is gone: a disk may be slow."""
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self.discard, upload))

    def sweep(self, now: float | None = None) -> None:
        """Delete what waited too long."""
        oldest = (time.monotonic() if now is None else now) - KEPT_SECONDS
        with self._lock:
            late = [upload for upload in self._uploads.values() if upload.since is not None and upload.since < oldest]
        for upload in late:
            self.discard(upload)

    def sweep_until(self, closing: threading.Event) -> None:
        """Sweep every minute, until the server ends."""
        while not closing.wait(SWEEP_SECONDS):
            self.sweep()

    def clear(self) -> None:
        """Delete what a process left behind that was killed."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self, upload: Upload) -> None:
        self.sweep()
        with self._lock:
            if sum(other.owner == upload.owner for other in self._uploads.values()) >= OWNER_FILES:
                raise UserError("uploads_many", limit=OWNER_FILES)
            self._uploads[upload.token] = upload

    def _wait(self, upload: Upload) -> None:
        with self._lock:
            upload.since = time.monotonic()

    def _grow(self, upload: Upload, size: int) -> None:
        with self._lock:
            upload.size += size
            own = sum(other.size for other in self._uploads.values() if other.owner == upload.owner)
            everything = sum(other.size for other in self._uploads.values())
        for taken, limit in ((own, OWNER_BYTES), (everything, ALL_BYTES)):
            if taken > limit:
                raise UserError("uploads_full", limit=limit / 1e9)


def _made(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True)
    return path.open("xb")


def too_large(name: str, size: int, largest: int) -> UserError:
    return UserError("picture_bytes", file=name, megabytes=size / 1e6, limit=largest / 1e6)
