"""`predict`: pictures in class folders, or descriptions, and queries in; answers out."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import into_parquet, options, reporting
from fsl_demo.core.episodes import Episode, Scores
from fsl_demo.core.errors import UserError
from fsl_demo.core.regions import Region
from fsl_demo.services import reading
from fsl_demo.services.documents import PredictDocument, predict_document, yes_no

if TYPE_CHECKING:
    from fsl_demo.core.registry import Registry

DETAILS = (
    """\
Each picture has one answer from all methods: the most probable class by the geometric mean of their probabilities. A
picture that they find unlike the examples of its class on average is marked "unlike", beside the answer. Where the
examples are too few, or too much alike, to say so, a line on stderr says that, and "unlike" is null (in CSV "unknown").
The JSON has "classes", "methods" (id, hash of the checkpoint, seconds) and "queries": of each file "answer",
"probability", "unlike" and the "probabilities" of every class, and the same of each method under "predictions"; a
method that says what is where adds "regions": of each the "box" (left, top, right, bottom, as fractions of the
picture), its "score", and "words": the probabilities of what it may be.
A query that cannot be read is named on stderr and left out; the exit code is then 1.

"""
    + into_parquet.DETAILS
    + """
Its columns are those of the CSV, and "probabilities" in the order of "classes" in the file's metadata ("fsl_demo").
"""
)
EXAMPLES = """\
predict --support pets/ --queries unsorted/
predict --support pets.zip --queries unsorted/ --methods prototype,asif --format json
predict --describe birds.csv --queries garden/ --format csv > answers.csv
predict --support pets/ --describe pets.csv --queries unsorted/ --set asif.blend=0.5
predict archive/ --support pets/ --out answers.parquet
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "predict", summary="Classify the pictures of a folder.", details=DETAILS, examples=EXAMPLES
    )
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="folder, zip or tar of pictures to classify, or one picture; with --out, see above",
    )
    options.add_task(parser)
    parser.add_argument(
        "--queries",
        metavar="DIR",
        help="another way to write SOURCE",
    )
    options.add_methods(parser)
    options.add_use_region(parser)
    options.add_settings(parser)
    into_parquet.add_out(parser)
    options.add_format(parser, "table", "csv", "json")
    options.add_cache(parser)
    options.add_machine(parser)
    options.add_frozen_precision(parser)
    parser.set_defaults(run=run, format=None)


def run(chosen: argparse.Namespace) -> int:
    if (chosen.source is None) == (chosen.queries is None):
        chosen.refuse("name the pictures to classify, as SOURCE or by --queries")
    if chosen.out and (chosen.format or chosen.workspace):
        chosen.refuse("--out goes without --format and --workspace: answers are written, and features forgotten")
    into_parquet.check(chosen)
    options.prepare(chosen)
    terminal = reporting.Terminal()
    learned = options.read_task(chosen, terminal)
    learned.check()
    source = chosen.source or chosen.queries
    if chosen.out:
        from fsl_demo.services.bulk.predict import PredictRecipe

        recipe = PredictRecipe.of(
            learned, methods=chosen.methods, settings=chosen.settings, use_region=chosen.use_region
        )
        return into_parquet.into_parquet(chosen, source, recipe=recipe, terminal=terminal)
    return _print(chosen, learned, source=Path(source), terminal=terminal)


def _print(chosen: argparse.Namespace, learned: Episode, source: Path, terminal: reporting.Terminal) -> int:
    queries = reading.queries(source, terminal.progress, terminal.fault)
    if not queries:
        raise UserError("no_queries")
    episode = dataclasses.replace(learned, queries=tuple(queries.values()))
    registry = registry_for(chosen, episode)
    scores = classify(chosen, registry, episode=episode, terminal=terminal)
    regions = _regions(chosen, registry, episode=episode, scores=scores, terminal=terminal)
    document = predict_document(episode, list(queries), scores=scores, regions=regions)
    for notice in document.get("notices", []):
        terminal.note(notice)
    _PRINTERS[chosen.format or "table"](document)
    return 1 if terminal.faults else 0


def registry_for(chosen: argparse.Namespace, episode: Episode) -> Registry:
    """The methods, with a workspace that has the episode's pictures whole."""
    reading.heal(chosen.workspace, [*(example.picture for example in episode.support), *episode.queries])
    return reading.registry(chosen.workspace)


def _regions(
    chosen: argparse.Namespace,
    registry: Registry,
    episode: Episode,
    scores: Sequence[Scores],
    terminal: reporting.Terminal,
) -> dict[str, list[tuple[Region, ...]]]:
    """What is where on the queries, for the format that holds it."""
    if chosen.format != "json":
        return {}
    from fsl_demo.services.locate import predicted_regions

    settings = reading.settings(registry, chosen.settings)
    return predicted_regions(registry, episode, scores=scores, settings=settings, progress=terminal.progress)


def classify(
    chosen: argparse.Namespace, registry: Registry, episode: Episode, terminal: reporting.Terminal
) -> list[Scores]:
    """The scores of the chosen methods; one that was asked for and cannot answer is a fault, others are passed over.

    Raises:
        UserError: when no method can answer.
    """
    from fsl_demo.services import predict

    refusals: list[UserError] = []
    scores = predict.classify(
        registry,
        episode,
        names=chosen.methods,
        settings=reading.settings(registry, chosen.settings),
        progress=terminal.progress,
        refused=lambda _, error: refusals.append(error),
        use_region=chosen.use_region,
    )
    for refusal in refusals:
        if chosen.methods:
            terminal.fault(refusal)
        else:
            terminal.note(str(refusal))
    return scores


def _print_csv(document: PredictDocument) -> None:
    methods = [method["id"] for method in document["methods"]]
    header = ["file", "answer", "probability", "unlike"]
    header += [column for name in methods for column in (name, f"{name}.probability", f"{name}.unlike")]
    rows: list[list[object]] = []
    for query in document["queries"]:
        row: list[object] = [query["file"], query["answer"], query["probability"], yes_no(query["unlike"])]
        for name in methods:
            prediction = query["predictions"][name]
            row += [prediction["label"], prediction["probability"], yes_no(prediction["unlike"])]
        rows.append(row)
    reporting.print_csv(header, rows)


def _print_table(document: PredictDocument) -> None:
    methods = [method["id"] for method in document["methods"]]
    rows = []
    for query in document["queries"]:
        predictions = [query["predictions"][name] for name in methods]
        labels = {prediction["label"] for prediction in predictions}
        differ = "methods disagree" if len(labels) > 1 else ""
        rows.append([query["file"], reporting.in_words(query), *map(reporting.in_words, predictions), differ])
    reporting.print_table(["query", "answer", *methods, ""], rows)


_PRINTERS = {"json": reporting.print_json, "csv": _print_csv, "table": _print_table}
