"""What every answer says to the browser: which scripts may run, who may frame it, what it may be used for."""

from __future__ import annotations

import re
import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'{nonce}",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""Gradio and Plotly put styles into elements, so those cannot be forbidden."""
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), payment=()",
}
SCRIPT = re.compile(rb"<script(?=[\s>])")


class Headers:
    """Puts these headers on every answer, and a nonce on each script of a page; takes Gradio's CORS headers away."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] == "/":  # a page is changed on its way, so it must come as it is
            headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, _Answer(send).send)


class _Answer:
    """One answer on its way out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._page: tuple[Message, bytes] | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.lower().startswith("access-control-")]:
                del headers[name]
            headers.update(ALWAYS)
            if headers.get("content-type", "").startswith("text/html"):
                self._page = message, b""
                return
            headers["Content-Security-Policy"] = _policy()
        elif self._page is not None:
            start, body = self._page
            self._page = start, body + message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page()
            return
        await self._send(message)

    async def _send_page(self) -> None:
        assert self._page is not None
        (start, body), nonce = self._page, secrets.token_urlsafe(16)
        self._page = None
        body = SCRIPT.sub(f'<script nonce="{nonce}"'.encode(), body)
        headers = MutableHeaders(scope=start)
        headers["Content-Security-Policy"] = _policy(nonce)
        if body:
            headers["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _policy(nonce: str = "") -> str:
    """The security policy; scripts within a page run where they carry its nonce."""
    told = f" 'nonce-{nonce}'" if nonce else ""
    return "; ".join(f"{name} {value}" for name, value in POLICY.items()).format(nonce=told)
