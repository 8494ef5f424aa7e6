"""Downloads that are there whole or not at all."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fsl_demo.core import durable
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError, disk_trouble

CHUNK = 1 << 20
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
_TEMPORARY_SECONDS = 3600


def fetch(url: str, file: Path, progress: Progress = quiet) -> bool:
    """Download to `file`. Until it is whole, and has the hash that the server names, there is no `file`.

    Args:
        progress: told the megabytes, at stage "download"; may raise `Cancelled`, and nothing is left then.

    Returns:
        Whether the server has it; False for "not found".

    Raises:
        UserError: `download_offline`, `download_refused`, `download_broken`, `download_differs`, `disk_full`,
            `folder_unwritable`.
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
            _keep(
                answer.iter_raw(CHUNK),
                promised=_promised([*answer.history, answer]),
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
    """Size (0 if unknown) and SHA-256 ("" if unknown) of what comes; hubs name the hash where they redirect."""
    size, sha256 = int(answers[-1].headers.get("Content-Length", 0)), ""
    for answer in answers:
        tag = answer.headers.get("X-Linked-Etag", "").strip('"')
        if re.fullmatch("[0-9a-f]{64}", tag):
            sha256 = tag
    return size, sha256


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
            if sha256 and digest.hexdigest() != sha256:
                raise UserError("download_differs", host=host)
