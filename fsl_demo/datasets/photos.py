"""Photographs of things: 50 classes of Caltech-101 (Fei-Fei et al. 2004), 32 to 40 pictures each."""

from __future__ import annotations

from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.datasets.parts import Dataset, Part
from fsl_demo.datasets.source import Source


def read(root: Path) -> Dataset:
    """Every second class, from the second, tests; of the others three in five train and two validate.

    Raises:
        UserError: `data_missing`.
    """
    folder = root / "photos"
    if not folder.is_dir():
        raise UserError("data_missing", name="photos", folder=folder)
    classes = class_folders(folder)
    first, test = list(classes)[::2], list(classes)[1::2]
    validation = [name for number, name in enumerate(first) if number % 5 > 2]
    train, validation_part, test_part = (
        Part({name: classes[name] for name in names})
        for names in ([name for name in first if name not in validation], validation, test)
    )
    return Dataset(
        name="photos",
        protocol="15 classes to train, 10 to validate, 25 to test",
        train=train,
        validation=validation_part,
        test=test_part,
    )


SOURCE = Source(read)
