"""The table of data sets for training and evaluation. A new one is a file in this folder and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets import att_faces, cifar_fs, folders, lfw, mnist, omniglot
from fsl_demo.datasets.parts import Dataset


@dataclass(frozen=True)
class Source:
    """How a data set is read.

    Attributes:
        read: from the folder that holds the data sets; takes `fold` where there are `folds`, and `download` where
            the data can be fetched.
        folds: which there are.
        fetched: whether it can be downloaded.
    """

    read: Callable[..., Dataset]
    folds: range = range(0)
    fetched: bool = False


DATASETS = {
    "mnist": Source(mnist.read, fetched=True),
    "mnist_unseen": Source(mnist.read_unseen, fetched=True),
    "omniglot": Source(omniglot.read, fetched=True),
    "att_faces": Source(att_faces.read, range(1, att_faces.FOLDS + 1)),
    "lfw": Source(lfw.read, range(lfw.VIEW_2 + 1)),
    "lfw_aligned": Source(lfw.read_aligned, range(lfw.VIEW_2 + 1)),
    "cifar_fs": Source(cifar_fs.read),
}


def read(name: str, root: Path, fold: int | None = None, download: bool = False) -> Dataset:
    """A data set of the table, or a folder or zip of class folders.

    Args:
        name: in the table, or the path of a folder or zip.
        root: holds the data sets of the table.
        fold: for those that have folds; the first one by default.
        download: fetch the data where it is missing and can be fetched.

    Raises:
        UserError: `data_unknown`, `data_missing`, `setting_bad` for a fold that is not there or data that cannot
            be downloaded; what `class_folders` raises.
    """
    if name not in DATASETS:
        if not Path(name).is_dir() and not (Path(name).suffix.lower() == ".zip" and Path(name).is_file()):
            raise UserError("data_unknown", name=name, known=", ".join(DATASETS))
        return folders.read(Path(name))
    source = DATASETS[name]
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
