"""`checkpoints`: what there is, which version is in use, and another one in its place."""

from __future__ import annotations

import argparse
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from fsl_demo.cli import options, reporting

if TYPE_CHECKING:
    from fsl_demo.checkpoints import Card, Entry, Version

COLUMN = 48
"""Characters of a text in the table."""
DETAILS = """\
Training a checkpoint again makes a new version of it, and puts that to use. The others stay, and a page that is open
takes over the version in use without a restart.
"""
EXAMPLES = """\
checkpoints list
checkpoints use siamese_digits 1
checkpoints roll-back siamese_digits
checkpoints add faces-done.zip
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "checkpoints", summary="List checkpoints, and choose their versions.", details=DETAILS, examples=EXAMPLES
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    summary = "List checkpoints with their versions and figures, and what is wrong with them."
    listing = options.add_verb(
        actions, "list", summary=summary, details="Reads all weights. The exit code is 1 for a fault."
    )
    options.add_format(listing, "table", "json")
    listing.set_defaults(run=list_checkpoints)
    using = options.add_verb(actions, "use", "Put a version to use.")
    using.add_argument("name", metavar="NAME", help="of the checkpoint")
    using.add_argument("version", metavar="VERSION", type=options.count, help="number of the version")
    using.set_defaults(run=use)
    back = options.add_verb(actions, "roll-back", "Put the version to use that was in use before.")
    back.add_argument("name", metavar="NAME", help="of the checkpoint")
    back.set_defaults(run=roll_back)
    adding = options.add_verb(
        actions, "add", "Take in a checkpoint that was made elsewhere, as a version that is not in use."
    )
    adding.add_argument(
        "file", metavar="FILE", type=Path, help="a zip, or a folder, with card.json and model.safetensors"
    )
    adding.set_defaults(run=add_checkpoint)
    for action in (listing, using, back, adding):
        action.add_argument("--folder", type=Path, metavar="DIR", help="of checkpoints (default: the app's own)")


def list_checkpoints(chosen: argparse.Namespace) -> int:
    from fsl_demo import checkpoints

    entries = [checkpoints.verified(entry, chosen.folder) for entry in checkpoints.catalogue(chosen.folder)]
    if chosen.format == "json":
        reporting.print_json([_entry(entry) for entry in entries])
    else:
        rows = [_row(entry, version) for entry in entries for version in entry.versions]
        reporting.print_table(["checkpoint", "version", "in use", "method", "data", "figure", "size"], rows)
    terminal = reporting.Terminal()
    for entry in entries:
        for fault in dict.fromkeys(str(fault) for fault in _faults(entry)):
            terminal.note(fault)
    return 1 if any(_faults(entry) for entry in entries) else 0


def use(chosen: argparse.Namespace) -> int:
    from fsl_demo import checkpoints

    checkpoints.use(chosen.name, chosen.version, chosen.folder)
    reporting.print_line(f"{chosen.name}: version {chosen.version} is in use")
    return 0


def add_checkpoint(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.finetuning import bundle

    name, version = bundle.add(chosen.file, chosen.folder)
    reporting.print_line(f"{name}: version {version} is there, and not in use")
    return 0


def roll_back(chosen: argparse.Namespace) -> int:
    from fsl_demo import checkpoints

    version = checkpoints.roll_back(chosen.name, chosen.folder)
    reporting.print_line(f"{chosen.name}: version {version} is in use")
    return 0


def _faults(entry: Entry) -> list[Exception]:
    return [fault for fault in (entry.fault, *(version.fault for version in entry.versions)) if fault]


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "checkpoint": entry.name,
        "in_use": entry.in_use,
        "fault": str(entry.fault) if entry.fault else None,
        "versions": [
            {
                "version": version.number,
                "fault": str(version.fault) if version.fault else None,
                "card": version.card.as_dict() if version.card else None,
            }
            for version in entry.versions
        ],
    }


def _row(entry: Entry, version: Version) -> list[str]:
    card, in_use = version.card, "yes" if version.number == entry.in_use else ""
    place = [entry.name, str(version.number), in_use]
    if version.fault or card is None:
        return [*place, "", "", "not usable", ""]
    texts = (shorten(text, COLUMN, placeholder="…") for text in (card.method or "", card.data or "", _figure(card)))
    return [*place, *texts, f"{card.bytes / 1e3:,.0f} kB"]


def _figure(card: Card) -> str:
    """What the training was validated by."""
    validation = card.figures.validation if card.figures and not isinstance(card.figures, list) else None
    number = None if validation is None else validation.accuracy or validation.probability
    return "" if validation is None or number is None else f"{number:.1%} {validation.what or ''}".strip()
