"""What the gate answers to whatever it does not let pass: a sentence, as a page for a person, as JSON for a program."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import Receive, Scope, Send

from fsl_demo.core.errors import UserError
from fsl_demo.ui import templating
from fsl_demo.ui.texts import language_of

HEADERS = {"Cache-Control": "no-store", "Connection": "close"}


async def refuse(scope: Scope, receive: Receive, send: Send, error: UserError, status: int) -> None:
    """Answer with a sentence in the language of whoever asks."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    request = Request(scope)
    language = language_of(request)
    sentence = language.error(error)
    if "text/html" in request.headers.get("accept", ""):
        address = error.params.get("address", "")
        page = templating.render("refused.html", language=language, sentence=sentence, address=address)
        await HTMLResponse(page, status, HEADERS)(scope, receive, send)
    else:
        await JSONResponse({"code": error.code, "error": sentence}, status, HEADERS)(scope, receive, send)
