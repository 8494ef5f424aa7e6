"""How much a request may send, and how slowly."""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import MAX_BYTES
from fsl_demo.ui.incoming import LARGEST_ARCHIVE
from fsl_demo.ui.security.refusal import refuse

HEADER_BYTES = 32_000
BODY_BYTES = 16_000_000
"""Of JSON: two thousand edits with long texts are smaller."""
LARGEST = {
    "/workbench/uploads": LARGEST_ARCHIVE,
    "/workbench/imports": LARGEST_ARCHIVE,
    "/workbench/checkpoints": LARGEST_ARCHIVE,
    "/workbench/live": MAX_BYTES,
    "/login": 10_000,
    "/gradio_api/upload": LARGEST_ARCHIVE + 100_000,
}
"""Bytes of a body by path, where it is a file; the last is several files, each with a heading."""
PATIENCE = 30.0
"""Seconds that may be waited for a body in all ..."""
PACE = 16_000
"""... and for each of these bytes one more."""


class BoundedRequests:
    """Ends requests that are too large or come too slowly, whatever they are for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
            await refuse(scope, receive, send, error=UserError("head_large", limit=HEADER_BYTES // 1000), status=431)
            return
        largest = LARGEST.get(scope["path"], BODY_BYTES)
        promised = Headers(scope=scope).get("content-length", "0")
        if not promised.isdecimal() or int(promised) > largest:
            await refuse(scope, receive, send, error=_large(largest), status=413)
            return
        await _Exchange(scope, receive, send, largest=largest).run(self.app)


def _large(largest: int) -> UserError:
    return UserError("body_large", limit=largest / 1e6)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, largest: int) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.largest = largest
        self.size, self.waited = 0, 0.0
        self.whole = self.answered = False
        self.refused: tuple[UserError, int] | None = None

    async def run(self, app: ASGIApp) -> None:
        try:
            await app(self.scope, self.receive, self.send)
        except Exception:
            if self.refused is None:
                raise
        if self.refused is not None and not self.answered:
            error, status = self.refused
            await refuse(self.scope, self._receive, self._send, error=error, status=status)

    async def receive(self) -> Message:
        """The next part of the body. A request that is refused looks to the application as if the client had gone."""
        if self.whole:
            return await self._receive()
        if self.refused is not None:
            return {"type": "http.disconnect"}
        began = time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), PATIENCE + self.size / PACE - self.waited)
        except TimeoutError:
            self.refused = UserError("body_slow"), 408
            return {"type": "http.disconnect"}
        self.waited += time.monotonic() - began
        self.size += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        if self.size > self.largest:
            self.refused, self.whole = (_large(self.largest), 413), False
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """What the application answers to a request that is refused is dropped, unless it had begun before."""
        if self.refused is None or self.answered:
            self.answered = True
            await self._send(message)
