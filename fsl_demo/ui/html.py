"""Small pieces of HTML that the tabs share. Whatever a person typed passes through `esc`."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any

import gradio as gr
from PIL import Image

from fsl_demo.errors import UserError
from fsl_demo.methods.captioning import Captioner
from fsl_demo.methods.contract import Method
from fsl_demo.pictures import Picture
from fsl_demo.store import Workspace
from fsl_demo.ui.catalogue import TEXTS, text

MOUNT = (
    "fsl.mount(element, trigger, upload, watch); /* events: 'act' 'predict' 'describe' 'search' 'download' 'stop' */"
)


def block(elem_id: str) -> gr.HTML:
    """HTML that the server writes and whose buttons, fields and drop zones send events: "act" and others.

    A click on an element with `data-action` sends its data attributes, the draft's id and the value of every
    element with `data-field`, so that what stands in a text field is never behind what a button does; with
    `data-auto` only if the person has changed it since it was drawn.
    """
    return gr.HTML("", elem_id=elem_id, js_on_load=MOUNT, apply_default_css=False, padding=False)


@dataclass(frozen=True)
class View:
    """What every renderer needs: the language, where pictures lie, the methods, the captioners."""

    language: str
    workspace: Workspace
    methods: dict[str, Method]
    captioners: Mapping[str, Captioner] = field(default_factory=dict)

    def t(self, key: str, **params: Any) -> str:
        """Text of the catalogue, escaped for HTML (parameters too)."""
        return esc(self.say(key, **params))

    def say(self, key: str, **params: Any) -> str:
        """Text of the catalogue, as it is: for plots, files and messages that are escaped later."""
        return text(self.language, key, **params)

    def variant(self, name: str) -> str:
        """What a variant is called: a checkpoint that somebody trained has its own name."""
        key = f"variant.{name}"
        return self.say(key) if key in TEXTS else name

    def picture(self, sha256: str) -> Picture:
        return self.workspace.picture(sha256)

    def error(self, error: UserError) -> str:
        """The error's sentence in the view's language, not escaped."""
        return self.say(f"error.{error.code}", **error.params)

    def thumb(self, sha256: str) -> str:
        return _thumbnail_uri(self.workspace, sha256)


def esc(value: object) -> str:
    return escape(str(value), quote=True)


@lru_cache(maxsize=4096)
def _thumbnail_uri(workspace: Workspace, sha256: str) -> str:
    return "data:image/webp;base64," + base64.b64encode(workspace.thumbnail(sha256)).decode("ascii")


def png_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def jpeg_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


BIN = (
    '<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">'
    '<path d="M2.5 4.5h11M6.5 4V2.5h3V4M4 4.5l.7 9h6.6l.7-9M6.7 7v4M9.3 7v4"/></svg>'
)


def picker(view: View, target: str, label: str, attributes: str) -> str:
    """A button that opens a hidden file input, whose files are added to `target`."""
    name = f"pick-{target}-{label.replace('.', '-')}"
    return f"""<input type="file" hidden multiple id="{name}" data-target="{target}" {attributes}>
<button type="button" class="quiet" data-open="#{name}" data-focus="{name}">+ {view.t(label)}</button>"""


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def signed_bar(value: float, largest: float, text: str) -> str:
    """A bar from the middle: to the right for what rose, to the left for what fell; `largest` fills a half."""
    share = 50 * min(1.0, abs(value) / max(largest, 1e-9))
    return f'<span class="signed {"up" if value >= 0 else "down"}" style="--share:{share:.0f}%"><i></i><b>{esc(text)}</b></span>'


def notice(message: str, kind: str = "info", actions: str = "") -> str:
    """A message at the foot of the page that stays until it is dismissed or replaced. `message` is HTML."""
    role = "alert" if kind == "error" else "status"
    return (
        f'<div class="notice {kind}" role="{role}"><div>{message}{actions}</div>'
        f'<button data-dismiss aria-label="×">×</button></div>'
    )
