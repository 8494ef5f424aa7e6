"""Other sites: what a page of another site makes a browser ask for is refused, whether it would read or change."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from fsl_demo.core.errors import UserError
from fsl_demo.ui.security.refusal import refuse

OWN_SITES = ("same-origin", "none")
"""Of Sec-Fetch-Site: asked by the workbench's own page, or by a person (typed, bookmarked)."""


class SameOrigin:
    """Lets requests pass that the workbench's own page sends, a person types, or a program makes.

    Browsers say who asks: in Sec-Fetch-Site, in Origin, older ones in Referer only. A program such as gradio_client
    or curl sends none of them; it could send any, so there is nothing to check, and nothing that a page of another
    site could make it do.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and not _is_own(Headers(scope=scope), scope["origin"]):
            error = UserError("site_foreign", address=scope["origin"])
            await refuse(scope, receive, send, error=error, status=403)
            return
        await self.app(scope, receive, send)


def _is_own(headers: Headers, own: str) -> bool:
    origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    if any(origin != own for origin in origins) or any(site not in OWN_SITES for site in sites):
        return False
    if origins or sites:
        return True
    return all(_origin(referer) == own for referer in headers.getlist("referer"))


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
