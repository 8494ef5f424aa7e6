"""The settings of a method as controls on the page, and back."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from fsl_demo.errors import UserError
from fsl_demo.methods.contract import Method
from fsl_demo.methods.prompts import default_templates, templates
from fsl_demo.ui import clip_weights
from fsl_demo.ui.document import Document
from fsl_demo.ui.html import View, esc


def control(view: View, document: Document, method: Method, spec: Any) -> str:
    """A menu, slider or text field for one field of a method's settings; "automatic" while nobody has set it."""
    if "lines" in spec.metadata:
        return _templates(view, document, method, spec)
    name = f"{method.card.id}.{spec.name}"
    label = view.t(f"setting.{spec.name}")
    value = document.settings.get(method.card.id, {}).get(spec.name)
    if "text" in spec.metadata:
        suggested = f'list="{clip_weights.OFFERED}"' if "weights" in spec.metadata else ""
        return f"""<label class="menu"><span>{label}</span><input type="text" data-auto data-field="set:{name}"
 value="{esc(value or "")}" placeholder="{esc(spec.metadata["text"])}" maxlength="1000" {suggested}></label>"""
    if "choices" in spec.metadata:
        options = "".join(
            f'<option value="{one}" {"selected" if one == value else ""}>{esc(view.variant(one))}</option>'
            for one in spec.metadata["choices"]
        )
        return f"""<label class="menu"><span>{label}</span><select data-auto data-field="set:{name}">
<option value="">{view.t("automatic")}</option>{options}</select></label>"""
    automatic = spec.default is None or spec.default is MISSING
    low, high, step = (spec.metadata[part] for part in ("low", "high", "step"))
    shown = value if value is not None else (low if automatic else spec.default)
    state = view.t("automatic") if value is None and automatic else f"{shown:.2f}"
    reset = (
        f'<button data-action="automatic" data-setting="{name}" class="quiet">{view.t("automatic")}</button>'
        if automatic and value is not None
        else ""
    )
    return f"""<label class="slider"><span>{label}</span>
<input type="range" data-field="set:{name}" min="{low}" max="{high}" step="{step}" value="{shown}"><output>{state}</output></label>{reset}"""


def _templates(view: View, document: Document, method: Method, spec: Any) -> str:
    """The templates of a method, to be edited: its own until somebody types others."""
    name = f"{method.card.id}.{spec.name}"
    typed = document.settings.get(method.card.id, {}).get(spec.name)
    shown = typed or "\n".join(default_templates())
    reset, wrong = "", ""
    if typed:
        reset = (
            f'<button data-action="automatic" data-setting="{name}" class="quiet">{view.t("templates_reset")}</button>'
        )
        try:
            templates(typed)
        except UserError as error:
            wrong = f'<p class="warn" role="alert">{esc(view.error(error))}</p>'
    return f"""<label class="templates"><span>{view.t(f"setting.{spec.name}")}</span>
<textarea rows="{min(8, shown.count(chr(10)) + 1)}" data-auto data-field="set:{name}">{esc(shown)}</textarea></label>
<div class="line"><span class="hint grow">{view.t("templates_hint")}</span>{reset}</div>{wrong}"""


def _are_default(typed: str) -> bool:
    return tuple(line.strip() for line in typed.splitlines() if line.strip()) in ((), default_templates())


def write(view: View, document: Document, key: str, value: str, touched: bool) -> bool:
    """Take over a setting; sliders and menus only where they were touched. True when it changed.

    An empty text, the default templates, or the first line of a menu leave the choice to the method.
    """
    method, name = key.removeprefix("set:").split(".")
    spec = next(spec for spec in fields(view.methods[method].Settings) if spec.name == name)
    if not (touched or "text" in spec.metadata):
        return False
    chosen = document.settings.setdefault(method, {})
    before = dict(chosen)
    if "lines" in spec.metadata and _are_default(value):
        chosen.pop(name, None)
    elif "text" in spec.metadata and value.strip():
        chosen[name] = value.strip()
    elif "low" in spec.metadata:
        chosen[name] = float(value)
    elif value in spec.metadata.get("choices", ()):
        chosen[name] = value
    else:
        chosen.pop(name, None)
    return chosen != before


def settings_of(method: Method, document: Document) -> Any:
    return method.Settings(**document.settings.get(method.card.id, {}))
