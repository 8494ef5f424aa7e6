"""Options that verbs share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo import runtime
from fsl_demo.core.errors import UserError
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.cli.reporting import Terminal
    from fsl_demo.core.collections import FrozenCollection
    from fsl_demo.core.episodes import Episode
    from fsl_demo.store import Workspace

    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def add_verb(verbs: Verbs, name: str, summary: str, details: str = "", examples: str = "") -> argparse.ArgumentParser:
    """A parser for one verb.

    Args:
        summary: a sentence, for the list of verbs.
        details: what else there is to know, for the verb's own help.
        examples: command lines, one a line.
    """
    lines = "".join(f"  python -m fsl_demo {line}\n" for line in examples.strip().splitlines())
    return verbs.add_parser(
        name,
        help=summary,
        description=f"{summary}\n\n{details}".strip(),
        epilog=f"examples:\n{lines}" if lines else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def fraction(text: str) -> float:
    """A number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return value


def count(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def numbers(text: str) -> list[int]:
    """Whole numbers with commas between them."""
    return [int(part) for part in text.split(",")]


def add_machine(parser: argparse.ArgumentParser) -> None:
    """`--device`, `--threads`."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: auto)")
    parser.add_argument(
        "--threads", type=count, metavar="N", help="CPU threads for the networks (default: torch's choice)"
    )


def add_frozen_precision(parser: argparse.ArgumentParser) -> None:
    """`--precision`, where frozen networks alone compute."""
    parser.add_argument(
        "--precision",
        dest="frozen_precision",
        metavar="NAME",
        choices=("no", "bf16", "fp16"),
        default="no",
        help="of frozen networks of pictures: mixed precision for a GPU (default: no)",
    )


def prepare(chosen: argparse.Namespace) -> None:
    """Set the process up as `add_machine`'s options say; comes before the first import of torch.

    Raises:
        SystemExit: 2, for a device that is not there.
    """
    runtime.prepare(chosen.device, chosen.threads, getattr(chosen, "frozen_precision", "no"))
    try:
        runtime.device()
    except ValueError as error:
        print(f"fsl_demo: {error}", file=sys.stderr)
        raise SystemExit(2) from error


def add_data(parser: argparse.ArgumentParser) -> None:
    """`--data`, `--root`, `--fold`, `--download`: what to train or measure on."""
    parser.add_argument(
        "--data",
        required=True,
        metavar="NAME",
        help="data set by name; a folder, zip or tar of class folders or of WebDataset's samples, or a Parquet file of"
        " pictures and classes; or several as one, as in 'pets-{000..099}.tar'",
    )
    add_root(parser)
    parser.add_argument("--fold", type=int, metavar="N", help="of att_faces (1 to 5) or lfw (1 to 10; 0 is View 1)")
    parser.add_argument("--download", action="store_true", help="fetch the data where it is missing")


def add_root(parser: argparse.ArgumentParser) -> None:
    """`--root`."""
    parser.add_argument(
        "--root", type=Path, default=Path("data"), metavar="DIR", help="holds the data sets (default: ./data)"
    )


def add_precision(parser: argparse.ArgumentParser) -> None:
    """`--precision`."""
    parser.add_argument(
        "--precision",
        choices=("no", "bf16", "fp16"),
        default="no",
        help="mixed precision (default: no); bf16 slows down a CPU that has neither AMX nor AVX-512 BF16",
    )


def frozen(workspace: Workspace, text: str) -> FrozenCollection:
    """A frozen collection, NAME@VERSION, or the newest version of NAME.

    Raises:
        UserError: what the workspace has none of.
    """
    from fsl_demo.services import freezing

    return freezing.version(workspace, text)


def checkpoint(text: str) -> str | Path:
    """The name of a checkpoint, or the absolute path of its folder; either may have @VERSION behind it."""
    folder = Path(text.rpartition("@")[0] or text)
    return Path(text).resolve() if Path(text).is_dir() or folder.is_dir() else text


def add_workspace(parser: argparse.ArgumentParser) -> None:
    """`--workspace`, which has a default."""
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Path("workspace"),
        metavar="DIR",
        help="folder of episodes and pictures (default: ./workspace)",
    )


def existing_workspace(chosen: argparse.Namespace) -> Workspace:
    """The workspace of `--workspace`, which has to be there: a misspelled folder isn't made.

    Raises:
        UserError: `folder_missing`.
    """
    from fsl_demo.store import Workspace

    if not chosen.workspace.is_dir():
        raise UserError("folder_missing", folder=chosen.workspace)
    return Workspace(chosen.workspace)


def add_cache(parser: argparse.ArgumentParser) -> None:
    """`--workspace`, to keep features in."""
    parser.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        help="keep the pictures' features in this workspace, so that no picture is embedded twice (default: forget)",
    )


def add_format(parser: argparse.ArgumentParser, *formats: str) -> None:
    """`--format`; the first one is the default."""
    parser.add_argument(
        "--format", choices=formats, default=formats[0], help=f"how to print the result (default: {formats[0]})"
    )


def add_task(parser: argparse.ArgumentParser) -> None:
    """`--support`, `--boxes`, `--describe`: what there is to learn from."""
    parser.add_argument(
        "--support",
        type=Path,
        metavar="DIR",
        help="folder, zip or tar of class folders, with the labelled pictures, or of pictures with boxes (COCO, …)",
    )
    parser.add_argument(
        "--boxes",
        type=Path,
        metavar="FILE.csv",
        help="table with the columns file,left,top,right,bottom: where the thing is in a picture of --support, as"
        " fractions of its width and height; a picture may have several",
    )
    parser.add_argument(
        "--describe",
        type=Path,
        metavar="FILE.csv",
        help="table with the columns class,description, in English; several rows of one class are several phrasings",
    )


def read_task(chosen: argparse.Namespace, terminal: Terminal) -> Episode:
    """Classes and support set, as `add_task`'s options name them.

    Raises:
        UserError: what is wrong with either file as a whole.
    """
    return reading.task(
        chosen.support,
        reading.descriptions(chosen.describe),
        progress=terminal.progress,
        report=terminal.fault,
        boxes=reading.boxes(chosen.boxes),
    )


def add_methods(parser: argparse.ArgumentParser, more: str = "") -> None:
    """`--methods`; `more` is added to its help."""
    parser.add_argument(
        "--methods",
        type=lambda text: text.split(","),
        metavar="A,B",
        help="ids of methods (default: those for any pictures, and those trained for such as are given)"
        + (f"; {more}" if more else ""),
    )


def add_use_region(parser: argparse.ArgumentParser) -> None:
    """`--use-region`: close-ups in place of whole pictures."""
    parser.add_argument(
        "--use-region",
        action="store_true",
        help="hand methods that compare pictures the best region of each (what --boxes says, or else what is most"
        " probably a thing) in place of the whole",
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """`--set`: settings of methods."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="METHOD.NAME=VALUE",
        help="a setting of a method, as in asif.blend=0.5; may be repeated (`methods` lists them)",
    )
