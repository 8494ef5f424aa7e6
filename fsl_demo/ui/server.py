"""The page as a running server."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import gradio as gr

from fsl_demo import methods
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page, i18n
from fsl_demo.ui.theme import css, head, theme

LARGEST_UPLOAD = "2gb"


def blocks(workspace: Workspace) -> gr.Blocks:
    networks = Networks(FeatureCache(workspace))
    return Page(workspace, methods.build(networks), methods.captioners(networks)).build()


def launch(page: gr.Blocks, workspace: Workspace, **options: Any) -> str:
    """Start serving in the background; gives the page's address."""
    exports = workspace.folder.resolve() / "exports"
    exports.mkdir(exist_ok=True)
    _, address, _ = page.queue(default_concurrency_limit=1, max_size=200).launch(
        theme=theme(),
        css=css(),
        head=head(),
        i18n=i18n,
        footer_links=[],
        run_history=False,
        max_file_size=LARGEST_UPLOAD,
        allowed_paths=[str(exports)],
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        ssr_mode=False,
        **options,
    )
    return address


def serve(folder: Path, host: str, port: int | None, open_browser: bool) -> int:
    """Serve until interrupted."""
    workspace = Workspace(folder)
    shutil.rmtree(folder / "uploads", ignore_errors=True)  # what a killed process left behind
    page = blocks(workspace)
    address = launch(page, workspace, server_name=host, server_port=port, inbrowser=open_browser)
    print(f"The workbench is open at {address} (Ctrl+C ends it). Workspace: {folder.resolve()}", flush=True)
    page.block_thread()
    return 0
