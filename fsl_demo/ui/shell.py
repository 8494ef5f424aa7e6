"""What Gradio is for: the frame with its tabs, the look, and the API. What is in the tabs is the page's own."""

from __future__ import annotations

from typing import Any

import gradio as gr

from fsl_demo.ui import api, templating
from fsl_demo.ui.page import Page
from fsl_demo.ui.tabs import TABS
from fsl_demo.ui.texts import languages
from fsl_demo.ui.theme import head, theme


def blocks(page: Page) -> gr.Blocks:
    """The frame: a header, the tabs, and a place for jobs and notices."""
    label = i18n()
    with gr.Blocks(title="Few-shot workbench", fill_width=True, analytics_enabled=False) as built:
        _place("header.html", "header")
        with gr.Tabs(elem_id="tabs"):
            for tab in TABS:
                with gr.Tab(label(tab.label), id=tab.id, render_children=True):
                    _place(tab.template, tab.id)
        _place("footer.html", "footer")
        api.add(page.registry)
    return built


def options() -> dict[str, Any]:
    """How Gradio is mounted."""
    return {
        "theme": theme(),
        "head": head(),
        "i18n": i18n(),
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "max_file_size": "2gb",
    }


def i18n() -> gr.I18n:
    """The tabs' labels by language."""
    labels = [tab.label for tab in TABS]
    return gr.I18n(
        **{code: {key: language.texts.get(key, key) for key in labels} for code, language in languages().items()}
    )


def _place(template: str, name: str) -> None:
    """HTML that the page's script fills."""
    gr.HTML(templating.render(template, id=name), elem_id=name, js_on_load=None, apply_default_css=False, padding=False)
