"""Read one version of a checkpoint, and check it before anything is made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsl_demo.checkpoints import layout
from fsl_demo.checkpoints.card import LARGEST, Card, parse
from fsl_demo.checkpoints.packing import unpacked
from fsl_demo.core.errors import UserError


@dataclass(frozen=True)
class Checkpoint:
    """Verified weights and their card.

    Attributes:
        name: its own, or its folder where a person has named that.
        version: from 1.
        home: the folder of all its versions.
        arrays: by name.
        sha256: of model.safetensors.
    """

    name: str
    version: int
    home: Path
    arrays: Mapping[str, np.ndarray]
    card: Card
    sha256: str

    def array(self, name: str, *shape: int | None) -> np.ndarray:
        """An array of this shape, where None is any length.

        Raises:
            UserError: `card_differs`.
        """
        array = self.arrays.get(name)
        fits = array is not None and len(array.shape) == len(shape)
        if array is None or not fits or any(b not in (None, a) for a, b in zip(array.shape, shape, strict=True)):
            raise UserError("card_differs", name=self.name, part=name)
        return array


def read_card(home: Path, version: int, name: str) -> Card:
    """The card of a version.

    Raises:
        UserError: what `layout.read` and `card.parse` raise.
    """
    folder = layout.version_folder(home, version)
    return parse(layout.read(folder / layout.CARD, home, limit=LARGEST, name=name, code="card_bad"), name)


def read_version(home: Path, version: int, name: str) -> Checkpoint:
    """Card and weights of a version.

    Raises:
        UserError: as of `read_card`; `weights_differ` for weights that are not the card's, `weights_unreadable`.
    """
    card = read_card(home, version, name)
    file = layout.version_folder(home, version) / layout.WEIGHTS
    if file.is_file() and file.stat().st_size != card.bytes:
        raise UserError("weights_differ", name=name)
    data = layout.read(file, home, limit=layout.LARGEST_WEIGHTS, name=name)
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != card.sha256:
        raise UserError("weights_differ", name=name)
    arrays = parse_weights(data, name)
    if sum(array.size for array in arrays.values()) != card.parameters:
        raise UserError("card_differs", name=name, part="parameters")
    return Checkpoint(name, version, home=home, arrays=arrays, card=card, sha256=sha256)


def parse_weights(data: bytes, name: str) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file, which holds numbers and nothing that runs.

    Raises:
        UserError: `weights_unreadable`.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = unpacked(load(data))
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError, MemoryError) as error:
        raise UserError("weights_unreadable", name=name, reason=f"no safetensors: {ascii(str(error))[1:81]}") from error
    for key, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UserError(
                "weights_unreadable", name=name, reason=f"{ascii(key)[1:81]} holds numbers that are not finite"
            )
    return arrays
