"""The routes that take files: pictures, exports, frames of a camera, and files for calls of the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from fsl_demo.core.accounts import Role
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import MAX_BYTES
from fsl_demo.datasets.file_source import ARCHIVES
from fsl_demo.ui import api, incoming, live, multipart, uploads
from fsl_demo.ui.asking import account_of, context_of
from fsl_demo.ui.context import Context
from fsl_demo.ui.finetuning import start_bringing_back
from fsl_demo.ui.importing import Into, start_import
from fsl_demo.ui.page import Page
from fsl_demo.ui.texts import language_of


class UploadRoutes:
    """What reads pictures has threads of its own, so that clicks do not wait for it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.live = live.Live(page)
        self._readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="reader")

    def router(self) -> APIRouter:
        made = APIRouter()
        for path, endpoint in (
            ("/workbench/uploads", self.upload),
            ("/workbench/imports", self.upload_export),
            ("/workbench/checkpoints", self.upload_checkpoint),
            ("/workbench/live", self.live_answer),
            ("/gradio_api/upload", self.upload_for_call),
        ):
            made.add_api_route(path, endpoint, methods=["POST"], include_in_schema=False, response_model=None)
        return made

    async def upload(self, request: Request, draft: str, target: str) -> Response:
        """One file; answers with a line of JSON for each picture in it, as it is read."""
        language, path = language_of(request), unquote(request.headers.get("x-path", "")) or "picture"
        largest = incoming.LARGEST_ARCHIVE if path.lower().endswith(ARCHIVES) else MAX_BYTES
        try:
            context = await context_of(self.page, request, draft)
            received = await self._receive(request, draft, name=Path(path).name, largest=largest)
        except UserError as error:
            return Response(uploads.Entry(path, error=language.error(error)).line(), media_type="application/x-ndjson")

        async def lines() -> AsyncIterator[bytes]:
            loop = asyncio.get_running_loop()
            self.page.uploads.hold(received)
            entries = uploads.read(context, received.path, path=path, target=target)
            try:
                while (entry := await loop.run_in_executor(self._readers, partial(next, entries, None))) is not None:
                    yield entry.line()
            finally:
                await self.page.uploads.drop(received)

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    async def upload_export(self, request: Request, draft: str, collection: str = "", annotator: str = "") -> Response:
        """A file of episodes, or of labels for a collection, which a job then reads."""
        into = Into(collection, annotator) if collection else None
        return await self._upload(
            request, draft, start=partial(start_import, into=into), role="annotator" if into else "reviewer"
        )

    async def upload_checkpoint(self, request: Request, draft: str) -> Response:
        """A checkpoint that was fine-tuned elsewhere, which a job then checks and takes in."""
        return await self._upload(request, draft, start=start_bringing_back, role="reviewer")

    async def _upload(
        self, request: Request, draft: str, start: Callable[[Context, incoming.Upload], None], role: Role
    ) -> Response:
        name = Path(unquote(request.headers.get("x-path", ""))).name or "export"
        context = await context_of(self.page, request, draft)
        context.require(role)
        received = await self._receive(request, draft, name=name, largest=incoming.LARGEST_ARCHIVE)
        await asyncio.to_thread(start, context, received)
        return Response(status_code=204)

    async def upload_for_call(self, request: Request) -> Response:
        """Files for a call of the API; answers with the names by which the call names them."""
        received, owner = [], api.owner(account_of(request))
        try:
            async for name, content in multipart.files(request):
                received.append(
                    await self.page.uploads.receive(content, owner, name=name, largest=incoming.LARGEST_ARCHIVE)
                )
        except BaseException:
            for upload in received:
                await self.page.uploads.drop(upload)
            raise
        return JSONResponse([upload.token for upload in received])

    async def _receive(self, request: Request, draft: str, name: str, largest: int) -> incoming.Upload:
        promised = int(request.headers.get("content-length") or 0)
        if promised > largest:
            raise incoming.too_large(name, promised, largest)
        return await self.page.uploads.receive(request.stream(), draft, name=name, largest=largest)

    async def live_answer(self, request: Request, draft: str) -> Response:
        """What the fastest proposed method says of one frame of a camera, which is not kept."""
        context = await context_of(self.page, request, draft)
        return JSONResponse(await asyncio.to_thread(self.live.answer, context, await request.body()))
