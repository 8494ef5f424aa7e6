"""`detect`: pictures in, what is where on them out."""

from __future__ import annotations

import argparse

from fsl_demo.cli import into_parquet, options, reporting

DETAILS = """
The answer is "regions", a list, the surest first: of each the "box" (left, top, right, bottom, as fractions of the
picture), its "score", and "words": what it may be, each with a score.
"""
EXAMPLES = """\
detect archive/ --out regions.parquet
detect people.txt --detector faces --out faces.parquet
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "detect",
        summary="Write what is where on each picture.",
        details=into_parquet.DETAILS + DETAILS,
        examples=EXAMPLES,
    )
    into_parquet.add_source(parser)
    parser.add_argument(
        "--detector",
        default="things",
        metavar="ID",
        help="who looks: things (default), faces, named-things, or coco-things once its weights are there",
    )
    into_parquet.add_out(parser, required=True)
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    into_parquet.check(chosen)
    options.prepare(chosen)
    from fsl_demo.services.bulk.detect import DetectRecipe

    recipe, terminal = DetectRecipe(chosen.detector), reporting.Terminal()
    return into_parquet.into_parquet(chosen, chosen.source, recipe=recipe, terminal=terminal)
