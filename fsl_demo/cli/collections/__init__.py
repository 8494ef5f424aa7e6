"""`collections`: named sets of pictures with labels, from the command line."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from fsl_demo.cli import options, reporting
from fsl_demo.cli.collections import right, sources, versions
from fsl_demo.core.errors import UserError

if TYPE_CHECKING:
    from fsl_demo.core.collections import CollectedPicture, CollectionLabel

DETAILS = """\
A collection is a named set of pictures of a workspace, with labels of its own. Frozen, it becomes a numbered version
that never changes: NAME@1, NAME@2 and so on. NAME alone is the newest.
"""
EXAMPLES = """\
collections create pets photos/
collections add pets --episode 3f2a --annotator anne
collections freeze pets --shares 60 20 20
collections diff pets@1 pets@2
collections export pets@2 --out pets.zip
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "collections",
        "Make named sets of pictures with labels, freeze them, compare and export the versions.",
        details=DETAILS,
        examples=EXAMPLES,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    adders = (
        _add_list,
        _add_show,
        _add_create,
        _add_add,
        _add_remove,
        right.add,
        *versions.ADDERS,
        _add_rename,
        _add_delete,
        _add_restore,
    )
    for add_action in adders:
        options.add_workspace(add_action(actions))


def _add_list(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "list", "List the collections, those changed last first.")
    options.add_format(parser, "table", "csv", "json")
    parser.set_defaults(run=list_collections)
    return parser


def list_collections(chosen: argparse.Namespace) -> int:
    summaries = versions.reader(chosen).collections.summaries()
    if chosen.format == "json":
        reporting.print_json([dataclasses.asdict(summary) for summary in summaries])
        return 0
    header = ["name", "pictures", "classes", "unlabelled", "none of these", "disputed", "versions", "changed"]
    rows = [
        [s.name, s.pictures, len(s.classes), s.unlabelled, s.none, s.disputed, s.versions, s.updated_at[:19]]
        for s in summaries
    ]
    (reporting.print_csv if chosen.format == "csv" else reporting.print_table)(header, rows)
    return 0


def _add_show(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "show", "Show a collection as it is now: classes, versions, pictures, labels.")
    add_name(parser)
    options.add_format(parser, "table", "json")
    parser.set_defaults(run=show)
    return parser


def show(chosen: argparse.Namespace) -> int:
    store = versions.reader(chosen).collections
    summary, frozen, pictures = store.summary(chosen.name), store.versions(chosen.name), store.pictures(chosen.name)
    if chosen.format == "json":
        reporting.print_json(
            {
                **dataclasses.asdict(summary),
                "versions": [dataclasses.asdict(version) for version in frozen],
                "pictures": [_document(collected) for collected in pictures],
            }
        )
        return 0
    reporting.print_line(f"{summary.name}: {summary.pictures} pictures, {summary.unlabelled} unlabelled")
    for counted in summary.classes:
        reporting.print_line(f"  {counted.name} ({counted.pictures})")
    if frozen:
        print()
        versions.print_versions(frozen)
    print()
    rows = [
        [
            collected.picture.name,
            _word(collected.label) if collected.label else "",
            collected.label.annotator if collected.label else "",
            collected.label.source if collected.label else "",
            "disputed" if collected.disputed else "",
        ]
        for collected in pictures
    ]
    reporting.print_table(["file", "label", "annotator", "source", ""], rows)
    return 0


def _document(collected: CollectedPicture) -> dict[str, object]:
    return {
        "file": collected.picture.name,
        "sha256": collected.picture.sha256,
        "disputed": collected.disputed,
        "labels": [
            {"class": label.class_name, **{k: v for k, v in dataclasses.asdict(label).items() if k != "class_name"}}
            for label in collected.labels
        ],
    }


def _word(label: CollectionLabel) -> str:
    return reporting.NONE if label.class_name is None else label.class_name


def _add_create(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "create", "Make a collection, empty or of what is named.")
    add_name(parser)
    sources.add(parser)
    parser.set_defaults(run=create)
    return parser


def create(chosen: argparse.Namespace) -> int:
    from fsl_demo.store import Workspace

    workspace, terminal = Workspace(chosen.workspace), reporting.Terminal()
    workspace.collections.check_free(chosen.name)
    if sources.are_named(chosen):
        sources.bring_in(chosen, workspace, terminal, new=True)
    else:
        workspace.collections.create(chosen.name)
    return 1 if terminal.faults else 0


def _add_add(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "add", "Put pictures into a collection, with what is known of them.")
    add_name(parser)
    sources.add(parser)
    parser.set_defaults(run=add_pictures)
    return parser


def add_pictures(chosen: argparse.Namespace) -> int:
    workspace, terminal = options.existing_workspace(chosen), reporting.Terminal()
    workspace.collections.summary(chosen.name)
    if not sources.are_named(chosen):
        raise UserError("collection_sources")
    sources.bring_in(chosen, workspace, terminal)
    return 1 if terminal.faults else 0


def _add_remove(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(
        actions, "remove", "Take pictures out of a collection; `add` brings them back with their labels."
    )
    add_name(parser)
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="a file name or a hash, as `show` has them")
    parser.set_defaults(run=remove)
    return parser


def remove(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.collections import matching

    store = options.existing_workspace(chosen).collections
    store.remove(chosen.name, matching(store.pictures(chosen.name), chosen.pictures))
    return 0


def _add_rename(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "rename", "Give a collection another name; its versions have it, too.")
    add_name(parser)
    parser.add_argument("new", metavar="NEW", help="the new name")
    parser.set_defaults(run=rename)
    return parser


def rename(chosen: argparse.Namespace) -> int:
    options.existing_workspace(chosen).collections.rename(chosen.name, chosen.new)
    return 0


def _add_delete(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "delete", "Take a collection out of the list; `restore` brings it back.")
    add_name(parser)
    parser.set_defaults(run=delete)
    return parser


def delete(chosen: argparse.Namespace) -> int:
    options.existing_workspace(chosen).collections.delete(chosen.name)
    return 0


def _add_restore(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(actions, "restore", "Bring a deleted collection back, with its versions.")
    add_name(parser)
    parser.set_defaults(run=restore)
    return parser


def restore(chosen: argparse.Namespace) -> int:
    options.existing_workspace(chosen).collections.restore(chosen.name)
    return 0


def add_name(parser: argparse.ArgumentParser) -> None:
    """`NAME`."""
    parser.add_argument("name", metavar="NAME", help="name of the collection")
