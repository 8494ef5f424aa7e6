"""The gate in front of the application, Gradio included: one concern a module, each a middleware.

A request passes, in this order: `Headers` (what every answer carries), `OwnHosts` (Host), `SameOrigin` (other sites),
`Doors` (what is answered at all), `BoundedRequests` (how much, how slowly).
"""

from __future__ import annotations

from starlette.types import ASGIApp

from fsl_demo.ui.security.addresses import Addresses
from fsl_demo.ui.security.bodies import BoundedRequests
from fsl_demo.ui.security.doors import Doors
from fsl_demo.ui.security.headers import Headers
from fsl_demo.ui.security.hosts import OwnHosts
from fsl_demo.ui.security.origins import SameOrigin


def guarded(app: ASGIApp, addresses: Addresses) -> ASGIApp:
    """The application behind the gate.

    Args:
        addresses: under which people reach it.
    """
    return Headers(OwnHosts(SameOrigin(Doors(BoundedRequests(app))), addresses))
