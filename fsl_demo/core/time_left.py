"""How long a stage of some work takes from here, by what it has done so far."""

from __future__ import annotations

import time

LEAST = 5.0
"""Seconds from which the pace is known."""


class TimeLeft:
    """Reckons from what is told of one piece of work, stage after stage.

    The pace counts from the first report of something done: before it weights are loaded, and caches are cold.
    """

    def __init__(self) -> None:
        self._stage: tuple[str, int] | None = None
        self._done, self._since = 0, 0.0

    def seconds(self, stage: str, done: int, total: int) -> float | None:
        """Of the stage, if it goes on as fast; None while that is not known."""
        now = time.monotonic()
        if (stage, total) != self._stage or done < self._done or not self._done:
            self._stage, self._done, self._since = (stage, total), done, now
        gone = now - self._since
        if done <= self._done or gone < LEAST:
            return None
        return gone / (done - self._done) * (total - done)
