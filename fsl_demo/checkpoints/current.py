"""What is made of checkpoints, as long as the same versions are in use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from fsl_demo.checkpoints.layout import Source
from fsl_demo.checkpoints.registry import hash_in_use, load
from fsl_demo.core.episodes import Progress, quiet

T = TypeVar("T")


class Current(Generic[T]):
    """Gives what `make` makes of the versions in use, and makes it again once others are. Threads may share it.

    The value of a version that is no longer in use is let go; whoever still works with it keeps it.

    Args:
        make: is given the loaded `Checkpoint` of each source.
    """

    def __init__(self, make: Callable[..., T], *sources: Source, folder: Path | None = None) -> None:
        self._make, self._sources, self._folder = make, sources, folder
        self._made: tuple[tuple[str, ...], T] | None = None
        self._lock = threading.Lock()

    @property
    def made(self) -> tuple[T, ...]:
        """The value that was given last, if any was."""
        return () if self._made is None else (self._made[1],)

    def __call__(self, progress: Progress = quiet) -> T:
        """The value; `progress` is told of "weights" where it has to be made.

        Raises:
            UserError: what is wrong with a version in use.
        """
        with self._lock:
            hashes = tuple(hash_in_use(source, self._folder) for source in self._sources)
            if self._made is None or self._made[0] != hashes:
                progress("weights", 0, 1)
                checkpoints = [load(source, self._folder) for source in self._sources]
                self._made = tuple(checkpoint.sha256 for checkpoint in checkpoints), self._make(*checkpoints)
                progress("weights", 1, 1)
            return self._made[1]
