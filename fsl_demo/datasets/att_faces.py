"""AT&T's Database of Faces (Samaria and Harter 1994): 40 people, ten pictures each, in five folds of eight people."""

from __future__ import annotations

from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.datasets.pairs import fixed_pairs
from fsl_demo.datasets.parts import Dataset, Part
from fsl_demo.datasets.source import Source

FOLDS = 5
PEOPLE = 40
PAIRS = 720
"""All 360 pairs that eight people of ten pictures give are of this order; as many of two people."""


def read(root: Path, fold: int = 1) -> Dataset:
    """People 8 fold - 7 to 8 fold to test, the four after them (round the corner) to validate, 28 to train."""
    folder = root / "att_faces"
    if not folder.is_dir():
        raise UserError("data_missing", name="att_faces", folder=folder)
    people = list(class_folders(folder).items())
    if len(people) != PEOPLE:
        raise UserError("data_missing", name=f"all {PEOPLE} people of att_faces", folder=folder)
    size = len(people) // FOLDS
    start = size * (fold - 1)
    turned = people[start:] + people[:start]
    test, validation, train = (dict(people) for people in (turned[:size], turned[size : size + 4], turned[size + 4 :]))
    return Dataset(
        name="att_faces",
        protocol=f"fold {fold} of {FOLDS}: 8 people to test, 4 to validate, 28 to train, none in common",
        train=Part(train),
        validation=Part(validation, fixed_pairs(validation, PAIRS // 2)),
        test=Part(test, fixed_pairs(test, PAIRS)),
        fold=fold,
    )


SOURCE = Source(read, folds=range(1, FOLDS + 1))
