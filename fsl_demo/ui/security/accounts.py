"""Accounts: who others are is known by a cookie; whoever has none may log in, and nothing else."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fsl_demo.core.errors import UserError
from fsl_demo.store.accounts import AccountStore
from fsl_demo.ui.security.refusal import refuse

COOKIE = "fsl_session"
LOGIN = "/login"
PUBLIC = (LOGIN, "/favicon.ico", "/workbench/static/plain.css", "/workbench/static/login.js")
"""What is needed to log in."""


class Accounts:
    """Lets requests of known people pass; their `scope["account"]` says whose they are."""

    def __init__(self, app: ASGIApp, accounts: AccountStore) -> None:
        self.app = app
        self.accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        token = request.cookies.get(COOKIE, "")
        account = await asyncio.to_thread(self.accounts.session, token) if token else None
        if account is not None or scope["path"] in PUBLIC:
            await self.app({**scope, "account": account}, receive, send)
        elif scope["method"] == "GET" and "text/html" in request.headers.get("accept", ""):
            await RedirectResponse(LOGIN, 303)(scope, receive, send)
        else:
            await refuse(scope, receive, send, error=UserError("login_needed"), status=401)
