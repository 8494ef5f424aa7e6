"""What tests write need not survive a power cut: nothing waits for the disk. What is killed loses nothing by that."""

from __future__ import annotations

import functools
import os
from typing import Any

from fsl_demo.store.connection import Connections

SYNCED = Connections._here
"""Gives a connection as the program has it."""


def unsync() -> None:
    """For as long as the process lives."""
    os.fsync = lambda fd: None

    @functools.wraps(SYNCED)
    def here(self: Connections) -> Any:
        fresh = self._local.db is None
        db = SYNCED(self)
        if fresh:
            db.execute("PRAGMA synchronous=OFF")
        return db

    Connections._here = here  # type: ignore[method-assign]
