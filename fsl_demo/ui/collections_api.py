"""The API of named collections, for programs. See `docs/api.md`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fsl_demo.core.accounts import Account
from fsl_demo.core.episodes import quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services import bringing_in, collection_documents, freezing
from fsl_demo.ui.gradio_import import gradio as gr
from fsl_demo.ui.page import Page
from fsl_demo.ui.review_api import Door
from fsl_demo.ui.tabs import REGISTRY

Received = Callable[[gr.Request | None, Any], AbstractContextManager[list[Path | None]]]
"""Gives the path of a file that was sent for a call, which uses it up."""


def add(page: Page, door: Door, received: Received) -> None:
    """Add the end points to the page that is being built."""
    for call in (_collections(page, door), _collect(page, door, received), _freeze(page, door), _version(page, door)):
        gr.api(call, api_name=call.__name__)


def _collections(page: Page, door: Door) -> Callable[..., Any]:
    def collections() -> list[dict[str, Any]]:
        """The collections, those changed last first.

        Returns:
            Of each its name, when it was made and changed, and counts of its pictures.
        """
        with door.sentences():
            summaries = page.workspace.collections.summaries()
            return [{**collection_documents.summary(summary)} for summary in summaries]

    return collections


def _collect(page: Page, door: Door, received: Received) -> Callable[..., Any]:
    def collect(
        collection: str, pictures: gr.FileData, annotator: str | None = None, request: gr.Request | None = None
    ) -> dict[str, Any]:
        """Put pictures into a collection, which is made where there is none of that name.

        Args:
            collection: its name.
            pictures: a zip or tar, whose class folders give labels, a file of labels, or one picture.
            annotator: whose labels these are, where the file does not say.

        Returns:
            How many pictures came in, how many labels differ from those that are there, how many pictures are newly
            labelled and how many labels are the same, and sentences on what was left out.
        """
        with door.sentences(), received(request, pictures) as (file,):
            account, told = door.account_of(request), list[UserError]()
            if file is None:
                raise UserError("collection_sources")

            def keep(source: bytes | Path, name: str) -> Picture:
                return _kept(page, account, page.workspace.ingest(source, name))

            name = account.name if account else annotator or ""
            changes = bringing_in.import_file(
                page.workspace,
                collection,
                file,
                keep=keep,
                annotator=name,
                progress=quiet,
                report=told.append,
            )
            return {**collection_documents.collected(changes, told)}

    return collect


def _kept(page: Page, account: Account | None, picture: Picture) -> Picture:
    if account is not None:
        page.workspace.accounts.own(account.id, [picture.sha256])
    return picture


def _freeze(page: Page, door: Door) -> Callable[..., Any]:
    def freeze(
        collection: str,
        train: int | None = None,
        validation: int | None = None,
        test: int | None = None,
        seed: int | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Freeze a collection as a numbered version that never changes.

        Args:
            collection: its name.
            train: percent of each class to learn from.
            validation: percent of each class to choose with.
            test: percent of each class to test on.
            seed: of the draw.

        Returns:
            The version, and sentences on what was left out.
        """
        with door.sentences():
            given = {"train": train, "validation": validation, "test": test, "seed": seed}
            values = {"collection": collection, **{key: value for key, value in given.items() if value is not None}}
            asked = REGISTRY.parse("jobs", "freeze", values)
            if account := door.account_of(request):
                account.require(asked.role)
            told = list[UserError]()
            frozen = freezing.freeze(
                page.workspace, page.registry, name=collection, how=asked.how, progress=quiet, report=told.append
            )
            return {**collection_documents.version(frozen), "notices": list(map(str, told))}

    return freeze


def _version(page: Page, door: Door) -> Callable[..., Any]:
    def version(name: str) -> dict[str, Any]:
        """A frozen version.

        Args:
            name: as in pets@2; pets alone is the newest.

        Returns:
            Its digest, its classes, and of each picture hash, class, part and group of near-duplicates.
        """
        with door.sentences():
            return {**collection_documents.version(freezing.version(page.workspace, name))}

    return version
