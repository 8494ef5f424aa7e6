"""`sort`: a person's own files into a folder a class, and back."""

from __future__ import annotations

import argparse
import dataclasses
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsl_demo.cli import options, reporting
from fsl_demo.core.errors import UserError

if TYPE_CHECKING:
    from fsl_demo.core.episodes import Episode
    from fsl_demo.core.pictures import Picture
    from fsl_demo.services.sort import FileAnswer, Manifest

DETAILS = """\
Makes a folder of each class in DEST, `unsure` for answers below --min, and `unlike` for pictures unlike the examples,
which comes before unsure. `sorted.csv` says of every picture where it came from and what was answered. (Where a class
is called "unsure" or "unlike" itself, the other folder stands in brackets.) Files keep their names; of two with one
name the second becomes "name (2).jpg". Nothing that is in DEST is ever overwritten.

--copy   copies the files; the originals are not touched (default)
--link   makes symbolic links to the originals, which are not touched; they must stay where they are
--move   moves the files; a link in SOURCE stays where it is and is named

Every visible file of SOURCE is tried, however deep; links to folders are not followed. A file that is no picture, or
cannot be read, stays where it is and is named on stderr; the exit code is then 1.

What is going to be done is written into DEST/sort-manifest.json before the first file is touched. A sort that was
broken off, even by a kill, goes on when the same command is run again; after one that was finished, the same command
sorts what is new in SOURCE. `sort --undo MANIFEST` takes a sort back, finished or not. It leaves files that were
changed since, and copies whose original is gone, and says which.
"""
EXAMPLES = """\
sort holiday/ --support pets/ --into sorted/
sort holiday/ --support pets/ --into sorted/ --dry-run
sort holiday/ --support pets/ --into sorted/ --move --min 0.95
sort --undo sorted/sort-manifest.json
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "sort", summary="Sort files into a folder a class, and back.", details=DETAILS, examples=EXAMPLES
    )
    parser.add_argument("source", nargs="?", type=Path, metavar="SOURCE", help="folder of the pictures to sort")
    options.add_task(parser)
    parser.add_argument("--into", type=Path, metavar="DEST", help="folder to sort into; it is made where it is missing")
    how = parser.add_mutually_exclusive_group()
    for mode, words in (("copy", "copy the files (default)"), ("move", "move them"), ("link", "link to them")):
        how.add_argument(f"--{mode}", dest="mode", action="store_const", const=mode, default="copy", help=words)
    parser.add_argument(
        "--min",
        dest="minimum",
        type=options.fraction,
        metavar="P",
        default=0.9,
        help="answers of a lower probability go to the folder `unsure`, 0 to 1 (default: 0.9)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would go where, and write nothing at all")
    parser.add_argument("--undo", type=Path, metavar="MANIFEST", help="undo the sort of this sort-manifest.json")
    options.add_methods(parser)
    options.add_use_region(parser)
    options.add_settings(parser)
    options.add_cache(parser)
    options.add_machine(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(chosen: argparse.Namespace) -> int:
    if (chosen.undo is None) == (chosen.source is None and chosen.into is None):
        chosen.refuse("name SOURCE and --into DEST, or --undo MANIFEST alone")
    if chosen.undo is not None:
        return _undo(chosen)
    if chosen.source is None or chosen.into is None:
        chosen.refuse("SOURCE and --into DEST belong together")
    return _sort(chosen)


def _undo(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.sort import load, undo

    terminal, path = reporting.Terminal(), chosen.undo.absolute()
    undone = undo(path, load(path), progress=terminal.progress, report=terminal.fault)
    reporting.print_table(["undone", "left"], [[undone.back, undone.left]])
    return 1 if terminal.faults else 0


def _sort(chosen: argparse.Namespace) -> int:
    from fsl_demo.services.sort import carry_out, start, unfinished

    terminal, into = reporting.Terminal(), chosen.into.absolute()
    if not chosen.source.is_dir():
        raise UserError("folder_missing", folder=chosen.source)
    if into.is_dir() and into.samefile(chosen.source):
        raise UserError("sort_same_folder", folder=chosen.source)
    broken_off = unfinished(into) if into.is_dir() else None
    if broken_off is not None:
        path, manifest = broken_off
        _check_request(chosen, path, manifest)
        terminal.note(f"going on with the sort of {path}")
    else:
        manifest = _planned(chosen, into, terminal)
    if chosen.dry_run:
        _print_plan(manifest)
        return 1 if terminal.faults else 0
    if not manifest.items:
        return 1 if terminal.faults else 0
    if broken_off is None:
        path = start(manifest, into)
    _print_summary(carry_out(path, manifest, progress=terminal.progress, report=terminal.fault))
    return 1 if terminal.faults else 0


def _check_request(chosen: argparse.Namespace, path: Path, manifest: Manifest) -> None:
    """Refuse to go on with another command's sort."""
    if manifest.state == "undoing":
        raise UserError("sort_undoing", manifest=path)
    if manifest.request != _request(chosen):
        raise UserError("sort_other", manifest=path)


def _request(chosen: argparse.Namespace) -> dict[str, Any]:
    """What makes two commands the same sort, as JSON keeps it."""
    given = ("source", "support", "describe", *(("boxes",) if chosen.boxes else ()))  # as in manifests without boxes
    paths = {name: getattr(chosen, name) for name in given}
    whole = {name: None if path is None else str(path.absolute()) for name, path in paths.items()}
    others = ("mode", "minimum", "methods", "settings")
    region = {"use_region": True} if chosen.use_region else {}
    return whole | region | {name: getattr(chosen, name) for name in others}


def _planned(chosen: argparse.Namespace, into: Path, terminal: reporting.Terminal) -> Manifest:
    """Classify the files and plan where they go; no files when all are sorted already."""
    options.prepare(chosen)
    from fsl_demo.services.sort import Folders, plan

    learned = options.read_task(chosen, terminal)
    learned.check()
    pictures, known = _pictures(chosen, into, terminal)
    if not pictures and not known:
        raise UserError("no_queries")
    answers = _answers(chosen, learned=learned, pictures=pictures, terminal=terminal) if pictures else []
    folders = Folders([spec.name for spec in learned.classes], chosen.minimum)
    return plan(answers, folders, into=into, mode=chosen.mode, source=chosen.source, request=_request(chosen))


def _answers(
    chosen: argparse.Namespace, learned: Episode, pictures: dict[Path, Picture], terminal: reporting.Terminal
) -> list[FileAnswer]:
    """What the methods say of each picture."""
    from fsl_demo.cli.predict import classify, registry_for
    from fsl_demo.services.documents import combined_answers, untold
    from fsl_demo.services.sort import FileAnswer

    if chosen.dry_run:
        chosen.workspace = None  # where features would be kept
    episode = dataclasses.replace(learned, queries=tuple(pictures.values()))
    scores = classify(chosen, registry_for(chosen, episode), episode=episode, terminal=terminal)
    answers = combined_answers(scores, episode.classes)
    for notice in untold(answers, scores):
        terminal.note(str(notice))
    return [
        FileAnswer(
            source=path,
            sha256=picture.original_sha256,
            size=path.stat().st_size,
            answer=answer["answer"],
            probability=answer["probability"],
            unlike=bool(answer["unlike"]),
        )
        for (path, picture), answer in zip(pictures.items(), answers, strict=True)
    ]


def _pictures(
    chosen: argparse.Namespace, into: Path, terminal: reporting.Terminal
) -> tuple[dict[Path, Picture], list[Path]]:
    """The pictures of the source folder by absolute path, and those that the same command has sorted before.

    What is no picture, and a link that would be moved, is named and left out.
    """
    from fsl_demo.core.pictures import ingest
    from fsl_demo.services.sort import sorted_before, source_files

    pictures: dict[Path, Picture] = {}
    known = []
    before = sorted_before(into, _request(chosen))
    files = source_files(chosen.source.absolute(), into, terminal.fault)
    for done, path in enumerate(files):
        terminal.progress("read", done, len(files))
        try:
            if chosen.mode == "move" and path.is_symlink():
                raise UserError("sort_link", file=path.name)
            picture = ingest(path)
        except UserError as error:
            terminal.fault(error)
            continue
        if (str(path), picture.original_sha256) in before:
            known.append(path)
        else:
            pictures[path] = picture
    terminal.progress("read", len(files), len(files))
    if known:
        terminal.note(f"{len(known)} files are sorted already")
    return pictures, known


def _print_plan(manifest: Manifest) -> None:
    from fsl_demo.core.file_names import visible

    rows = [
        [visible(item.source), visible(item.target), reporting.in_words(dataclasses.asdict(item))]
        for item in manifest.items
    ]
    reporting.print_table(["file", "would go to", "answer"], rows)


def _print_summary(done: Counter[str]) -> None:
    reporting.print_table(["folder", "files"], [[folder, number] for folder, number in sorted(done.items())])
