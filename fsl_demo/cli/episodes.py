"""`episodes`: what was saved, from the command line."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import options, query_boxes, reporting
from fsl_demo.core.episodes import Label
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.services.documents import StoredQueryDocument
    from fsl_demo.store import StoredEpisode, Workspace

DEFAULT_FORMAT = "imagefolder"


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "episodes",
        "List, show, label, export, import and delete saved episodes.",
        examples="episodes list --class cat\nepisodes export --format huggingface --out episodes.zip",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    adders = (_add_list, _add_show, _add_label, query_boxes.add, _add_export, _add_import, _add_delete, _add_restore)
    for add_action in adders:
        options.add_workspace(add_action(actions))


def _add_list(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "list", "List the episodes that match, last saved first.")
    parser.add_argument("--text", default="", help="a part of a title, class name, description or file name")
    parser.add_argument("--class", dest="class_name", default="", metavar="NAME", help="a class that it has")
    parser.add_argument("--method", default="", metavar="ID", help="a method that it has scores of")
    parser.add_argument("--since", default="", metavar="TIME", help="saved at or after, as in 2026-11 or 2026-11-23")
    parser.add_argument("--until", default="", metavar="TIME", help="saved at or before")
    parser.add_argument("--deleted", action="store_true", help="list the deleted ones instead")
    options.add_format(parser, "table", "csv", "json")
    parser.set_defaults(run=list_episodes)
    return parser


def list_episodes(chosen: argparse.Namespace) -> int:
    from fsl_demo.store import EpisodeFilter

    summaries = _reader(chosen).episodes(
        EpisodeFilter(
            text=chosen.text,
            class_name=chosen.class_name,
            method=chosen.method,
            since=chosen.since,
            until=chosen.until,
            deleted=chosen.deleted,
        )
    )
    if chosen.format == "json":
        reporting.print_json([dataclasses.asdict(summary) for summary in summaries])
        return 0
    header = ["id", "title", "classes", "support", "queries", "labelled", "methods", "saved"]
    rows = [
        [s.id, s.title, "; ".join(s.classes), s.support, s.queries, s.labelled, "; ".join(s.methods), s.updated_at[:19]]
        for s in summaries
    ]
    (reporting.print_csv if chosen.format == "csv" else reporting.print_table)(header, rows)
    return 0


def _add_show(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "show", "Show one episode whole: classes, pictures, answers, labels and boxes.")
    _add_id(parser)
    options.add_format(parser, "table", "json")
    parser.set_defaults(run=show)
    return parser


def show(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.documents import stored_query_document

    stored = _reader(chosen).episode(chosen.id)
    queries = [stored_query_document(stored, query) for query in range(len(stored.episode.queries))]
    if chosen.format == "json":
        _show_json(chosen.id, stored, queries)
    else:
        _show_table(chosen.id, stored, queries)
    return 0


def _show_json(episode_id: str, stored: StoredEpisode, queries: Sequence[StoredQueryDocument]) -> None:
    from fsl_demo.services.documents import rounded

    episode = stored.episode
    reporting.print_json(
        {
            "id": episode_id,
            "title": stored.title,
            "classes": [{"name": spec.name, "descriptions": spec.descriptions} for spec in episode.classes],
            "support": [
                {
                    "file": example.picture.name,
                    "sha256": example.picture.sha256,
                    "class": episode.classes[example.class_index].name,
                    "boxes": [rounded(box) for box in example.boxes],
                }
                for example in episode.support
            ],
            "methods": [
                {"id": run.scores.method, "checkpoint": run.scores.checkpoint, "seconds": run.scores.seconds}
                for run in stored.runs
            ],
            "queries": [
                {**query, "labelled_at": stored.labelled_at.get(number)} for number, query in enumerate(queries)
            ],
        }
    )


def _show_table(episode_id: str, stored: StoredEpisode, queries: Sequence[StoredQueryDocument]) -> None:
    reporting.print_line(stored.title or episode_id)
    for spec, shots in zip(stored.episode.classes, stored.episode.shots(), strict=True):
        reporting.print_line(f"  {spec.name} ({shots}){''.join(f'; {text}' for text in spec.descriptions)}")
    print()
    methods = [run.scores.method for run in stored.runs]
    rows = []
    for query in queries:
        answers = (reporting.in_words(query["predictions"].get(method)) for method in methods)
        label = (query["label"] or reporting.NONE) if query["labelled"] else ""
        boxes = "; ".join(region["name"] for region in query["regions"])
        rows.append([query["number"], query["file"], reporting.in_words(query), *answers, label, boxes])
    reporting.print_table(["query", "file", "answer", *methods, "label", "boxes"], rows)


def _add_label(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "label", "Label a query of a saved episode, or take its label back.")
    _add_id(parser)
    parser.add_argument(
        "--query", type=options.count, required=True, metavar="N", help="number of the query, from 1, as `show` has it"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--class", dest="class_name", metavar="NAME", help="the class that it belongs to")
    what.add_argument("--none", action="store_true", help="it belongs to none of the classes")
    what.add_argument("--clear", action="store_true", help="take the label back")
    parser.add_argument("--annotator", default="", metavar="NAME", help="who says so (default: not said)")
    parser.set_defaults(run=label)
    return parser


def label(chosen: argparse.Namespace) -> int:
    workspace = options.existing_workspace(chosen)
    if chosen.clear:
        given = None
    elif chosen.none:
        given = Label(None, chosen.annotator)
    else:
        given = Label(reading.class_index(workspace.episode(chosen.id).episode, chosen.class_name), chosen.annotator)
    workspace.label(chosen.id, chosen.query - 1, given)
    return 0


def _add_export(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "export", "Write episodes to one file that other programs read.")
    parser.add_argument("ids", nargs="*", metavar="ID", help="ids of episodes, as `list` has them (default: all)")
    parser.add_argument(
        "--format",
        choices=Formats(),
        default=DEFAULT_FORMAT,
        metavar="FORMAT",
        help=f"%(choices)s (default: {DEFAULT_FORMAT}, class folders)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the zip or CSV to write")
    parser.set_defaults(run=export)
    return parser


class Formats:
    """The ids of the formats, which are imported when somebody asks for one."""

    def __iter__(self) -> Iterator[str]:
        from fsl_demo.store.exchange import FORMATS

        return iter(FORMATS)


def export(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.episodes import export_episodes
    from fsl_demo.store.exchange import FORMATS

    terminal = reporting.Terminal()
    export_episodes(_reader(chosen), FORMATS[chosen.format], ids=chosen.ids, path=chosen.out, report=terminal.fault)
    reporting.print_line(chosen.out)
    return 1 if terminal.faults else 0


def _add_import(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(
        actions,
        "import",
        "Save the episodes of an export, class folders as a support set, or a data set with boxes; prints their ids.",
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="a zip, a tar, a folder, a CSV, or a file of labels (Parquet, JSON)"
    )
    parser.set_defaults(run=import_file)
    return parser


def import_file(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.episodes import import_episodes
    from fsl_demo.store import Workspace

    terminal = reporting.Terminal()
    for episode_id in import_episodes(
        Workspace(chosen.workspace), chosen.file, progress=terminal.progress, report=terminal.fault
    ):
        print(episode_id)
    return 1 if terminal.faults else 0


def _add_delete(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "delete", "Take an episode out of the list; `restore` brings it back.")
    _add_id(parser)
    parser.set_defaults(run=delete)
    return parser


def delete(chosen: argparse.Namespace) -> int:
    options.existing_workspace(chosen).delete_episode(chosen.id)
    return 0


def _add_restore(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "restore", "Bring a deleted episode back.")
    _add_id(parser)
    parser.set_defaults(run=restore)
    return parser


def restore(chosen: argparse.Namespace) -> int:
    options.existing_workspace(chosen).restore_episode(chosen.id)
    return 0


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="id of the episode, as `list` has it")


def _reader(chosen: argparse.Namespace) -> Workspace:
    """The workspace, to be read only."""
    from fsl_demo import store

    return store.reader(chosen.workspace)
