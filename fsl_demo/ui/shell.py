"""What Gradio is for: the frame with its tabs, the look, and the API. What is in the tabs is the page's own.

Gradio's own component for HTML evaluates it as a program, which the security policy forbids: the page's script fills
empty columns instead, with what `places` gives.
"""

from __future__ import annotations

from typing import Any

from fsl_demo.ui import api, templating
from fsl_demo.ui.gradio_import import gradio as gr
from fsl_demo.ui.page import Page
from fsl_demo.ui.tabs import TABS
from fsl_demo.ui.texts import languages
from fsl_demo.ui.theme import head, theme


def blocks(page: Page) -> api.Frame:
    """The frame: a header, the tabs, and a place for jobs and notices."""
    label = i18n()
    with api.Frame(title="Few-shot workbench", fill_width=True, analytics_enabled=False) as built:
        gr.Column(elem_id="header")
        with gr.Tabs(elem_id="tabs"):
            for tab in TABS:
                with gr.Tab(label(tab.label), id=tab.id, render_children=True):
                    gr.Column(elem_id=tab.id)
        gr.Column(elem_id="footer")
        api.add(page)
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


def places() -> dict[str, str]:
    """The HTML of each column by its id, which the page's script fills further."""
    tabs = {tab.id: templating.render(tab.template, id=tab.id) for tab in TABS}
    return {"header": templating.render("header.html"), **tabs, "footer": templating.render("footer.html")}
