"""Heat maps as the page shows them: a picture by its address, with its map over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fsl_demo.core.episodes import Layer
from fsl_demo.services.overlays import overlay
from fsl_demo.ui.images import SIDE, heat_maps, picture_address
from fsl_demo.ui.templating import percent


@dataclass(frozen=True)
class MapFigure:
    """A picture with a map on it: addresses of both, who it is ("query" or "support"), and the picture's name."""

    photo: str
    heat: str
    role: str
    name: str


def figure(layer: Layer, values: np.ndarray) -> MapFigure:
    """The picture of a layer with a map, [h, w] in [0, 1]."""
    picture = layer.picture
    heat = overlay(picture, values, seen=layer.seen, opacity=1.0, size=min(SIDE, max(picture.width, picture.height)))
    return MapFigure(
        photo=picture_address(picture.sha256), heat=heat_maps.add(heat), role=layer.role, name=picture.name
    )


@dataclass(frozen=True)
class WordMaps:
    """Words, each with a number, and the map of the one that is chosen."""

    words: list[tuple[str, str]]
    chosen: int
    figure: MapFigure | None


def words(layers: Sequence[Layer], chosen: int, written: Callable[[float], str] = percent) -> WordMaps | None:
    """The words of layers, one each; None where there are none.

    Args:
        written: how the number of a word is written.
    """
    if not layers:
        return None
    values = layers[chosen].map
    return WordMaps(
        [(layer.words[0][0], written(layer.words[0][1])) for layer in layers],
        chosen,
        None if values is None else figure(layers[chosen], values),
    )
