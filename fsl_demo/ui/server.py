"""The page as a running server."""

from __future__ import annotations

import socket
import ssl
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.errors import UserError
from fsl_demo.portable.web import files as page_files
from fsl_demo.services import registry
from fsl_demo.store import Workspace, usable
from fsl_demo.store.accounts import AccountStore
from fsl_demo.ui import live, shell, warming
from fsl_demo.ui.gradio_import import gradio as gr
from fsl_demo.ui.login import Login
from fsl_demo.ui.metrics import Measured
from fsl_demo.ui.monitoring import Monitoring
from fsl_demo.ui.one_server import OneServer
from fsl_demo.ui.page import Page
from fsl_demo.ui.routes import Routes, refused
from fsl_demo.ui.security import guarded
from fsl_demo.ui.security.addresses import Addresses, is_loopback, parsed
from fsl_demo.ui.security.bodies import HEADER_BYTES
from fsl_demo.ui.security.heads import BoundedHeads
from fsl_demo.ui.upload_routes import UploadRoutes

FIRST_PORT, PORTS = 7860, 100
QUEUE_SLEEP = 0.02
"""Seconds after which Gradio looks again for calls of the API; its own millisecond costs a twentieth of a core."""
KEEP_ALIVE = 150
"""Seconds that a connection waits for another request: longer than proxies keep theirs (nginx 60, Caddy 120), because
one that ends while a request is on its way is an error. Uvicorn's 5 are as long as a person looks at a picture."""
TOKEN = 32
"""Characters that a token has at least."""


def build(workspace: Workspace) -> Page:
    """The page with the methods that are installed."""
    networks = Networks(FeatureCache(workspace))
    return Page(
        workspace,
        registry.build(networks),
        frame_methods=live.frame_methods(networks, workspace),
        features=networks.features,
    )


@dataclass(frozen=True)
class Reach:
    """How others reach a server, beside the address on which it listens.

    Attributes:
        public: the address that a reverse proxy or a name server gives it.
        certfile, keyfile: for TLS.
        metrics_token: the file of the token with which a program reads the figures.
    """

    public: str | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    metrics_token: Path | None = None

    def check(self) -> None:
        """
        Raises:
            UserError: `public_address`, `certificate`, `metrics_token`.
        """
        self.token()
        if self.public is not None and parsed(self.public) is None:
            raise UserError("public_address", address=self.public)
        if self.certfile is not None:
            try:
                ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self.certfile, self.keyfile)
            except (OSError, ssl.SSLError) as error:
                raise UserError("certificate", file=self.certfile, reason=error.strerror or error) from error

    def token(self) -> str:
        """The token for the figures; empty for none.

        Raises:
            UserError: `metrics_token`.
        """
        if self.metrics_token is None:
            return ""
        try:
            token = self.metrics_token.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise UserError("metrics_token", file=self.metrics_token, limit=TOKEN) from error
        if not (len(token) >= TOKEN and token.isprintable()):
            raise UserError("metrics_token", file=self.metrics_token, limit=TOKEN)
        return token

    @property
    def scheme(self) -> str:
        return "http" if self.certfile is None else "https"


def routes_of(page: Page, accounts: AccountStore | None = None) -> FastAPI:
    """The page's own routes; whatever goes wrong in one is answered with a sentence.

    Args:
        accounts: of people who log in.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.closing = threading.Event()  # ends the streams, so that the server can end
    app.state.accounts = accounts
    routers = [Routes(page).router(), UploadRoutes(page).router(), Monitoring(page).router()]
    if accounts is not None:
        routers.append(Login(accounts).router())
    for router in routers:
        app.include_router(router)
    app.state.metrics = page.metrics
    app.state.routes = [route for router in routers for route in router.routes]
    for kind in (UserError, Exception):
        app.add_exception_handler(kind, refused)
    return app


def application(page: Page, accounts: AccountStore | None = None) -> FastAPI:
    """The page's own routes, and Gradio mounted beside them; `accounts` as of `routes_of`."""
    app = routes_of(page, accounts)
    frame = shell.blocks(page).queue(default_concurrency_limit=1, max_size=200)
    frame._queue.sleep_when_free = QUEUE_SLEEP
    return gr.mount_gradio_app(app, frame, path="/", **shell.options())


@contextmanager
def running(app: FastAPI, host: str, port: int | None, reach: Reach | None = None) -> Iterator[str]:
    """Serve in the background, behind the gate; gives the address.

    Raises:
        OSError: when nothing can listen there.
    """
    listening, reach = _listen(host, port), reach or Reach()
    addresses = Addresses.of(host, listening.getsockname()[1], scheme=reach.scheme, public=reach.public)
    server = uvicorn.Server(
        uvicorn.Config(
            Measured(
                guarded(app, addresses, accounts=app.state.accounts, token=reach.token()),
                app.state.metrics,
                app.state.routes,
            ),
            http=BoundedHeads,
            h11_max_incomplete_event_size=2 * HEADER_BYTES,
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=reach.public is not None,  # who asks, for the lock after wrong passwords
            ssl_certfile=reach.certfile,
            ssl_keyfile=reach.keyfile,
            timeout_keep_alive=KEEP_ALIVE,
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


def serve(
    folder: Path,
    host: str,
    port: int | None,
    open_browser: bool,
    reach: Reach | None = None,
    web: Path | None = None,
) -> int:
    """Serve until interrupted; where others reach it, to those who have accounts.

    Raises:
        UserError: `public_address`, `certificate`, `metrics_token`, `accounts_needed`, `workspace_served`; what is wrong
            with the folder, or with that of onnxruntime-web.
    """
    reach = reach or Reach()
    reach.check()
    if web is not None:
        page_files(web)
    workspace = usable(folder)
    only = OneServer(workspace.folder)
    with only.held():
        accounts = None
        if not is_loopback(host) or reach.public is not None:
            accounts = _accounts(workspace, reach.public or host)
            print(_warning(host, reach), flush=True)
        page = build(workspace)
        page.web = web
        page.uploads.clear()
        app = application(page, accounts)
        threading.Thread(target=page.uploads.sweep_until, args=(app.state.closing,), daemon=True).start()
        with running(app, host, port, reach=reach) as address:
            only.announce(address)
            print(f"The workbench is open at {address} (Ctrl+C ends it). Workspace: {folder.resolve()}", flush=True)
            if workspace.beneath is not None:
                print(
                    "That folder cannot be written to: whatever is done on the page is lost when it ends.", flush=True
                )
            warming.start(page)
            threading.Thread(target=workspace.clean, daemon=True).start()  # it looks at every file
            if open_browser:
                webbrowser.open(address)
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
    return 0


def _accounts(workspace: Workspace, address: str) -> AccountStore:
    if not workspace.accounts.all():
        raise UserError("accounts_needed", address=address, folder=workspace.folder)
    return workspace.accounts


def _warning(host: str, reach: Reach) -> str:
    secret = reach.scheme == "https" or (reach.public or "").startswith("https:")
    readable = "" if secret else " Passwords and pictures can be read on the way: use --certfile, or a proxy with TLS."
    return f"WARNING: others can reach this workbench ({reach.public or host}). They have to log in.{readable}"


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
