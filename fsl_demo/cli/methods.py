"""`methods`: the methods, captioners and detectors that there are, and how the methods can be set."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from fsl_demo import runtime
from fsl_demo.cli import options, reporting
from fsl_demo.core.settings import Choice, Setting
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.core.cards import Card, MethodCard
    from fsl_demo.core.registry import Registry

DETAILS = """\
Captioners, which `caption` uses, and detectors are listed below the methods. The JSON is a list of cards, each with its
"kind": "method", "captioner" or "detector".
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "methods",
        summary="List the methods, what each needs, and its settings; captioners and detectors, too.",
        details=DETAILS,
        examples="methods\nmethods --format json",
    )
    options.add_format(parser, "table", "json")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    runtime.prepare()
    registry = reading.registry(None)
    if chosen.format == "json":
        reporting.print_json(_document(registry))
        return 0
    _print_cards(registry)
    print()
    rows = [
        [f"{name}.{setting.name}", setting.allowed(), _default(setting.default), setting.help]
        for name, method in registry.methods.items()
        for setting in method.Settings.controls()
    ]
    reporting.print_table(["setting", "range", "default", ""], rows)
    return 0


def _document(registry: Registry) -> list[dict[str, Any]]:
    methods = [
        {
            "kind": "method",
            **dataclasses.asdict(method.card),
            "needs": _needs(method.card),
            "settings": [_described(setting) for setting in method.Settings.controls()],
        }
        for method in registry.methods.values()
    ]
    cards: list[tuple[str, Card]] = [("captioner", known.card) for known in registry.captioners.values()]
    cards += [("detector", known.card) for known in registry.detectors.values()]
    return [*methods, *({"kind": kind, **dataclasses.asdict(card), "settings": []} for kind, card in cards)]


def _print_cards(registry: Registry) -> None:
    rows = [
        [name, _needs(method.card), method.card.checkpoint, f"{method.card.cost} ms", method.card.paper]
        for name, method in registry.methods.items()
    ]
    reporting.print_table(["method", "needs", "weights", "a picture", "paper"], rows)
    for kind, cards in (
        ("captioner", [known.card for known in registry.captioners.values()]),
        ("detector", [known.card for known in registry.detectors.values()]),
    ):
        if cards:
            print()
            rows = [[card.id, card.checkpoint, f"{card.cost} ms", card.paper] for card in cards]
            reporting.print_table([kind, "weights", "a picture", "paper"], rows)


def _described(setting: Setting) -> dict[str, Any]:
    """Plain values: "name", "kind", "label", "help", "default", and what it can be set to."""
    plain = {name: value for name, value in vars(setting).items() if not callable(value)}
    choices = {"choices": setting.known()} if isinstance(setting, Choice) else {}
    return {"name": setting.name, "kind": setting.kind, **plain, **choices}


def _needs(card: MethodCard) -> str:
    return "pictures" if card.needs_pictures else "pictures or text"


def _default(value: object) -> str:
    return "automatic" if value is None else str(value)
