"""The gate in front of the application, Gradio included: one concern a module, each a middleware.

A request passes, in this order: `Headers` (what every answer carries), `OwnHosts` (Host), `SameOrigin` (other sites),
`Doors` (what is answered at all), `Accounts` (who asks, where others reach it), `BoundedRequests` (how much, how slowly),
`OwnCalls` (whose calls of the API, where others reach it).
"""

from __future__ import annotations

from starlette.types import ASGIApp

from fsl_demo.store.accounts import AccountStore
from fsl_demo.ui.security.accounts import Accounts
from fsl_demo.ui.security.addresses import Addresses
from fsl_demo.ui.security.bodies import BoundedRequests
from fsl_demo.ui.security.calls import OwnCalls
from fsl_demo.ui.security.doors import Doors
from fsl_demo.ui.security.headers import Headers
from fsl_demo.ui.security.hosts import OwnHosts
from fsl_demo.ui.security.origins import SameOrigin


def guarded(app: ASGIApp, addresses: Addresses, accounts: AccountStore | None = None, token: str = "") -> ASGIApp:
    """The application behind the gate.

    Args:
        addresses: under which people reach it.
        accounts: who may use it; None where only the person at this machine reaches it.
        token: as of `Accounts`.
    """
    if accounts is None:
        known: ASGIApp = BoundedRequests(app)
    else:
        known = Accounts(BoundedRequests(OwnCalls(app)), accounts, token)
    return Headers(OwnHosts(SameOrigin(Doors(known, accounts is not None)), addresses))
