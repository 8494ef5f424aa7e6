"""`caption`: pictures in, a sentence about each out."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsl_demo.cli import options, reporting
from fsl_demo.core.episodes import Caption, Progress
from fsl_demo.core.errors import UserError
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.core.capabilities import Captioner
    from fsl_demo.core.pictures import Picture

DETAILS = """\
Captions are in English. One marked "may be wrong" is of a picture unlike the photographs that the captioner learned
from. The JSON is a list of "file", "sha256", "captioner" and "captions" ("text", "score", "fit", "doubtful"), best
first: "score" is the log-probability a word, "fit" the similarity of sentence and picture.
"""
EXAMPLES = """\
caption dog.jpg
caption holiday/ more.zip --format json
caption holiday/ --workspace workspace/
"""
DOUBT = "may be wrong"


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(verbs, "caption", "Describe pictures in words.", DETAILS, EXAMPLES)
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURES", help="pictures, folders or zips of them")
    parser.add_argument("--captioner", metavar="ID", help="who describes (default: the first there is)")
    parser.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        help="keep pictures and captions in this workspace, for `search`, and describe none twice (default: forget)",
    )
    options.add_format(parser, "table", "json")
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    terminal = reporting.Terminal()
    captioner = reading.registry(chosen.workspace).captioner(chosen.captioner)
    pictures: dict[str, Picture] = {}
    for path in chosen.pictures:
        found = reading.queries(path, terminal.progress, terminal.fault)
        single = path.is_file() and path.suffix.lower() != ".zip"
        pictures |= {str(path if single else path / file): picture for file, picture in found.items()}
    said = document(captioner, pictures, terminal.progress, chosen.workspace)
    if chosen.format == "json":
        reporting.print_json(said)
    else:
        best = [(one["file"], one["captions"][0]) for one in said]
        rows = [[file, caption["text"], DOUBT if caption["doubtful"] else ""] for file, caption in best]
        reporting.print_table(["file", "caption", ""], rows)
    return 1 if terminal.faults else 0


def document(
    captioner: Captioner, pictures: Mapping[str, Picture], progress: Progress, workspace: Path | None = None
) -> list[dict[str, Any]]:
    """What a captioner says of pictures, as the JSON document that `DETAILS` describes.

    Args:
        pictures: by what to call each.
        workspace: where to keep pictures and captions, if anywhere.

    Raises:
        UserError: `no_pictures`, `weights_missing`, `weights_differ`.
    """
    if not pictures:
        raise UserError("no_pictures")
    said = _captions(captioner, list(pictures.values()), progress, workspace)
    return [
        {
            "file": file,
            "sha256": picture.sha256,
            "captioner": captioner.card.id,
            "captions": [
                {"text": one.text, "score": round(one.score, 6), "fit": round(one.fit, 6), "doubtful": one.doubtful}
                for one in said[picture.sha256]
            ],
        }
        for file, picture in pictures.items()
    ]


def _captions(
    captioner: Captioner, pictures: list[Picture], progress: Progress, folder: Path | None
) -> dict[str, tuple[Caption, ...]]:
    from fsl_demo.services.caption import describe, describe_new
    from fsl_demo.store import Workspace

    if folder is None:
        parts = describe(captioner, pictures, progress)
        return {picture.sha256: captions for part in parts for picture, captions in part.items()}
    workspace = Workspace(folder)
    workspace.add_to_collection(pictures)
    describe_new(workspace, captioner, pictures, progress)
    mine = (captioner.card.id, captioner.weights)
    stored = workspace.captions([picture.sha256 for picture in pictures])
    return {
        sha256: next(one.captions for one in said if (one.captioner, one.weights) == mine)
        for sha256, said in stored.items()
    }
