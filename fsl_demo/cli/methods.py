"""`methods`: what there is to choose from, and how it can be set."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from fsl_demo import runtime
from fsl_demo.cli import options, reporting
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.core.capabilities import MethodCard


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "methods",
        "List the methods, what each needs, and its settings.",
        examples="methods\nmethods --format json",
    )
    options.add_format(parser, "table", "json")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    runtime.prepare()
    known = reading.methods(None)
    settings = {
        name: [_setting(spec) for spec in dataclasses.fields(method.Settings)] for name, method in known.items()
    }
    if chosen.format == "json":
        reporting.print_json(
            [
                dataclasses.asdict(method.card) | {"needs": _needs(method.card), "settings": settings[name]}
                for name, method in known.items()
            ]
        )
        return 0
    rows: list[list[str]] = []
    for name, method in known.items():
        card = method.card
        rows.append([name, _needs(card), card.checkpoint, f"{card.cost} ms", card.paper])
    reporting.print_table(["method", "needs", "weights", "a picture", "paper"], rows)
    print()
    rows = [
        [f"{name}.{one['name']}", _range(one), _default(one["default"]), one["help"]]
        for name, listed in settings.items()
        for one in listed
    ]
    reporting.print_table(["setting", "range", "default", ""], rows)
    return 0


def _needs(card: MethodCard) -> str:
    return "pictures" if card.needs_pictures else "pictures or text"


def _setting(spec: dataclasses.Field) -> dict[str, Any]:
    return {"name": spec.name, "default": spec.default, **spec.metadata}


def _range(setting: dict[str, Any]) -> str:
    if "text" in setting:
        return "text"
    if "choices" in setting:
        return ", ".join(setting["choices"])
    return f"{setting['low']:g} to {setting['high']:g}"


def _default(value: object) -> str:
    return "automatic" if value is None else str(value)
