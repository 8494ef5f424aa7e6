"""Connections on which no request is yet: as many as one likes may wait, but not keep a person out."""

from __future__ import annotations

import asyncio
import time

from uvicorn.protocols.http.h11_impl import H11Protocol

WAITING = 200
"""Connections that may wait for the head of a request. A browser has six, and sends a head at once."""


class BoundedHeads(H11Protocol):
    """HTTP, where a new connection ends the one that has waited longest, if too many do."""

    since = 0.0  # when it began to wait

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.since = time.monotonic()
        waiting = [other for other in self.connections if isinstance(other, BoundedHeads) and other.is_waiting()]
        if len(waiting) > WAITING:
            min(waiting, key=lambda other: other.since).transport.close()

    def on_response_complete(self) -> None:
        self.since = time.monotonic()
        super().on_response_complete()

    def is_waiting(self) -> bool:
        """Whether the head of a request has not come, be it the first or another one."""
        return not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete)
