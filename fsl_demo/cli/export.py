"""`export`: what was learned here, for use elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import options, reporting
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.checkpoints import Source
    from fsl_demo.core.capabilities import Method
    from fsl_demo.core.episodes import Episode

DETAILS = """\
Writes a folder that answers which class a picture is of as the workbench does, and needs nothing of it: the classifier
as ONNX with the preparation of the picture inside, `classifier.json` (classes, thresholds, calibration, versions,
terms), a README with snippets, three pictures with the expected answers, and `selftest.py`, which runs anywhere with
onnxruntime, numpy and Pillow alone. `fsl_demo.load(FOLDER).predict(PICTURE)` reads it, too.
With --web the folder is also a page that any web server serves, with file drop and camera and no outside request.
It learns from --support, --describe or both, or from a saved episode. --out must not be there yet.
"""
EXAMPLES = """\
export classifier --support pets/ --method prototype --out pets-classifier
export classifier --episode 3f2a --method compact-vlm --out pets-classifier
"""
DEFAULT_METHOD = "prototype"


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(verbs, "export", "Take what was learned here away.")
    subjects = parser.add_subparsers(title="subjects", metavar="SUBJECT", required=True)
    classifier = options.add_verb(
        subjects,
        "classifier",
        "Write a folder that classifies pictures without this program.",
        details=DETAILS,
        examples=EXAMPLES,
    )
    options.add_task(classifier)
    classifier.add_argument("--episode", metavar="ID", help="a saved episode of --workspace, in place of --support")
    what = classifier.add_mutually_exclusive_group()
    what.add_argument(
        "--method", default=DEFAULT_METHOD, metavar="ID", help=f"what classifies (default: {DEFAULT_METHOD})"
    )
    what.add_argument(
        "--checkpoint",
        type=options.checkpoint,
        metavar="NAME[@VERSION]",
        help="the method of a checkpoint, with this one alone, in place of --method",
    )
    options.add_settings(classifier)
    classifier.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to write")
    classifier.add_argument(
        "--web",
        type=Path,
        metavar="DIR",
        help="make it a static page, too: folder of the unpacked npm package onnxruntime-web 1.30.0",
    )
    options.add_workspace(classifier)
    options.add_machine(classifier)
    classifier.set_defaults(run=run, refuse=classifier.error)


def run(chosen: argparse.Namespace) -> int:
    if chosen.episode is not None and (chosen.support or chosen.boxes or chosen.describe):
        chosen.refuse("name --episode, or --support and --describe")
    if chosen.checkpoint is not None and chosen.settings:
        chosen.refuse("--set goes with --method")
    options.prepare(chosen)
    from fsl_demo.portable.folder import check_free, write_folder
    from fsl_demo.services.export_classifier import exported

    terminal = reporting.Terminal()
    check_free(chosen.out)
    episode = _episode(chosen, terminal)
    registry = reading.registry(None)
    settings = reading.settings(registry, chosen.settings)
    method = registry.method(chosen.method) if chosen.checkpoint is None else of_checkpoint(chosen.checkpoint)
    contents = exported(
        registry,
        method,
        episode=episode,
        settings=settings.get(method.card.id) or method.Settings(),
        progress=terminal.progress,
        web=chosen.web,
    )
    write_folder(chosen.out, contents)
    reporting.print_line(chosen.out)
    return 1 if terminal.faults else 0


def of_checkpoint(source: Source) -> Method:
    """The method of a checkpoint, with this one alone.

    Raises:
        UserError: what is wrong with it.
    """
    from fsl_demo import methods
    from fsl_demo.backbones.networks import Networks

    return methods.of_checkpoint(source, Networks(reading.features(None)))


def _episode(chosen: argparse.Namespace, terminal: reporting.Terminal) -> Episode:
    if chosen.episode is None:
        return options.read_task(chosen, terminal)
    from fsl_demo import store
    from fsl_demo.store.exchange import readable

    stored = store.reader(chosen.workspace).episode(chosen.episode)
    return readable(stored, terminal.fault).episode
