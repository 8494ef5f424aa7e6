"""Logging in and out, and the lock after many wrong passwords."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from fsl_demo.core.accounts import Account
from fsl_demo.core.episodes import class_key
from fsl_demo.core.errors import UserError
from fsl_demo.store.accounts import SESSION, AccountStore
from fsl_demo.ui import templating
from fsl_demo.ui.security.accounts import COOKIE, LOGIN
from fsl_demo.ui.texts import language_of, languages

WRONG, LOCKED_SECONDS = 10, 15 * 60
"""So many wrong passwords in a row lock an account, and an address, for so long."""
REMEMBERED = 10_000


class Attempts:
    """Wrong passwords in a row, by account and by address."""

    def __init__(self) -> None:
        self._wrong: dict[tuple[str, str], tuple[int, float]] = {}
        self._lock = threading.Lock()

    def check(self, *keys: tuple[str, str]) -> None:
        """
        Raises:
            UserError: `login_locked`, with the time until which it is.
        """
        with self._lock:
            left = max(self._left(key) for key in keys)
        if left > 0:
            until = datetime.fromtimestamp(time.time() + left)
            raise UserError("login_locked", time=f"{until:%H:%M}", minutes=math.ceil(left / 60))

    def wrong(self, *keys: tuple[str, str]) -> None:
        with self._lock:
            for key in keys:
                count, _ = self._wrong.pop(key, (0, 0.0))
                self._wrong[key] = count + 1, time.monotonic()
            while len(self._wrong) > REMEMBERED:
                del self._wrong[next(iter(self._wrong))]

    def right(self, *keys: tuple[str, str]) -> None:
        with self._lock:
            for key in keys:
                self._wrong.pop(key, None)

    def _left(self, key: tuple[str, str]) -> float:
        """Seconds for which it is locked."""
        count, last = self._wrong.get(key, (0, 0.0))
        left = last + LOCKED_SECONDS - time.monotonic()
        if left <= 0:
            self._wrong.pop(key, None)
        return left if count >= WRONG else 0.0


class Login:
    """The log-in page and what it asks for; `gradio_client` logs in here, too."""

    def __init__(self, accounts: AccountStore) -> None:
        self.accounts = accounts
        self.attempts = Attempts()
        self._checker = ThreadPoolExecutor(1, "passwords")  # one after the other: each takes 64 MB, and counts

    def router(self) -> APIRouter:
        made = APIRouter()
        for method, path, endpoint in (
            ("GET", LOGIN, self.page),
            ("POST", LOGIN, self.log_in),
            ("POST", "/logout", self.log_out),
        ):
            made.add_api_route(path, endpoint, methods=[method], include_in_schema=False, response_model=None)
        return made

    def page(self, request: Request) -> Response:
        if request.scope.get("account") is not None:
            return RedirectResponse("/", 303)
        return HTMLResponse(
            templating.render("login.html", language=language_of(request), languages=languages().values()),
            headers={"Cache-Control": "no-store"},
        )

    async def log_in(self, request: Request) -> Response:
        """Begin a session; the form has `username` and `password`."""
        async with request.form(max_files=0, max_fields=2) as form:
            name, password = str(form.get("username", "")), str(form.get("password", ""))
        address = request.client.host if request.client else ""
        check = partial(self._account, name[:200], password, address)
        try:
            account = await asyncio.get_running_loop().run_in_executor(self._checker, check)
        except UserError as error:
            status = 429 if error.code == "login_locked" else 401
            return JSONResponse({"code": error.code, "error": language_of(request).error(error)}, status)
        answer = JSONResponse({"name": account.name}, headers={"Cache-Control": "no-store"})
        answer.set_cookie(
            COOKIE,
            await asyncio.to_thread(self.accounts.open_session, account),
            max_age=int(SESSION.total_seconds()),
            secure=request.scope["scheme"] == "https",
            httponly=True,
            samesite="strict",
        )
        return answer

    async def log_out(self, request: Request) -> Response:
        await asyncio.to_thread(self.accounts.close_session, request.cookies.get(COOKIE, ""))
        answer = Response(status_code=204)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    def _account(self, name: str, password: str, address: str) -> Account:
        keys = ("account", class_key(name)), ("address", address)
        self.attempts.check(*keys)
        account = self.accounts.check(name, password)
        if account is None:
            self.attempts.wrong(*keys)
            raise UserError("login_wrong")
        self.attempts.right(*keys)
        return account
