"""Handwriting of two data sets, for digits that no training has seen: MNIST's 0 to 4 and Omniglot's characters."""

from __future__ import annotations

from pathlib import Path

from fsl_demo.datasets import mnist, omniglot
from fsl_demo.datasets.parts import Classes, Dataset, Part
from fsl_demo.datasets.source import Source

TRAIN, VALIDATION = 1_000, 20
"""How many pictures of a digit train and validate at most: the first ones."""


def read(root: Path, download: bool = False) -> Dataset:
    """Both in their own parts; digits are the group `MNIST` beside Omniglot's alphabets.

    Raises:
        UserError: `data_missing`.
    """
    digits, characters = mnist.read_unseen(root, download), omniglot.read(root, download)
    return Dataset(
        name="digits_and_characters",
        protocol="25 background alphabets and digits 0 to 4 to train, 5 alphabets and other pictures of digits 0 to 4"
        " to validate, 20 evaluation alphabets and digits 5 to 9 to test",
        train=Part({**characters.train.classes, **_digits(digits.train, TRAIN)}),
        validation=Part({**characters.validation.classes, **_digits(digits.validation, VALIDATION)}),
        test=Part({**characters.test.classes, **_digits(digits.test, None)}),
        grouped=True,
    )


def _digits(part: Part, count: int | None) -> Classes:
    return {f"MNIST/{digit}": pictures[:count] for digit, pictures in part.classes.items()}


SOURCE = Source(read, fetched=True)
