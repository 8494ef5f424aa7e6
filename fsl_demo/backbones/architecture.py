"""What a card must say to build a network again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """A network by name.

    Attributes:
        backbone: one of `embedder.BACKBONES`.
        preprocessing: one of `preprocessing.PREPROCESSINGS`.
        dimension: length of the vectors; 0 for a network without a head, whose maps are compared as they are.
        cbam: whether the backbone has attention in its blocks.
        dropout: before the head, in training.
        weighted: for a network without a head, whether each position of the maps has a learned weight.
        mirrored, shifted: whether the network, once trained, also looks at a picture's mirror image, or at it moved by
            a pixel to each of the four sides, and takes the mean.
        members: networks side by side that learn on their own; their vectors are joined.
        windows: whether each member looks at its own window of a picture.
    """

    backbone: str
    preprocessing: str
    dimension: int
    cbam: bool = False
    dropout: float = 0.0
    weighted: bool = False
    mirrored: bool = False
    shifted: bool = False
    members: int = 1
    windows: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
