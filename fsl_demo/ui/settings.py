"""The settings of a method as controls on the page, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from fsl_demo.core.capabilities import Method
from fsl_demo.core.errors import UserError
from fsl_demo.inference.prompts import default_templates, templates
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import Document


def control(context: Context, method: Method, spec: Any) -> dict[str, Any]:
    """What the template needs for one field of a method's settings; "automatic" while nobody has set it."""
    value = context.document.settings.get(method.card.id, {}).get(spec.name)
    key = f"setting.{spec.name}"
    shown: dict[str, Any] = {
        "method": method.card.id,
        "name": spec.name,
        "label": context.say(key) if context.language.has(key) else spec.name,
        "set": value is not None,
        "value": value,
        "help": spec.metadata.get("help", ""),
    }
    if "lines" in spec.metadata:
        return {
            **shown,
            "kind": "lines",
            "value": value or "\n".join(default_templates()),
            "wrong": _wrong(context, value),
        }
    if "text" in spec.metadata:
        return {**shown, "kind": "text", "example": spec.metadata["text"], "weights": "weights" in spec.metadata}
    if "choices" in spec.metadata:
        choices = [(choice, context.variant(choice)) for choice in spec.metadata["choices"]]
        return {**shown, "kind": "choice", "choices": choices}
    automatic = spec.default is None or spec.default is MISSING
    low, high, step = (spec.metadata[part] for part in ("low", "high", "step"))
    number = value if value is not None else (low if automatic else spec.default)
    return {**shown, "kind": "slider", "low": low, "high": high, "step": step, "value": number, "automatic": automatic}


def _wrong(context: Context, typed: str | None) -> str:
    try:
        templates(typed or "")
    except UserError as error:
        return context.language.error(error)
    return ""


def _are_default(typed: str) -> bool:
    return tuple(line.strip() for line in typed.splitlines() if line.strip()) in ((), default_templates())


def write(context: Context, method_id: str, name: str, value: str) -> None:
    """Take over a setting. An empty text, the default templates and no choice leave it to the method.

    Raises:
        UserError: `setting_bad`.
    """
    method = context.methods.get(method_id)
    spec = next((spec for spec in fields(method.Settings) if spec.name == name), None) if method else None
    if spec is None:
        raise UserError("setting_bad", name=f"{method_id}.{name}", value=value[:40], reason="")
    chosen = context.document.settings.setdefault(method_id, {})
    parsed = _parsed(name, spec.metadata, value)
    if parsed is None:
        chosen.pop(name, None)
    else:
        chosen[name] = parsed
    if not chosen:
        del context.document.settings[method_id]


def _parsed(name: str, metadata: Mapping[str, Any], value: str) -> Any:
    if "lines" in metadata and _are_default(value):
        return None
    if "text" in metadata or "lines" in metadata:
        return value.strip() or None
    if "choices" in metadata:
        return value if value in metadata["choices"] else None
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not metadata["low"] <= number <= metadata["high"]:
        reason = f"{metadata['low']:g}–{metadata['high']:g}"
        raise UserError("setting_bad", name=name, value=value[:40], reason=reason)
    return number


def settings_of(method: Method, document: Document) -> Any:
    """The settings that a method has in a document; those that it does not know are left out."""
    known = {spec.name for spec in fields(method.Settings)}
    given = document.settings.get(method.card.id, {})
    return method.Settings(**{name: value for name, value in given.items() if name in known})
