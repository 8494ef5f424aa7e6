"""`collections freeze`, `diff` and `export`: frozen versions."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import options, reporting
from fsl_demo.core.collections import PARTS, FrozenCollection, VersionSummary, difference
from fsl_demo.services import collection_documents, reading

if TYPE_CHECKING:
    from fsl_demo.store import Workspace

DETAILS = """\
Near-duplicates (crops, mirror images, the same compressed again) come into one part, and what stood in a part of an
earlier version stays in it. The same content again is the version that is there. What is unlabelled, disputed or none
of the classes is left out, and said.
"""
EXPORTED = """\
What is corrected in the file, in any of these formats, comes back with `collections add NAME FILE`: by the pixels of
its pictures, or by their hashes where it holds none.
"""
FOLDERS = "folders"
VERSION = "a frozen version, as in pets@2; pets alone is the newest"


def _add_freeze(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(
        actions,
        "freeze",
        "Freeze a collection as a numbered version with parts to train, validate and test on.",
        details=DETAILS,
    )
    parser.add_argument("name", metavar="NAME", help="name of the collection")
    parser.add_argument(
        "--shares",
        type=int,
        nargs=3,
        default=[60, 20, 20],
        metavar=("TRAIN", "VALIDATION", "TEST"),
        help="percent of each class (default: 60 20 20)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another one draws other parts (default: 0)")
    options.add_format(parser, "table", "json")
    options.add_machine(parser)
    parser.set_defaults(run=freeze)
    return parser


def freeze(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.splitting import Shares

    train, validation, test = chosen.shares
    shares = Shares(train, validation, test)
    workspace, terminal = options.existing_workspace(chosen), reporting.Terminal()
    workspace.collections.summary(chosen.name)
    options.prepare(chosen)
    from fsl_demo.services import freezing

    frozen = freezing.freeze(
        workspace,
        reading.registry(workspace.folder),
        name=chosen.name,
        how=freezing.Freezing(shares, chosen.seed),
        progress=terminal.progress,
        report=terminal.fault,
    )
    if chosen.format == "json":
        reporting.print_json(collection_documents.version(frozen))
    else:
        _print_frozen(frozen)
    return 1 if terminal.faults else 0


def _print_frozen(frozen: FrozenCollection) -> None:
    reporting.print_line(f"{frozen}  SHA-256 {frozen.digest}")
    counts = Counter((picture.class_name, picture.part) for picture in frozen.pictures)
    rows = [[name, *(counts[name, part] for part in PARTS)] for name in frozen.classes]
    reporting.print_table(["class", *PARTS], rows)


def print_versions(versions: Sequence[VersionSummary]) -> None:
    """A table of frozen versions."""
    rows = [[version.number, *version.parts, version.created_at[:19], version.digest] for version in versions]
    reporting.print_table(["version", *PARTS, "frozen", "SHA-256"], rows)


def _add_diff(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(
        actions, "diff", "List what differs between two frozen versions: added, removed, relabelled, moved."
    )
    parser.add_argument("before", metavar="BEFORE", help=VERSION)
    parser.add_argument("after", metavar="AFTER", help=VERSION)
    options.add_format(parser, "table", "json")
    parser.set_defaults(run=diff)
    return parser


def diff(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.freezing import version

    workspace = reader(chosen)
    changes = difference(version(workspace, chosen.before), version(workspace, chosen.after))
    if chosen.format == "json":
        reporting.print_json(collection_documents.changes(changes))
        return 0
    rows = [
        *(["added", frozen.picture.name, f"{frozen.class_name}, {frozen.part}"] for frozen in changes.added),
        *(["removed", frozen.picture.name, f"{frozen.class_name}, {frozen.part}"] for frozen in changes.removed),
        *(["relabelled", new.picture.name, f"{old.class_name} -> {new.class_name}"] for old, new in changes.relabelled),
        *(["moved", new.picture.name, f"{old.part} -> {new.part}"] for old, new in changes.moved),
    ]
    reporting.print_table(["change", "file", "what"], rows)
    return 0


class Formats:
    """The ids of the formats for pictures with a class each, which are imported when somebody asks for one."""

    def __iter__(self) -> Iterator[str]:
        from fsl_demo.store.exchange import CLASSIFIED

        return iter((FOLDERS, *CLASSIFIED))


def _add_export(actions: options.Verbs) -> argparse.ArgumentParser:
    parser = options.add_verb(
        actions,
        "export",
        "Write a frozen version: class folders in train, validation and test, or what other tools read.",
        details=EXPORTED,
    )
    parser.add_argument("version", metavar="VERSION", help=VERSION)
    parser.add_argument(
        "--format",
        choices=Formats(),
        default=FOLDERS,
        metavar="FORMAT",
        help=f"%(choices)s (default: {FOLDERS}, with a manifest)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the zip to write")
    parser.set_defaults(run=export)
    return parser


def export(chosen: argparse.Namespace) -> int:
    from fsl_demo.services import freezing
    from fsl_demo.store.exchange import CLASSIFIED

    terminal = reporting.Terminal()
    frozen = freezing.version(reader(chosen), chosen.version)
    if chosen.format == FOLDERS:
        freezing.export(frozen, chosen.out, terminal.fault)
    else:
        freezing.export_as(CLASSIFIED[chosen.format], frozen, path=chosen.out, report=terminal.fault)
    reporting.print_line(chosen.out)
    return 1 if terminal.faults else 0


def reader(chosen: argparse.Namespace) -> Workspace:
    """The workspace, to be read only."""
    from fsl_demo import store

    return store.reader(chosen.workspace)


ADDERS = (_add_freeze, _add_diff, _add_export)
