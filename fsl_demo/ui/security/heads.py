"""Connections on which no request is yet: as many as one likes may wait, but not keep a person out."""

from __future__ import annotations

import asyncio
import time

from uvicorn.protocols.http.h11_impl import H11Protocol

WAITING = 200
"""Connections that may wait for the head of a request. A browser has six, and sends a head at once."""


class BoundedHeads(H11Protocol):
    """HTTP, where a new connection ends the one that has waited longest, if too many do."""

    waits_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.waits_since = time.monotonic()
        waiting = [other for other in self.connections if isinstance(other, BoundedHeads) and other.is_waiting()]
        if len(waiting) > WAITING:
            min(waiting, key=lambda other: other.waits_since).transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next head: a person's connection, which is used now and then, is not the first to end."""
        self.waits_since = time.monotonic()
        super().on_response_complete()

    def is_waiting(self) -> bool:
        """Whether the head of a request has not come, be it the first or another one."""
        return not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete)
