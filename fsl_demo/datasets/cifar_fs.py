"""CIFAR-FS (Bertinetto et al. 2019, arXiv:1805.08136): CIFAR-100's classes in 64 / 16 / 20, 600 pictures each."""

from __future__ import annotations

import json
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.datasets.parts import Dataset, Part
from fsl_demo.datasets.source import Source

SPLITS = ("train", "validation", "test")


def read(root: Path) -> Dataset:
    """The published split of classes, from `cifar100/{train,test}/<class>` and `cifar100/splits/cifar-fs/*.json`."""
    folder = root / "cifar100"
    if not (folder / "splits").is_dir():
        raise UserError("data_missing", name="cifar_fs", folder=folder)
    parts = {part: class_folders(folder / part) for part in ("train", "test")}

    def files(name: str) -> list[Path]:
        for part, classes in parts.items():
            if name not in classes:
                raise UserError("data_missing", name="cifar_fs", folder=folder / part / name)
        return [file for classes in parts.values() for file in classes[name]]

    train, validation, test = (Part({name: files(name) for name in _names(folder, split)}) for split in SPLITS)
    return Dataset(
        name="cifar_fs",
        protocol="64 classes to train, 16 to validate, 20 to test",
        train=train,
        validation=validation,
        test=test,
    )


def _names(folder: Path, split: str) -> list[str]:
    splits = folder / "splits" / "cifar-fs"
    file = next(iter(sorted(splits.glob(f"*{split[:3]}*.json"))), None)
    if file is None:
        raise UserError("data_missing", name="cifar_fs", folder=splits)
    return [name for _, name in json.loads(file.read_text(encoding="utf-8"))]


SOURCE = Source(read)
