"""The end point `/export_classifier`: what the verb `export classifier` does, for programs. See `docs/api.md`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsl_demo.core.episodes import quiet
from fsl_demo.core.errors import refuse
from fsl_demo.services import api_values, reading
from fsl_demo.services.export_classifier import ExportDocument, exported
from fsl_demo.ui.collections_api import Received
from fsl_demo.ui.gradio_import import gradio as gr
from fsl_demo.ui.page import Page
from fsl_demo.ui.review_api import Door
from fsl_demo.ui.taking import free_name, page_files

METHOD = "prototype"


def add(page: Page, door: Door, received: Received) -> None:
    """Add the end point to the page that is being built."""
    gr.api(_export_classifier(page, door, received), api_name="export_classifier")


def _export_classifier(page: Page, door: Door, received: Received) -> Callable[..., dict[str, Any]]:
    def export_classifier(
        support: gr.FileData | None = None,
        descriptions: dict[str, list[str]] | None = None,
        method: str | None = None,
        web: bool = False,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Take a classifier away: a zip of a folder that answers without this program.

        Args:
            support: a zip or tar of class folders; may be left out when there are descriptions.
            descriptions: class name to phrasings, in English: a text, or a list of them.
            method: id of the method; by default `prototype`.
            web: make it a web page, too; the workbench has to be started with `--web`.

        Returns:
            The address of the zip, the classes and the method.
        """
        with door.sentences(), received(request, support) as (file,):
            from fsl_demo.portable.folder import write_zip

            chosen = page.registry.method(api_values.method_name(method) or METHOD)
            episode = reading.task(file, api_values.descriptions(descriptions), progress=quiet, report=refuse)
            episode.check()
            contents = exported(
                page.registry,
                chosen,
                episode=episode,
                settings=chosen.Settings(),
                progress=quiet,
                web=page_files(page.web) if web else None,
            )
            account = door.account_of(request)
            path = page.exports(account.id if account else None) / free_name()
            write_zip(path, contents)
            document = ExportDocument(
                address=f"/workbench/exports/{path.name}",
                classes=[spec.name for spec in episode.classes],
                method=chosen.card.id,
            )
            return {**document}

    return export_classifier
