"""The page's own routes, of the application that Gradio is mounted on, under /workbench."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import plotly
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.archives import MAX_ENTRIES
from fsl_demo.services.finetuning.listing import stored_page
from fsl_demo.ui import examples, images, shell, tables, uploads
from fsl_demo.ui.asking import account_of, asker_of
from fsl_demo.ui.page import Page, SentEdit
from fsl_demo.ui.tabs import REGISTRY
from fsl_demo.ui.texts import language_of

STATIC = Path(__file__).parent / "static"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
FRESH = {"Cache-Control": "no-cache"}
LOOK = 0.1
"""Seconds between two looks for something new that a page has not got."""
HEARTBEAT = 150
"""Looks without anything new after which a sign of life is sent."""
LONGEST = 600
"""Looks after which the stream of an account ends, and the page asks anew: its session may have ended."""


class Edits(BaseModel):
    draft: str
    tab: str = Field(max_length=40)
    at: str = Field(max_length=40)
    edits: list[SentEdit] = Field(max_length=2_000)


class FolderRequest(BaseModel):
    draft: str
    paths: list[str] = Field(max_length=MAX_ENTRIES)


class PageRequest(BaseModel):
    draft: str
    name: str
    values: dict[str, Any] = {}


class Routes:
    """The routes of one page, but for those that take files."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def router(self) -> APIRouter:
        made = APIRouter()
        for method, path, endpoint in (
            ("POST", "/open", self.open),
            ("POST", "/edits", self.edits),
            ("POST", "/panel", self.panel),
            ("POST", "/data", self.data),
            ("POST", "/job", self.job),
            ("POST", "/job/stop", self.stop),
            ("POST", "/job/dismiss", self.dismiss),
            ("GET", "/stream", self.stream),
            ("POST", "/layout", self.layout),
            ("GET", "/pictures/{sha256}/thumbnail", self.thumbnail),
            ("GET", "/pictures/{sha256}/shown", self.picture),
            ("GET", "/heat-maps/{digest}.png", self.heat_map),
            ("GET", "/examples/{recipe}/{number}.jpg", self.example),
            ("GET", "/exports/{file}", self.export),
            ("GET", "/results.csv", self.results),
            ("GET", "/receipts/{finetuning}", self.receipt),
            ("GET", "/requests.js", self.script),
            ("GET", "/texts.js", self.texts),
            ("GET", "/places.js", self.places),
            ("GET", "/plotly.js", self.plotly),
            ("GET", "/static/{path:path}", self.static),
        ):
            made.add_api_route(
                f"/workbench{path}", endpoint, methods=[method], include_in_schema=False, response_model=None
            )
        return made

    # --- requests that change or read a draft -------------------------------------------------------------------

    def open(self, sent: PageRequest, request: Request) -> Response:
        return JSONResponse(self.page.open(sent.draft, sent.name, values=sent.values, asker=asker_of(request)))

    def edits(self, sent: Edits, request: Request) -> Response:
        made = self.page.edit(sent.draft, sent.tab, edits=sent.edits, at=sent.at, asker=asker_of(request))
        return JSONResponse(made)

    def panel(self, sent: PageRequest, request: Request) -> Response:
        return JSONResponse(self.page.panel(sent.draft, sent.name, values=sent.values, asker=asker_of(request)))

    def data(self, sent: PageRequest, request: Request) -> Response:
        return JSONResponse(self.page.data(sent.draft, sent.name, values=sent.values, asker=asker_of(request)))

    def job(self, sent: PageRequest, request: Request) -> Response:
        return JSONResponse(self.page.start(sent.draft, sent.name, values=sent.values, asker=asker_of(request)))

    def stop(self, sent: PageRequest, request: Request) -> Response:
        self.page.jobs.stop(self.page.drafts.get(sent.draft, account_of(request)).id, sent.name)
        return Response(status_code=204)

    def dismiss(self, sent: PageRequest, request: Request) -> Response:
        self.page.jobs.dismiss(self.page.drafts.get(sent.draft, account_of(request)).id, sent.name)
        return Response(status_code=204)

    async def stream(self, request: Request, draft: str, at: str = "", tab: str = "") -> Response:
        """Server-sent events: what a page has not got, as soon as it is there."""
        shown = await asyncio.to_thread(self.page.drafts.get, draft, account_of(request))
        board = await asyncio.to_thread(self.page.board, shown, language_of(request))
        shown.answered.pop(tab, None)  # a page that comes anew says itself what it has

        async def events() -> AsyncIterator[str]:
            known, idle, left = at, 0, LONGEST if shown.account is not None else -1
            while left and not (request.app.state.closing.is_set() or await request.is_disconnected()):
                known = board.newest(known, shown.answered.get(tab, ""))
                if board.at != known:
                    changes = board.since(known)
                    known, idle = changes["at"], 0
                    yield f"data: {json.dumps(changes, ensure_ascii=False)}\n\n"
                elif (idle := idle + 1) % HEARTBEAT == 0:
                    yield ": still here\n\n"
                left -= 1
                await asyncio.sleep(LOOK)

        return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    def layout(self, sent: FolderRequest, request: Request) -> Response:
        """The classes of files that are going to be uploaded, by their paths."""
        context = self.page.context(sent.draft, asker_of(request))
        return JSONResponse(asdict(uploads.placed(context, sent.paths)))

    # --- pictures and files out ----------------------------------------------------------------------------------

    def thumbnail(self, request: Request, sha256: str) -> Response:
        return self._immutable(request, sha256, read=self.page.workspace.thumbnail, kind="image/webp")

    def picture(self, request: Request, sha256: str) -> Response:
        return self._immutable(request, sha256, read=partial(images.shown, self.page.workspace), kind="image/jpeg")

    def heat_map(self, digest: str) -> Response:
        data = images.heat_maps.get(digest)
        return Response(status_code=404) if data is None else Response(data, media_type="image/png", headers=IMMUTABLE)

    def example(self, recipe: str, number: int) -> Response:
        data = examples.preview_jpeg(recipe, number)
        return Response(status_code=404) if data is None else Response(data, media_type="image/jpeg", headers=IMMUTABLE)

    def export(self, request: Request, file: str) -> Response:
        account = account_of(request)
        folder = self.page.exports(account.id if account else None)
        paths = (path for path in folder.iterdir() if path.name == file and path.is_file())
        path = next(paths, None)
        return Response(status_code=404) if path is None else FileResponse(path, filename=file)

    def results(self, request: Request, draft: str) -> Response:
        """The table of results as CSV."""
        context = self.page.context(draft, asker_of(request))
        headers = {"Content-Disposition": 'attachment; filename="results.csv"'}
        return Response(tables.results_csv(context), media_type="text/csv; charset=utf-8", headers=headers)

    def receipt(self, request: Request, finetuning: str) -> Response:
        """The receipt of a fine-tuning as a page of its own."""
        account = account_of(request)
        if account is not None:
            account.require("reviewer")
        language = language_of(request)
        page = stored_page(self.page.workspace, finetuning, say=language.say, code=language.code)
        return Response(status_code=404) if page is None else Response(page, media_type="text/html")

    def script(self) -> Response:
        return Response(REGISTRY.script(), media_type="text/javascript", headers=FRESH)

    def texts(self, request: Request) -> Response:
        language = language_of(request)
        shown = {key: text for key, text in language.texts.items() if not key.startswith("error.")}
        account = account_of(request)
        exported = {"code": language.code, "account": account.name if account else "", "texts": shown}
        script = "".join(
            f"export const {name} = {json.dumps(value, ensure_ascii=False)};\n" for name, value in exported.items()
        )
        return Response(script, media_type="text/javascript", headers={**FRESH, "Vary": "Cookie, Accept-Language"})

    def places(self) -> Response:
        script = f"export const places = {json.dumps(shell.places())};\n"
        return Response(script, media_type="text/javascript", headers=FRESH)

    def plotly(self) -> Response:
        return FileResponse(PLOTLY, media_type="text/javascript", headers=IMMUTABLE)

    def static(self, request: Request, path: str) -> Response:
        file = (STATIC / path).resolve()
        if not file.is_relative_to(STATIC) or not file.is_file():
            return Response(status_code=404)
        answer = FileResponse(file, headers=FRESH, stat_result=file.stat())
        if request.headers.get("if-none-match") == answer.headers["etag"]:
            return Response(status_code=304, headers={**FRESH, "ETag": answer.headers["etag"]})
        return answer

    def _immutable(self, request: Request, sha256: str, read: Any, kind: str) -> Response:
        account, tag = account_of(request), f'"{sha256}"'
        if account is not None and not self.page.workspace.accounts.visible(account.id, [sha256]):
            return Response(status_code=404)
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={**IMMUTABLE, "ETag": tag})
        try:
            return Response(read(sha256), media_type=kind, headers={**IMMUTABLE, "ETag": tag})
        except UserError:
            return Response(status_code=404)


def refused(request: Request, error: Exception) -> Response:
    """The answer to a request in which something went wrong: a sentence in the person's language."""
    language = language_of(request)
    if isinstance(error, UserError):
        return JSONResponse({"code": error.code, "error": language.error(error)}, status_code=409)
    told = language.say("unexpected", error=f"{type(error).__name__}: {error}")
    return JSONResponse({"code": "unexpected", "error": told}, status_code=500)
