"""`collections right`: which findings of `diagnose` are no faults."""

from __future__ import annotations

import argparse

from fsl_demo.cli import options, reporting
from fsl_demo.cli.collections import versions

DETAILS = """\
What is marked so comes neither from `diagnose` nor to Review again. Without a key, lists what is marked.
"""


def add(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "right", "Mark findings of `diagnose` as right, or list those.", details=DETAILS)
    parser.add_argument("name", metavar="NAME", help="name of the collection")
    parser.add_argument("findings", nargs="*", metavar="KEY", help="of a finding, as `diagnose` has it in brackets")
    parser.add_argument("--annotator", default="", metavar="NAME", help="who says so")
    parser.add_argument("--take-back", action="store_true", help="take the marks back, whoever made them")
    parser.set_defaults(run=mark)
    return parser


def mark(chosen: argparse.Namespace) -> int:
    if chosen.findings:
        store = options.existing_workspace(chosen).collections
        change = store.unsettle if chosen.take_back else store.settle
        changed = change(chosen.name, chosen.findings, chosen.annotator)
        told = "are doubted again" if chosen.take_back else "are marked as right"
        reporting.print_line(f"{len(changed)} findings {told}.")
        return 0
    marks = versions.reader(chosen).collections.settled(chosen.name)
    rows = [[key, mark.annotator, mark.created_at[:19]] for key, mark in marks.items()]
    reporting.print_table(["finding", "annotator", "when"], rows)
    return 0
