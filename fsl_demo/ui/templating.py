"""Jinja2 templates, escaped automatically."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from fsl_demo.ui.images import picture_address, thumbnail_address

TEMPLATES = Path(__file__).parent / "templates"


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def citation(paper: str) -> str:
    """The first work that a card's `paper` names: authors and year."""
    return re.split(r"(?<=\d{4})", paper, maxsplit=1)[0]


def commands(text: str) -> Markup:
    """A sentence whose commands, which stand between backticks, are code."""
    parts = (
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(text.split("`"))
    )
    return Markup("").join(parts)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters["citation"] = citation
    environment.filters["commands"] = commands
    environment.globals.update(thumb=thumbnail_address, photo=picture_address)
    return environment


_TEMPLATES = _environment()


class Macros:
    """The macros of templates with what is the same for all of them, each file's made once."""

    def __init__(self, **known: Any) -> None:
        self._known = known
        self._modules: dict[str, Any] = {}

    def render(self, file: str, macro: str, **values: Any) -> Markup:
        """What a macro of a template's file makes of values."""
        if file not in self._modules:
            self._modules[file] = _TEMPLATES.get_template(file).make_module(self._known)
        return Markup(getattr(self._modules[file], macro)(**values))


def render(template: str, **values: Any) -> Markup:
    """The HTML of a template."""
    return Markup(_TEMPLATES.get_template(template).render(**values))
