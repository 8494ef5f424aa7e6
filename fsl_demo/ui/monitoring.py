"""For what watches over a server: whether it lives, whether it is ready, and its figures."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from fsl_demo.core.errors import UserError
from fsl_demo.ui.page import Page
from fsl_demo.ui.security.accounts import LIVE, METRICS, READY

FRESH = {"Cache-Control": "no-store"}


class Monitoring:
    """The routes for a monitor of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def router(self) -> APIRouter:
        made = APIRouter()
        for path, endpoint in ((LIVE, self.live), (READY, self.ready), (METRICS, self.metrics)):
            made.add_api_route(path, endpoint, methods=["GET"], include_in_schema=False, response_model=None)
        return made

    async def live(self) -> Response:
        """That the server answers at all."""
        return JSONResponse({"live": True}, headers=FRESH)

    def ready(self) -> Response:
        """Whether it can work: the networks are loaded, and the workspace can be read; status 503 where not."""
        try:
            self.page.workspace.drafts.revision("")
            ready = self.page.ready.is_set()
        except UserError:
            ready = False
        return JSONResponse({"live": True, "ready": ready}, 200 if ready else 503, FRESH)

    def metrics(self) -> Response:
        return Response(self.page.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=FRESH)
