"""The page as a running server."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.errors import UserError
from fsl_demo.services import registry
from fsl_demo.store import Workspace, usable
from fsl_demo.ui import live, shell, warming
from fsl_demo.ui.one_server import OneServer
from fsl_demo.ui.page import Page
from fsl_demo.ui.routes import Routes, refused
from fsl_demo.ui.security import guarded
from fsl_demo.ui.security.addresses import Addresses
from fsl_demo.ui.security.bodies import HEADER_BYTES

FIRST_PORT, PORTS = 7860, 100


def build(workspace: Workspace) -> Page:
    """The page with the methods that are installed."""
    networks = Networks(FeatureCache(workspace))
    return Page(workspace, registry.build(networks), live.frame_methods(networks, workspace))


def routes_of(page: Page) -> FastAPI:
    """The page's own routes; whatever goes wrong in one is answered with a sentence."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.closing = threading.Event()  # ends the streams, so that the server can end
    app.include_router(Routes(page).router())
    for kind in (UserError, Exception):
        app.add_exception_handler(kind, refused)
    return app


def application(page: Page) -> FastAPI:
    """The page's own routes, and Gradio mounted beside them."""
    app = routes_of(page)
    frame = shell.blocks(page).queue(default_concurrency_limit=1, max_size=200)
    return gr.mount_gradio_app(app, frame, path="/", **shell.options())


@contextmanager
def running(app: FastAPI, host: str, port: int | None) -> Iterator[str]:
    """Serve in the background, behind the gate; gives the address.

    Raises:
        OSError: when nothing can listen there.
    """
    listening = _listen(host, port)
    addresses = Addresses.of(host, listening.getsockname()[1])
    server = uvicorn.Server(
        uvicorn.Config(
            guarded(app, addresses),
            http="h11",  # bounds the headers that it reads
            h11_max_incomplete_event_size=2 * HEADER_BYTES,
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.02)
        yield addresses.origins[0]
    finally:
        app.state.closing.set()
        server.should_exit = True
        thread.join()


def serve(folder: Path, host: str, port: int | None, open_browser: bool) -> int:
    """Serve until interrupted."""
    workspace = usable(folder)
    only = OneServer(workspace.folder)
    with only.held():
        page = build(workspace)
        page.uploads.clear()
        workspace.clean()
        app = application(page)
        threading.Thread(target=page.uploads.sweep_until, args=(app.state.closing,), daemon=True).start()
        with running(app, host, port) as address:
            only.announce(address)
            print(f"The workbench is open at {address} (Ctrl+C ends it). Workspace: {folder.resolve()}", flush=True)
            if workspace.beneath is not None:
                print(
                    "That folder cannot be written to: whatever is done on the page is lost when it ends.", flush=True
                )
            warming.start(page)
            if open_browser:
                webbrowser.open(address)
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
    return 0


def _listen(host: str, port: int | None) -> socket.socket:
    """A socket on the port, or on the first free one from 7860."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = [port] if port is not None else list(range(FIRST_PORT, FIRST_PORT + PORTS))
    for number in wanted:
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, number))
            listening.listen(128)
            return listening
        except OSError:
            listening.close()
            if number == wanted[-1]:
                raise
    raise OSError("no port")
