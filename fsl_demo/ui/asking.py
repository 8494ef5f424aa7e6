"""Who asks for something, and about which draft."""

from __future__ import annotations

import asyncio

from fastapi import Request

from fsl_demo.core.accounts import Account
from fsl_demo.ui.context import Asker, Context
from fsl_demo.ui.page import Page
from fsl_demo.ui.texts import language_of


def account_of(request: Request) -> Account | None:
    """Whose request it is; None is the person at the machine itself."""
    account: Account | None = request.scope.get("account")
    return account


def asker_of(request: Request) -> Asker:
    return Asker(language_of(request), account_of(request))


async def context_of(page: Page, request: Request, draft: str) -> Context:
    """A request about a draft.

    Raises:
        UserError: `draft_missing`.
    """
    return await asyncio.to_thread(page.context, draft, asker_of(request))
