"""`search`: the pictures of a workspace or a folder, found by a sentence, a picture, or words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsl_demo.cli import options, reporting
from fsl_demo.cli.search.hits import Hit, document, in_new_order, of_files, of_workspace, reranker, workspace_folder
from fsl_demo.cli.search.words import PLACES, by_words
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.core.regions import Region
    from fsl_demo.core.registry import Registry

DETAILS = """\
A workspace's pictures are those of its saved episodes, and those added for searching: on the page, or by `caption`.
Each picture is embedded once; its features are kept in the workspace. The JSON is a list of "file", "sha256",
"similarity", "classes" (that a person gave it) and "episodes", best first; with --words "caption" (null where the file
name has the words) and "doubtful" take the place of "similarity". With --where "region" is the best one: its "box"
(left, top, right, bottom, as fractions of the picture) and its "score"; null where the sentence is not in the picture.
"""
EXAMPLES = """\
search "a dog in the snow" --workspace workspace/
search --like dog.jpg --top 5 --format json
search "a dog in the snow" --data holiday/ --rerank
search "a red ball" --where
search --words "dog run"
"""
NOWHERE = "Nothing like it is in these pictures."


def add(verbs: options.Verbs) -> None:
    summary = "Find pictures by a sentence, a picture, or words of their captions and names."
    parser = options.add_verb(verbs, "search", summary=summary, details=DETAILS, examples=EXAMPLES)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("sentence", nargs="?", metavar="SENTENCE", help="what the pictures show, in English")
    what.add_argument("--like", type=Path, metavar="FILE", help="a picture; those most like it are listed")
    what.add_argument(
        "--words",
        metavar="WORDS",
        help="words, or beginnings of words, that a picture's caption or file name has to have (of a workspace)",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="search this folder, zip or tar in place of the workspace"
    )
    parser.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        help="search this workspace (default: ./workspace); with --data, keep the pictures' features in it",
    )
    parser.add_argument("--method", metavar="ID", help="the method that compares (default: the first that can)")
    parser.add_argument(
        "--rerank", action="store_true", help="look at words and positions of the first ten, and put them in order"
    )
    parser.add_argument(
        "--where",
        action="store_true",
        help="find the best region of each listed picture for the sentence; surest first",
    )
    parser.add_argument("--top", type=options.count, default=20, metavar="N", help="how many to list (default: 20)")
    options.add_format(parser, "table", "json")
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    if chosen.words is not None:
        return by_words(chosen)
    options.prepare(chosen)
    from fsl_demo import store
    from fsl_demo.services.search import space_named

    terminal = reporting.Terminal()
    like = ingest(chosen.like) if chosen.like else None
    workspace = store.usable(workspace_folder(chosen)) if chosen.data is None else None
    registry = reading.registry(workspace.folder if workspace else chosen.workspace)
    space = space_named(registry, chosen.method or "")
    model = reranker(chosen, registry, space) if chosen.rerank else None
    top = max(chosen.top, model.top if model else 0)
    if workspace:
        hits = of_workspace(chosen, space, workspace=workspace, like=like, top=top, terminal=terminal)
    else:
        hits = of_files(chosen, space, like=like, top=top, terminal=terminal)
    hits = (in_new_order(chosen, model, hits=hits, terminal=terminal) if model else hits)[: chosen.top]
    if chosen.where:
        _print_places(chosen, _placed(chosen, registry, hits=hits, terminal=terminal))
    elif chosen.format == "json":
        reporting.print_json([document(hit, _similarity(hit)) for hit in hits])
    else:
        rows = [[f"{hit.similarity:.3f}", hit.file, "; ".join(hit.member.classes)] for hit in hits]
        reporting.print_table(["similarity", "file", "classes"], rows)
    return 1 if terminal.faults else 0


def _similarity(hit: Hit) -> dict[str, Any]:
    return {"similarity": round(hit.similarity, 6)}


def _placed(
    chosen: argparse.Namespace, registry: Registry, hits: Sequence[Hit], terminal: reporting.Terminal
) -> list[tuple[Hit, Region | None]]:
    """The listed pictures with the best region of each, the surest first.

    Raises:
        UserError: `setting_bad` without a sentence; `no_grounding`; what is wrong with the weights.
    """
    from fsl_demo.services.places import grounding, places

    if not chosen.sentence:
        raise UserError("setting_bad", name="--where", value="used", reason=PLACES)
    pictures = [hit.member.picture for hit in hits]
    by_hash = places.find(grounding(registry), chosen.sentence, pictures=pictures, progress=terminal.progress)
    placed = [(hit, by_hash[hit.member.picture.sha256]) for hit in hits]
    return sorted(placed, key=lambda pair: -(pair[1].score if pair[1] else 0.0))


def _print_places(chosen: argparse.Namespace, placed: Sequence[tuple[Hit, Region | None]]) -> None:
    if chosen.format == "json":
        reporting.print_json(
            [
                document(hit, {**_similarity(hit), "region": region and _region_document(region)})
                for hit, region in placed
            ]
        )
        return
    if placed and not any(region for _, region in placed):
        reporting.print_line(NOWHERE)
        return
    rows = []
    for hit, region in placed:
        shown = [f"{region.score:.3f}", " ".join(f"{edge:.2f}" for edge in region.box)] if region else ["", ""]
        rows.append([*shown, f"{hit.similarity:.3f}", hit.file, "; ".join(hit.member.classes)])
    reporting.print_table(["score", "box", "similarity", "file", "classes"], rows)


def _region_document(region: Region) -> dict[str, Any]:
    return {"box": [round(edge, 6) for edge in region.box], "score": round(region.score, 6)}
