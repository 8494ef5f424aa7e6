"""What is answered at all: the workbench's own routes, and those of Gradio that the page and the API need."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from fsl_demo.core.errors import UserError
from fsl_demo.ui.security.refusal import refuse

READ, WRITE = ("GET", "HEAD"), ("POST",)
DOORS: tuple[tuple[tuple[str, ...], str], ...] = (
    ((*READ, *WRITE), r"/workbench/.+"),
    (READ, r"/"),
    (READ, r"/config/?"),
    (READ, r"/healthz(/live)?"),
    (READ, r"/metrics"),
    (READ, r"/(assets|static)/.+"),
    (READ, r"/(favicon\.ico|manifest\.json|robots\.txt|theme\.css)"),
    (READ, r"/pwa_icon(/[0-9]+)?"),
    (READ, r"/gradio_api/(info/?|startup-events|theme\.css)"),
    (READ, r"/gradio_api/heartbeat/[a-z0-9]+"),
    (READ, r"/gradio_api/queue/data"),
    (WRITE, r"/gradio_api/queue/join"),
    (WRITE, r"/gradio_api/upload"),
    (WRITE, r"/gradio_api/(cancel|reset/?)"),
    (WRITE, r"/gradio_api/call/[a-z_]+/?"),
    (READ, r"/gradio_api/call/[a-z_]+/[a-z0-9]+"),
)
"""Methods and the whole path. Everything else of Gradio (files and addresses by name, proxies, component servers, recordings,
monitoring, edits of its own code) is not there."""

LOGIN = {("GET", "/login"), ("HEAD", "/login"), ("POST", "/login"), ("POST", "/logout")}

_OPEN = [(methods, re.compile(path)) for methods, path in DOORS]


def is_open(method: str, path: str) -> bool:
    return any(method in methods and pattern.fullmatch(path) for methods, pattern in _OPEN)


class Doors:
    """Lets requests pass for which there is a door.

    Args:
        accounts: whether people log in; the doors for that are there only then.
    """

    def __init__(self, app: ASGIApp, accounts: bool) -> None:
        self.app = app
        self.accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and self._lets_pass(scope["method"], scope["path"])):
            await self.app(scope, receive, send)
            return
        await refuse(scope, receive, send, error=UserError("address_none"), status=404)

    def _lets_pass(self, method: str, path: str) -> bool:
        return is_open(method, path) or (self.accounts and (method, path) in LOGIN)
