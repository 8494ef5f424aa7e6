"""`embed`: pictures in, vectors out."""

from __future__ import annotations

import argparse

from fsl_demo.cli import into_parquet, options, reporting

EXAMPLES = """\
embed archive/ --out vectors.parquet
embed 'photos-{000..099}.tar' --method compact-vlm --out vectors.parquet
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "embed",
        summary="Write the vector of each picture.",
        details=f'{into_parquet.DETAILS}\nThe answer is "vector", of length 1; likeness is the product of two.\n',
        examples=EXAMPLES,
    )
    into_parquet.add_source(parser)
    parser.add_argument(
        "--method",
        default="prototype",
        metavar="ID",
        help="whose space: that of `prototype` has pictures alone (default), that of `compact-vlm` sentences, too",
    )
    into_parquet.add_out(parser, required=True)
    options.add_machine(parser)
    options.add_frozen_precision(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    into_parquet.check(chosen)
    options.prepare(chosen)
    from fsl_demo.services.bulk.embed import EmbedRecipe

    recipe, terminal = EmbedRecipe(chosen.method), reporting.Terminal()
    return into_parquet.into_parquet(chosen, chosen.source, recipe=recipe, terminal=terminal)
