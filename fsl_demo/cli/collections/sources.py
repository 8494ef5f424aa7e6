"""What `collections create` and `collections add` put into a collection."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import options, reporting
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.core.errors import Report
    from fsl_demo.services.collections import Collected
    from fsl_demo.store import Workspace


def bring_in(chosen: argparse.Namespace, workspace: Workspace, terminal: reporting.Terminal, new: bool = False) -> None:
    """Put what is named into the collection, and print what that changed."""
    from fsl_demo.services import bringing_in

    counting = bringing_in.Counting(terminal.fault)
    collected = _gather(chosen, workspace, terminal, report=counting)
    origin = ", ".join(path.name for path in chosen.paths)
    changes = bringing_in.put(workspace, chosen.name, collected, origin=origin, new=new)
    counts = [
        (changes.differ, "labels differ"),
        (changes.labelled, "newly labelled"),
        (changes.same, "labels the same"),
        (counting.left_out, "left out"),
    ]
    changed = [f"{count} {what}" for count, what in counts if count]
    reporting.print_line(", ".join([f"{changes.new} pictures", *changed]))


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a folder, a zip, a tar or a file of labels, in class folders or any format of `export`; or a picture",
    )
    parser.add_argument(
        "--episode", action="append", default=[], metavar="ID", help="a saved episode with its labels; may be repeated"
    )
    parser.add_argument("--everything", action="store_true", help="all pictures of saved episodes, and those added")
    parser.add_argument("--search", metavar="SENTENCE", help="what a search for this finds")
    parser.add_argument(
        "--top", type=options.count, default=20, metavar="N", help="how many pictures --search takes (default: 20)"
    )
    parser.add_argument(
        "--annotator", default="", metavar="NAME", help="whose labels these are where files do not say it"
    )
    options.add_machine(parser)


def are_named(chosen: argparse.Namespace) -> bool:
    return bool(chosen.paths or chosen.episode or chosen.everything or chosen.search is not None)


def _gather(
    chosen: argparse.Namespace, workspace: Workspace, terminal: reporting.Terminal, report: Report
) -> Collected:
    from fsl_demo.services import bringing_in, collections

    sources: list[Callable[[], Collected]] = [
        partial(
            collections.of_files,
            path,
            keep=workspace.ingest,
            annotator=chosen.annotator,
            progress=terminal.progress,
            report=report,
            known=bringing_in.known(workspace, chosen.name),
        )
        for path in chosen.paths
    ]
    sources += [partial(collections.of_episode, workspace, episode) for episode in chosen.episode]
    if chosen.everything:
        sources.append(partial(collections.everything, workspace))
    if chosen.search is not None:
        sources.append(partial(_search, chosen, workspace, terminal))
    return collections.together(source() for source in sources)


def _search(chosen: argparse.Namespace, workspace: Workspace, terminal: reporting.Terminal) -> Collected:
    options.prepare(chosen)
    from fsl_demo.services import collections, search

    registry = reading.registry(workspace.folder)
    hashes = search.best(registry, workspace, sentence=chosen.search, top=chosen.top, progress=terminal.progress)
    return collections.of_pictures(workspace, hashes)
