"""`diagnose`: what may be wrong with labelled pictures."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import options, reporting
from fsl_demo.core.collections import parse_reference
from fsl_demo.core.errors import UserError
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.core.collections import MarkedRight
    from fsl_demo.evaluation.diagnosis.diagnosis import Diagnosis
    from fsl_demo.evaluation.intervals import Interval
    from fsl_demo.services.diagnosis import Subject

DETAILS = """\
Looks at class folders, a saved episode or a collection: every picture held out in turn (labels that are likely wrong,
classes that are hard to tell, pictures that do harm), near-duplicates within and across classes and queries with the
score again without them, blurred, dark, plain and tiny pictures, which method is best on these pictures, and what one
more picture of each class buys. Of a frozen version (NAME@VERSION), the parts for validation and test are queries.
Nothing is changed; the page has buttons for what it finds.
"""
EXAMPLES = """\
diagnose pets/
diagnose pets.zip --methods prototype,asif --format json
diagnose --collection birds@2
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "diagnose", summary="Say what may be wrong with labelled pictures.", details=DETAILS, examples=EXAMPLES
    )
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("support", nargs="?", type=Path, metavar="DIR", help="folder, zip or tar of class folders")
    given.add_argument("--episode", metavar="ID", help="a saved episode of the workspace")
    given.add_argument("--collection", metavar="NAME[@VERSION]", help="a collection of the workspace")
    options.add_methods(parser)
    options.add_settings(parser)
    options.add_format(parser, "table", "json")
    options.add_workspace(parser)
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    terminal = reporting.Terminal()
    subject = _subject(chosen, terminal)
    if not subject.episode.support:
        raise UserError("diagnosis_empty")
    from fsl_demo.services.diagnosis import diagnose
    from fsl_demo.services.diagnosis_document import diagnosis_document
    from fsl_demo.services.predict import plans_of

    registry = reading.registry(chosen.workspace if chosen.workspace.is_dir() else None)
    settings = reading.settings(registry, chosen.settings)
    pictures = [example.picture for example in subject.episode.support]
    plans = plans_of(registry, chosen.methods, pictures, settings=settings)
    diagnosis = diagnose(registry, subject, plans, progress=terminal.progress, report=terminal.fault)
    marks = _marks(chosen)
    if chosen.format == "json":
        reporting.print_json(diagnosis_document(diagnosis, marks or {}))
    else:
        _print(diagnosis, marks)
    return 1 if terminal.faults else 0


def _subject(chosen: argparse.Namespace, terminal: reporting.Terminal) -> Subject:
    from fsl_demo.services import subjects

    if chosen.support is not None:
        return subjects.of_support(reading.task(chosen.support, {}, progress=terminal.progress, report=terminal.fault))
    workspace = options.existing_workspace(chosen)
    if chosen.episode is not None:
        return subjects.of_episode(workspace.episode(chosen.episode))
    return subjects.of_collection(workspace, chosen.collection)


def _marks(chosen: argparse.Namespace) -> dict[str, MarkedRight] | None:
    """What people marked as right in the collection; None of what is no collection."""
    if chosen.collection is None:
        return None
    name, _ = parse_reference(chosen.collection)
    return options.existing_workspace(chosen).collections.settled(name)


def _print(diagnosis: Diagnosis, marks: Mapping[str, MarkedRight] | None) -> None:
    say = reporting.print_line
    findings = diagnosis.open(marks or {})
    say(
        f"{len(findings)} findings in {diagnosis.pictures} pictures of {len(diagnosis.classes)} classes, and"
        f" {diagnosis.queries} queries"
    )
    for finding in findings:
        names = ", ".join(picture.name for picture in finding.pictures)
        say(f"- {finding.notice}" + (f" ({names})" if names else "") + ("" if marks is None else f" [{finding.key}]"))
    if right := len(diagnosis.findings) - len(findings):
        say(f"{right} findings are marked as right.")
    for told in (*(leak.notice for leak in diagnosis.leaks), *diagnosis.untold):
        say(told)
    if diagnosis.scores:
        say("")
        rows = [
            [score.label, score.count, _shown(score.share) if score.share else "-", score.taken_for]
            for score in diagnosis.scores
        ]
        whole = _shown(diagnosis.overall) if diagnosis.overall else "-"
        reporting.print_table(
            ["class", "pictures", "right", "taken for"], [*rows, ["all", diagnosis.pictures, whole, ""]]
        )
    if compared := diagnosis.comparison:
        say("")
        say(f"best on these pictures: {compared.best if compared.tells else 'cannot tell yet'}")
        curve = diagnosis.curve
        gains = {method: _points(gain) for method, gain in curve.gains.items()} if curve else {}
        last = f"{curve.sizes[-2]} to {curve.sizes[-1]} a class" if curve else ""
        rows = [[method, _shown(compared.share(method)), gains.get(method, "")] for method in compared.right]
        reporting.print_table(["method", "right", last], rows)


def _shown(interval: Interval) -> str:
    return f"{interval.mean:.0%} ({interval.low:.0%} to {interval.high:.0%})"


def _points(interval: Interval) -> str:
    return f"{100 * interval.mean:+.1f} ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})"
