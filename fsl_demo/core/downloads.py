"""Downloads that are there whole or not at all."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsl_demo.core import durable
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError, disk_trouble

CHUNK = 1 << 20
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
_TEMPORARY_SECONDS = 3600


@dataclass(frozen=True)
class Expected:
    """What a person knows of a file that is to be downloaded.

    Attributes:
        sha256: its hash; "" leaves it to the hub to name one.
        trusted: it may come without any hash.
        begins: the first digits of its hash, where only these are known.
    """

    sha256: str = ""
    trusted: bool = False
    begins: str = ""

    def __post_init__(self) -> None:
        """Raises: UserError: `hash_bad`."""
        if self.sha256 and not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise UserError("hash_bad", value=self.sha256[:80])


ANY_NAMED = Expected()
"""The file with the hash that the hub names."""


def fetch(url: str, file: Path, progress: Progress = quiet, expected: Expected = ANY_NAMED) -> bool:
    """Download to `file`. Until it is whole, and has the expected hash, there is no `file`.

    Args:
        progress: told the megabytes, at stage "download"; may raise `Cancelled`, and nothing is left then.

    Returns:
        Whether the server has it; False for "not found".

    Raises:
        UserError: `download_offline`, `download_refused`, `download_broken`, `download_differs`, `download_unknown`,
            `disk_full`, `folder_unwritable`.
    """
    import httpx

    host = httpx.URL(url).host
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    headers = {"Accept-Encoding": "identity"}
    try:
        with httpx.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return False
            if answer.is_error:
                raise UserError("download_refused", host=host, status=answer.status_code)
            size, named = _promised([*answer.history, answer])
            if expected.sha256 and named and named != expected.sha256:
                raise UserError("download_differs", host=host)
            if not (expected.sha256 or expected.begins or named or expected.trusted):
                raise UserError("download_unknown", host=host)
            _keep(
                answer.iter_raw(CHUNK),
                promised=(size, expected.sha256 or named or expected.begins),
                file=file,
                host=host,
                progress=progress,
            )
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise UserError("download_offline", host=host) from error
    except httpx.HTTPError as error:
        raise UserError("download_broken", host=host) from error
    return True


def _promised(answers: list[Any]) -> tuple[int, str]:
    """Size (0 if unknown) and SHA-256 ("" if unknown) of what comes; the first host that names a hash is the hub."""
    tags = (answer.headers.get("X-Linked-Etag", "").strip('"') for answer in answers)
    named = (tag for tag in tags if re.fullmatch("[0-9a-f]{64}", tag))
    return int(answers[-1].headers.get("Content-Length", 0)), next(named, "")


def _keep(chunks: Iterator[bytes], promised: tuple[int, str], file: Path, host: str, progress: Progress) -> None:
    size, sha256 = promised
    temporary = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    with disk_trouble(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        for left in file.parent.glob("*.part"):  # of a process that was killed
            if left.stat().st_mtime < time.time() - _TEMPORARY_SECONDS:
                left.unlink(missing_ok=True)
        if size > shutil.disk_usage(file.parent).free:
            raise UserError("disk_full", folder=file.parent)
        done, digest = 0, hashlib.sha256()
        with durable.replacing(file, temporary) as output:
            for chunk in chunks:
                output.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress("download", done // 1_000_000, size // 1_000_000)
            if not digest.hexdigest().startswith(sha256):
                raise UserError("download_differs", host=host)
