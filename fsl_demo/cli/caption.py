"""`caption`: pictures in, a sentence about each out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import into_parquet, options, reporting
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.core.pictures import Picture

DETAILS = (
    """\
Captions are in English. One marked "may be wrong" is of a picture unlike the photographs that the captioner learned
from. Where it is certain what a picture is of, that name is printed beside the caption with its probability; where it
isn't, the caption may say no more than "an outdoor scene". The JSON is a list of "file", "sha256", "captioner", "hint"
("name", "certainty"; null for none) and "captions" ("text", "score", "fit", "doubtful"), best first: "score" is the
log-probability a word, "fit" the similarity of sentence and picture.

"""
    + into_parquet.DETAILS
    + """
The answer is "caption" and "doubtful" of the best candidate, "hint" and its "certainty", and all "captions".
"""
)
EXAMPLES = """\
caption dog.jpg
caption holiday/ more.zip --format json
caption holiday/ --workspace workspace/
caption archive/ --out captions.parquet
"""
DOUBT = "may be wrong"


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "caption", summary="Describe pictures in words.", details=DETAILS, examples=EXAMPLES
    )
    parser.add_argument(
        "pictures", nargs="+", type=Path, metavar="PICTURES", help="pictures, folders, zips or tars of them"
    )
    parser.add_argument("--captioner", metavar="ID", help="who describes (default: the first there is)")
    parser.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        help="keep pictures and captions in this workspace, for `search`, and describe none twice (default: forget)",
    )
    into_parquet.add_out(parser)
    options.add_format(parser, "table", "json")
    options.add_machine(parser)
    parser.set_defaults(run=run, format=None)


def run(chosen: argparse.Namespace) -> int:
    if chosen.out and (chosen.format or chosen.workspace or len(chosen.pictures) > 1):
        chosen.refuse("--out goes with one source, and without --format and --workspace")
    into_parquet.check(chosen)
    options.prepare(chosen)
    if chosen.out:
        from fsl_demo.services.bulk.caption import CaptionRecipe

        recipe, terminal = CaptionRecipe(chosen.captioner), reporting.Terminal()
        return into_parquet.into_parquet(chosen, str(chosen.pictures[0]), recipe=recipe, terminal=terminal)
    return _print(chosen)


def _print(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.caption import caption
    from fsl_demo.store import Workspace

    terminal = reporting.Terminal()
    captioner = reading.registry(chosen.workspace).captioner(chosen.captioner)
    pictures: dict[str, Picture] = {}
    for path in chosen.pictures:
        single = path.is_file() and path.suffix.lower() != ".zip"
        for file, picture in reading.queries(path, terminal.progress, terminal.fault).items():
            pictures[str(path if single else path / file)] = picture
    workspace = Workspace(chosen.workspace) if chosen.workspace else None
    documents = caption(captioner, pictures, progress=terminal.progress, workspace=workspace)
    if chosen.format == "json":
        reporting.print_json(documents)
    else:
        rows = []
        for document in documents:
            best, hint = document["captions"][0], document["hint"]
            certain = f"{hint['name']} ({hint['certainty']:.0%})" if hint else ""
            rows.append([document["file"], best["text"], certain, DOUBT if best["doubtful"] else ""])
        reporting.print_table(["file", "caption", "certain", ""], rows)
    return 1 if terminal.faults else 0
