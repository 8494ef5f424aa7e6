"""`--out`: what verbs do with any number of pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import options, reporting

if TYPE_CHECKING:
    from fsl_demo.services.bulk import Recipe

ENGINES = ("local", "ray")

DETAILS = """\
With --out, pictures are read one after another, however many, and there is one row for each in a Parquet file: "file",
"sha256" (of the pixels), "error" (why a picture could not be read, else null), and the answer. A run that was ended,
even by a kill, goes on when the same command is given again; its parts are kept in FILE.parts meanwhile. One with
another source, other examples or other settings is refused. The exit code is 1 where a picture could not be read.

SOURCE is then a folder, a zip, a plain .tar (a shard of WebDataset), a .parquet with a column of pictures (bytes, or
structs with bytes and path), a .txt with a path a line (relative to its folder) or an address that fsspec opens (s3://,
gs://, https://; nothing else leaves this machine), one picture, or several such files by a pattern: 'photos-*.zip',
'photos-{000..099}.tar'.
"""


SOURCES = (
    "a folder, a zip, a plain .tar, a .parquet with a column of pictures, a .txt that lists paths or addresses, one"
    " picture, or several such files by a pattern in quotes, as in 'photos-{000..099}.tar'"
)


def add_source(parser: argparse.ArgumentParser) -> None:
    """`SOURCE`."""
    parser.add_argument("source", metavar="SOURCE", help=SOURCES)


def add_out(parser: argparse.ArgumentParser, required: bool = False) -> None:
    """`--out`, `--engine`, `--workers`."""
    parser.add_argument(
        "--out",
        type=Path,
        required=required,
        metavar="FILE.parquet",
        help="write the answers to this Parquet file; for any number of pictures, and goes on where it was ended",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="local",
        help="with --out, who answers: this process (default), or workers of Ray here or on the cluster of RAY_ADDRESS",
    )
    parser.add_argument(
        "--workers", type=options.count, metavar="N", help="workers of --engine ray (default: as many as fit)"
    )
    parser.set_defaults(refuse=parser.error)


def check(chosen: argparse.Namespace) -> None:
    """
    Raises:
        SystemExit: 2, for options that go with others only.
    """
    if chosen.engine == "ray" and not chosen.out:
        chosen.refuse("--engine ray goes with --out")
    if chosen.workers and chosen.engine != "ray":
        chosen.refuse("--workers goes with --engine ray")


def into_parquet(chosen: argparse.Namespace, source: str, recipe: Recipe, terminal: reporting.Terminal) -> int:
    """Answer all pictures of a source; gives the exit code.

    Raises:
        UserError: what is wrong with the source, the task or the file.
    """
    from fsl_demo.services import bulk

    where = bulk.Where(chosen.engine, chosen.workers, device=chosen.device, threads=chosen.threads)
    terminal.live("counting pictures")
    stream = bulk.opened(source, terminal.fault)
    with bulk.engine(recipe, terminal.progress, terminal.fault, where=where) as engine:
        summary = bulk.carry_out(stream, engine, out=chosen.out, on_pace=terminal.pace)
    reporting.print_table(["file", "pictures", "not readable"], [[chosen.out, summary.rows, summary.unreadable]])
    return 1 if terminal.faults or summary.unreadable else 0
