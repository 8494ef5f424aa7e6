"""Accounts: who others are is known by a cookie; whoever has none may log in and ask whether the server is well."""

from __future__ import annotations

import asyncio
import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fsl_demo.core.errors import UserError
from fsl_demo.store.accounts import AccountStore
from fsl_demo.ui.security.refusal import refuse

COOKIE = "fsl_session"
LOGIN = "/login"
LIVE, READY, METRICS = "/healthz/live", "/healthz", "/metrics"
PUBLIC = (LOGIN, "/favicon.ico", "/workbench/static/plain.css", "/workbench/static/login.js", LIVE, READY)
"""What is needed to log in, and what says no more than that the server is well."""


class Accounts:
    """Lets requests of known people pass; their `scope["account"]` says whose they are.

    Args:
        token: with which a program may read the figures, and nothing else; empty for none.
    """

    def __init__(self, app: ASGIApp, accounts: AccountStore, token: str = "") -> None:
        self.app = app
        self.accounts = accounts
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        token = request.cookies.get(COOKIE, "")
        account = await asyncio.to_thread(self.accounts.session, token) if token else None
        if account is not None or scope["path"] in PUBLIC or self._reads_figures(request):
            await self.app({**scope, "account": account}, receive, send)
        elif scope["method"] == "GET" and "text/html" in request.headers.get("accept", ""):
            await RedirectResponse(LOGIN, 303)(scope, receive, send)
        else:
            await refuse(scope, receive, send, error=UserError("login_needed"), status=401)

    def _reads_figures(self, request: Request) -> bool:
        sent = request.headers.get("authorization", "").encode()
        return (
            request.scope["path"] == METRICS
            and bool(self.token)
            and secrets.compare_digest(sent, f"Bearer {self.token}".encode())
        )
