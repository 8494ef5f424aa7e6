"""MNIST (LeCun et al. 1998): handwritten digits. Classes are the same in all parts, pictures are not."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fsl_demo import runtime
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.datasets.pairs import fixed_pairs
from fsl_demo.datasets.parts import Dataset, Part
from fsl_demo.datasets.source import Source

VALIDATION = 5_000
PAIRS = 10_000

Digits = tuple[np.ndarray, np.ndarray]
"""Pictures [N, 28, 28] and what digit each is, [N]."""


def read(root: Path, download: bool = False) -> Dataset:
    """All ten digits: 55,000 pictures to train, the last 5,000 of the training file to validate, 10,000 to test."""
    protocol = "pictures disjoint, the ten digits in all parts; 10,000 fixed test pairs, half of one digit"
    training, testing = _files(root, download)
    return _dataset(name="mnist", protocol=protocol, training=training, testing=testing)


def read_unseen(root: Path, download: bool = False) -> Dataset:
    """Trains on the digits 0 to 4; tests on 5 to 9 of the test file, none of which has been seen."""
    (images, labels), (test_images, test_labels) = _files(root, download)
    seen, unseen = labels < 5, test_labels >= 5
    return _dataset(
        name="mnist_unseen",
        protocol="digits 0 to 4 to train and validate, 5 to 9 to test",
        training=(images[seen], labels[seen]),
        testing=(test_images[unseen], test_labels[unseen]),
    )


def _dataset(name: str, protocol: str, training: Digits, testing: Digits) -> Dataset:
    """The last pictures to train on validate."""
    images, labels = training
    validation, test = _by_digit(images[-VALIDATION:], labels[-VALIDATION:]), _by_digit(*testing)
    return Dataset(
        name=name,
        protocol=protocol,
        train=Part(_by_digit(images[:-VALIDATION], labels[:-VALIDATION])),
        validation=Part(validation, fixed_pairs(validation, PAIRS // 2)),
        test=Part(test, fixed_pairs(test, PAIRS)),
    )


def _files(root: Path, download: bool) -> list[Digits]:
    runtime.guard_torchvision()
    from torchvision.datasets import MNIST

    parts = []
    for train in (True, False):
        try:
            part: Any = MNIST(str(root), train=train, download=download)
        except RuntimeError as error:
            raise UserError("data_missing", name="mnist", folder=root / "MNIST" / "raw") from error
        parts.append((part.data.numpy(), part.targets.numpy()))
    return parts


def _by_digit(images: np.ndarray, labels: np.ndarray) -> dict[str, list[Picture]]:
    return {
        str(digit): [_picture(image, f"{digit}-{number}.png") for number, image in enumerate(images[labels == digit])]
        for digit in np.unique(labels)
    }


def _picture(image: np.ndarray, name: str) -> Picture:
    decode = partial(_decode, image)
    picture = from_image(decode(), name)
    return Picture(
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        name=name,
        original_sha256="",
        source=decode,
    )


def _decode(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image).convert("RGB")


SOURCE = Source(read, fetched=True)
UNSEEN = Source(read_unseen, fetched=True)
