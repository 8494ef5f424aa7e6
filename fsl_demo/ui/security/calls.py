"""Calls of the API: Gradio gives a result to whoever names its session or event, so here each belongs to an account."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fsl_demo.core.accounts import Account
from fsl_demo.core.errors import UserError
from fsl_demo.ui.security.refusal import refuse

_CALLS = re.compile(r"/gradio_api/(?:queue/.*|cancel|reset/?|call/[^/]+/?|(?:call/[^/]+|heartbeat)/([^/]+))")
KEPT = 10_000
"""Names of an account that are remembered, the latest; Gradio has forgotten the results of the others."""


class OwnCalls:
    """Lets nobody name what another account began, be it to read it or to end it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._names: dict[int, dict[str, None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = _CALLS.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if call is None:
            await self.app(scope, receive, send)
            return
        account: Account = scope["account"]
        request = Request(scope, receive)
        body = await request.body()
        names = {call[1], *request.query_params.getlist("session_hash"), *await asyncio.to_thread(_named, body)} - {
            None
        }
        if any(names & others.keys() for owner, others in self._names.items() if owner != account.id):
            await refuse(scope, receive, send, error=UserError("address_none"), status=404)
            return
        self._claim(account, names)

        async def answer(message: Message) -> None:
            """What answers a call names its event: that is claimed before anybody can know it."""
            if scope["method"] == "POST" and message["type"] == "http.response.body":
                self._claim(account, _named(message.get("body", b"")))
            await send(message)

        await self.app(scope, _again(body, receive), answer)

    def _claim(self, account: Account, names: Iterable[str]) -> None:
        own = self._names.setdefault(account.id, {})
        for name in names:
            own.pop(name, None)
            own[name] = None
        while len(own) > KEPT:
            del own[next(iter(own))]


def _named(content: bytes) -> list[str]:
    """The session and the event that JSON names."""
    try:
        values: Any = json.loads(content)
    except ValueError:
        return []
    wanted = map(values.get, ("session_hash", "event_id")) if isinstance(values, dict) else ()
    return [name for name in wanted if isinstance(name, str)]


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read, and then what comes after it."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def message() -> Message:
        return parts.pop() if parts else await receive()

    return message
