"""`episodes box`: what is where on a query of a saved episode."""

from __future__ import annotations

import argparse

from fsl_demo.cli import options


def add(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(
        actions,
        "box",
        "Say what is in a box on a query of a saved episode, or take that back.",
        examples="episodes box 1f2e --query 3 --edges 0.1 0.2 0.55 0.8 --name 'a red ball'",
    )
    parser.add_argument("id", metavar="ID", help="id of the episode, as `list` has it")
    parser.add_argument(
        "--query", type=options.count, required=True, metavar="N", help="number of the query, from 1, as `show` has it"
    )
    parser.add_argument(
        "--edges",
        type=float,
        nargs=4,
        required=True,
        metavar=("LEFT", "TOP", "RIGHT", "BOTTOM"),
        help="of the box, as fractions of the picture",
    )
    parser.add_argument("--name", required=True, metavar="NAME", help="what is in it: a class, or any other word")
    parser.add_argument("--clear", action="store_true", help="take the box of that name and place back")
    parser.add_argument("--annotator", default="", metavar="NAME", help="who says so (default: not said)")
    parser.set_defaults(run=mark)
    return parser


def mark(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.episodes import QueryBox, mark_region, withdraw_region

    box = QueryBox(chosen.id, query=chosen.query - 1, edges=tuple(chosen.edges), name=chosen.name)
    workspace = options.existing_workspace(chosen)
    if chosen.clear:
        withdraw_region(workspace, box)
    else:
        mark_region(workspace, box, chosen.annotator)
    return 0
