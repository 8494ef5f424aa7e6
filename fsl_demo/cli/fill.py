"""`fill`: which word fills the blank of a sentence about a picture."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from fsl_demo.cli import options, reporting
from fsl_demo.services import reading

DETAILS = """\
The sentence is in English and has one blank, written [MASK] or ___. Each word comes with its probability with the
picture and without it, so that you see what the picture adds. The JSON has "seen" and "unseen": lists of {"word",
"seen", "unseen"}, likeliest with the picture first, and likeliest without it.
"""
EXAMPLES = """\
fill dog.jpg "a dog runs on the [MASK]"
fill dog.jpg "a ___ runs on the grass" --top 10 --format json
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "fill", summary="Fill the blank of a sentence about a picture.", details=DETAILS, examples=EXAMPLES
    )
    parser.add_argument("picture", type=Path, metavar="PICTURE", help="file of the picture")
    parser.add_argument("sentence", metavar="SENTENCE", help="in English, with one blank: [MASK] or ___")
    parser.add_argument("--top", type=options.count, default=5, metavar="N", help="how many words (default: 5)")
    options.add_format(parser, "table", "json")
    options.add_cache(parser)
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    from fsl_demo.core.pictures import ingest
    from fsl_demo.services.fill import fill, filler

    terminal = reporting.Terminal()
    method = filler(reading.registry(chosen.workspace))
    picture = ingest(chosen.picture)
    reading.heal(chosen.workspace, [picture])
    filled = fill(method, picture, chosen.sentence, top=chosen.top, progress=terminal.progress)
    if chosen.format == "json":
        reporting.print_json(asdict(filled))
    else:
        rows = [
            [seen.word, f"{seen.seen:.1%}", f"{seen.unseen:.1%}", unseen.word, f"{unseen.unseen:.1%}"]
            for seen, unseen in zip(filled.seen, filled.unseen, strict=True)
        ]
        reporting.print_table(["with the picture", "", "without it", "without it, first", ""], rows)
    return 0
