"""The table of data sets for training and evaluation. A new one is a file in this folder and a line here."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fsl_demo.core import tables
from fsl_demo.core.errors import Report, UserError, refuse
from fsl_demo.datasets import folders
from fsl_demo.datasets.parts import Dataset
from fsl_demo.datasets.source import Source
from fsl_demo.datasets.streams.shards import is_pattern

DATASETS = {
    "mnist": "mnist:SOURCE",
    "mnist_unseen": "mnist:UNSEEN",
    "omniglot": "omniglot:SOURCE",
    "digits_and_characters": "digits_and_characters:SOURCE",
    "att_faces": "att_faces:SOURCE",
    "lfw": "lfw:SOURCE",
    "cifar_fs": "cifar_fs:SOURCE",
    "photos": "photos:SOURCE",
    "objects": "objects:SOURCE",
}
"""Where the `Source` of each is."""


def read(name: str, root: Path, fold: int | None = None, download: bool = False, report: Report = refuse) -> Dataset:
    """A data set of the table, or a folder, zip, tar or table of pictures with classes, or several of these.

    Args:
        name: in the table, or the path of a folder, zip or tar, or a pattern of such paths.
        root: holds the data sets of the table.
        fold: for those that have folds; the first one by default.
        download: fetch the data where it is missing and can be fetched.
        report: told of what is left out of a folder or zip, and what is put together.

    Raises:
        UserError: `data_unknown`, `data_missing`, `setting_bad` for a fold that is not there or data that cannot
            be downloaded; what `folders.read` raises.
    """
    if name not in DATASETS:
        if is_pattern(name):
            return folders.read_shards(name, report)
        if not Path(name).exists():
            raise UserError("data_unknown", name=name, known=", ".join(DATASETS))
        return folders.read(Path(name), report)
    source: Source
    (source,) = tables.load(__name__, DATASETS[name])
    reader = source.read
    if source.folds:
        chosen = source.folds[0] if fold is None else fold
        if chosen not in source.folds:
            reason = f"{name} has the folds {source.folds[0]} to {source.folds[-1]}."
            raise UserError("setting_bad", name="fold", value=chosen, reason=reason)
        reader = partial(reader, fold=chosen)
    elif fold is not None:
        raise UserError("setting_bad", name="fold", value=fold, reason=f"{name} has no folds.")
    if download:
        if not source.fetched:
            raise UserError("setting_bad", name="download", value=name, reason="It has to be put there by hand.")
        reader = partial(reader, download=True)
    return reader(root)
