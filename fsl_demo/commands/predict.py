"""`predict`: pictures in class folders, or descriptions, and queries in; answers out."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fsl_demo.commands import options, reading, reporting
from fsl_demo.episodes import Episode, Scores
from fsl_demo.errors import UserError

DETAILS = """\
The JSON has "classes", "methods" (id, hash of the checkpoint, seconds) and "queries": of each file the label
that each method gives it (null is "none of these"), the highest probability and that of every class.
A query that cannot be read is named on stderr and left out; the exit code is then 1.
"""
EXAMPLES = """\
predict --support pets/ --queries unsorted/
predict --support pets.zip --queries unsorted/ --methods prototype,asif --format json
predict --describe birds.csv --queries garden/ --format csv > answers.csv
predict --support pets/ --describe pets.csv --queries unsorted/ --set asif.blend=0.5
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(verbs, "predict", "Classify the pictures of a folder.", DETAILS, EXAMPLES)
    options.add_task(parser)
    parser.add_argument(
        "--queries",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder or zip of pictures to classify, or one picture",
    )
    options.add_methods(parser)
    options.add_settings(parser)
    options.add_format(parser, "table", "csv", "json")
    options.add_cache(parser)
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    terminal = reporting.Terminal()
    learned = reading.task(chosen.support, chosen.describe, terminal.progress, terminal.fault)
    learned.check()
    queries = reading.queries(chosen.queries, terminal.progress, terminal.fault)
    if not queries:
        raise UserError("no_queries")
    episode = dataclasses.replace(learned, queries=tuple(queries.values()))
    answers = _answers(chosen, episode, terminal)
    _PRINTERS[chosen.format](document(episode, list(queries), answers))
    return 1 if terminal.faults else 0


def _answers(chosen: argparse.Namespace, episode: Episode, terminal: reporting.Terminal) -> list[Scores]:
    """The scores of each method; one that was asked for and cannot answer is a fault, others are passed over."""
    from fsl_demo.methods import proposed

    known = reading.methods(chosen.workspace)
    settings = reading.settings(known, chosen.settings)
    answers, refusals = [], []
    for method in reading.named(known, chosen.methods or proposed(known, [one.picture for one in episode.support])):
        try:
            fitted = method.fit(episode, settings[method.card.id], terminal.progress)
            answers.append(fitted.predict(episode.queries, terminal.progress))
        except UserError as error:
            refusals.append(error)
    if not answers:
        raise refusals[0]
    for refusal in refusals:
        if chosen.methods:
            terminal.fault(refusal)
        else:
            terminal.note(str(refusal))
    return answers


def document(episode: Episode, files: Sequence[str], answers: Sequence[Scores]) -> dict[str, Any]:
    """What the methods say, as the JSON document that `DETAILS` describes.

    Args:
        files: what to call each query, in order.
        answers: the scores of each method.
    """
    return {
        "classes": [spec.name for spec in episode.classes],
        "methods": [
            {"id": scores.method, "checkpoint": scores.checkpoint, "seconds": round(scores.seconds, 3)}
            for scores in answers
        ],
        "queries": [
            {"file": file, "predictions": {s.method: reporting.answer(s, number, episode.classes) for s in answers}}
            for number, file in enumerate(files)
        ],
    }


def _print_csv(said: dict[str, Any]) -> None:
    methods = [method["id"] for method in said["methods"]]
    rows = []
    for query in said["queries"]:
        answers = [query["predictions"][method] for method in methods]
        rows.append(
            [query["file"], *(cell for a in answers for cell in (a["label"] or reporting.NONE, a["probability"]))]
        )
    reporting.print_csv(["file", *(name for m in methods for name in (m, f"{m}.probability"))], rows)


def _print_table(said: dict[str, Any]) -> None:
    methods = [method["id"] for method in said["methods"]]
    rows = []
    for query in said["queries"]:
        answers = [query["predictions"][method] for method in methods]
        differ = "methods disagree" if len({answer["label"] for answer in answers}) > 1 else ""
        rows.append([query["file"], *map(reporting.in_words, answers), differ])
    reporting.print_table(["query", *methods, ""], rows)


_PRINTERS = {"json": reporting.print_json, "csv": _print_csv, "table": _print_table}
