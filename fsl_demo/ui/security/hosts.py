"""Host: a request for a name that is not this server's own is refused, so no foreign name can be pointed at it."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from fsl_demo.core.errors import UserError
from fsl_demo.ui.security.addresses import Addresses
from fsl_demo.ui.security.refusal import refuse

FORWARDED = (b"forwarded", b"x-forwarded-")


class OwnHosts:
    """Lets requests pass whose Host is one of the server's addresses; their `scope["origin"]` says which."""

    def __init__(self, app: ASGIApp, addresses: Addresses) -> None:
        self.app = app
        self.addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        own = self.addresses.match(hosts[0], scope) if len(hosts) == 1 else None
        if own is None:
            error = UserError("host_unknown", host=", ".join(hosts)[:200], address=self.addresses.origins[0])
            await refuse(scope, receive, send, error=error, status=400)
            return
        headers = [(name, value) for name, value in scope["headers"] if not name.startswith(FORWARDED)]
        await self.app({**scope, "scheme": own.partition(":")[0], "headers": headers, "origin": own}, receive, send)
