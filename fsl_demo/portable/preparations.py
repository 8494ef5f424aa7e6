"""How a picture becomes what a network reads, as graphs: the recipes of `backbones.preprocessing` and of the frozen
networks, value for value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.backbones import efficientnet_lite0, efficientnet_lite2
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.preprocessing import FACE, FACE_STORED, INK, INK_BOX, INK_SIDE, MAPS, SMALL, SMALL_SIDE
from fsl_demo.portable.graph import Graph, Value
from fsl_demo.portable.resizing import Side, resized

LUMA = (19_595, 38_470, 7_471)
"""Of red, green and blue, in 65,536ths: Pillow's grey."""
INKED, LIGHT = 64, 127


def _sides(graph: Graph, pixels: Value) -> tuple[Value, Value]:
    """Height and width, int64 [1] each."""
    shape = graph("Shape", pixels)
    return graph.slice(shape, 0, start=0, end=1), graph.slice(shape, 0, start=1, end=2)


def _without_far_ends(graph: Graph, pixels: Value) -> Value:
    """As `efficientnet_lite0.without_far_ends`."""
    sides = _sides(graph, pixels)
    longest = graph("Mul", graph("Min", *sides), 4)
    for axis, length in enumerate(sides):
        kept = graph("Min", length, longest)
        start = graph.floor_divide(graph("Sub", length, kept), 2)
        pixels = graph.slice(pixels, axis, start=start, end=graph("Add", start, kept))
    return pixels


def _middle(graph: Graph, pixels: Value) -> Value:
    """As `EfficientNetLite0.prepare`."""
    side = efficientnet_lite0.SIDE
    pixels = _without_far_ends(graph, pixels)
    sides = _sides(graph, pixels)
    shorter = float(round(side / efficientnet_lite0.CROP))
    scale = graph("Div", np.array([shorter]), graph.double(graph("Min", *sides)))
    made = []
    for axis, length in enumerate(sides):
        size = graph("Max", graph.round(graph("Mul", graph.double(length), scale)), [side])
        first = graph.floor_divide(graph("Sub", size, side), 2)
        made.append(Side(axis, length=length, size=size, first=first, count=side))
    return resized(graph, pixels, made)


def _whole(graph: Graph, pixels: Value) -> Value:
    """As `EfficientNetLite2.prepare`."""
    pixels = _without_far_ends(graph, pixels)
    size = graph("Identity", [efficientnet_lite2.SIDE])
    return resized(
        graph, pixels, [Side(axis, length=length, size=size) for axis, length in enumerate(_sides(graph, pixels))]
    )


def _small(graph: Graph, pixels: Value) -> Value:
    """As `preprocessing.SMALL`: Pillow's `ImageOps.fit`."""
    sides, made = _sides(graph, pixels), []
    shorter = graph("Min", *sides)
    size = graph("Identity", [SMALL_SIDE])
    for axis, length in enumerate(sides):
        start = graph("Mul", graph.double(graph("Sub", length, shorter)), 0.5)
        box = start, graph("Add", start, graph.double(shorter))
        made.append(Side(axis, length=length, size=size, box=box))
    return resized(graph, pixels, made, gap=False)


def _grey(graph: Graph, pixels: Value) -> Value:
    """Pillow's `convert("L")`: int32 [H, W, 1]. All sums are whole numbers below 2^24, which float32 holds."""
    total = graph("MatMul", graph.cast(pixels, "float32"), np.array(LUMA, np.float32)[:, None])
    half = graph("Add", total, np.float32(1 << 15))
    return graph.cast(graph("Floor", graph("Div", half, np.float32(1 << 16))), "int32")


def _padded(graph: Graph, pixels: Value) -> Value:
    """As `preprocessing.FACE`."""
    grey = graph.cast(_grey(graph, pixels), "uint8")
    sides = _sides(graph, grey)
    sizes = _thumbnail(graph, *sides, side=FACE_STORED)
    made = [Side(axis, length=length, size=size) for axis, (length, size) in enumerate(zip(sides, sizes, strict=True))]
    image = resized(graph, grey, made)
    free = [graph("Sub", FACE_STORED, size) for size in sizes]
    before = [graph.floor_divide(margin, 2) for margin in free]
    after = [graph("Sub", margin, start) for margin, start in zip(free, before, strict=True)]
    return graph("Pad", image, graph.concat(*before, [0], *after, [0]), mode="edge")


def _thumbnail(graph: Graph, height: Value, width: Value, side: int) -> tuple[Value, Value]:
    """Height and width at which the longer side is `side`: Pillow's `thumbnail`, or `resize` for what is smaller."""
    tall, wide = graph.double(height), graph.double(width)
    longer = graph("Max", tall, wide)
    aspect = graph("Div", wide, tall)
    upright = graph("LessOrEqual", aspect, 1.0)

    def nearest(length: Value, gap: Callable[[Value], Value]) -> Value:
        low, high = graph("Floor", length), graph("Ceil", length)
        better = graph("Less", gap(high), gap(low))
        nothing = graph("Equal", graph.cast(low, "int64"), 0)
        return graph("Where", graph("And", better, graph("Not", nothing)), high, low)

    def apart(value: Value) -> Value:
        return graph("Abs", graph("Sub", aspect, value))

    across = nearest(graph("Mul", aspect, float(side)), lambda n: apart(graph("Div", n, float(side))))
    down = nearest(graph("Div", float(side), aspect), lambda n: apart(graph("Div", float(side), graph("Max", n, 1e-9))))
    grown = graph("LessOrEqual", longer, float(side))
    made = []
    for length, shrunk, full in (
        (tall, down, upright),
        (wide, across, graph("Not", upright)),
    ):
        shrunk = graph("Where", full, np.array([float(side)]), shrunk)
        larger = graph("Round", graph("Mul", length, graph("Div", float(side), longer)))
        size = graph("Where", grown, larger, shrunk)
        made.append(graph("Max", graph.cast(size, "int64"), 1))
    return made[0], made[1]


def _ink(graph: Graph, pixels: Value) -> Value:
    """As `preprocessing.INK`."""
    values = graph("Squeeze", _stretched(graph, _grey(graph, pixels)), [2])
    inked = graph("Greater", values, np.int32(INKED))
    for axis in (0, 1):
        there = graph("ReduceMax", graph.cast(inked, "int32"), [1 - axis], keepdims=0)
        first = graph("ArgMax", there, axis=0, keepdims=1)
        last = graph("ArgMax", there, axis=0, keepdims=1, select_last_index=1)
        values = graph.slice(values, axis, start=first, end=graph("Add", last, 1))
    cut = graph("Unsqueeze", graph.cast(values, "uint8"), [2])
    sides = _sides(graph, cut)
    longer = graph.double(graph("Max", *sides))
    made = []
    for axis, length in enumerate(sides):
        size = graph.round(graph("Mul", graph.double(length), graph("Div", float(INK_BOX), longer)))
        made.append(Side(axis, length=length, size=graph("Max", size, 1)))
    ink = resized(graph, cut, made, kind="lanczos")
    before, after = [], []
    for side in made:
        margin = graph("Sub", INK_SIDE, side.size)
        start = graph("Max", graph("Min", _centred(graph, ink, side), margin), 0)
        before.append(start)
        after.append(graph("Sub", margin, start))
    return graph("Pad", ink, graph.concat(*before, [0], *after, [0]))


def _stretched(graph: Graph, grey: Value) -> Value:
    """Over the whole range, as `ImageOps.autocontrast` does, and inverted where the edge is light: int32 [H, W, 1]."""
    low, high = graph("ReduceMin", grey, keepdims=0), graph("ReduceMax", grey, keepdims=0)
    spread = graph("Sub", high, low)
    scale = graph("Div", 255.0, graph.double(graph("Max", spread, np.int32(1))))
    offset = graph("Mul", graph("Neg", graph.double(low)), scale)
    stretched = graph.cast(graph("Add", graph("Mul", graph.double(grey), scale), offset), "int32")
    stretched = graph("Clip", stretched, np.int32(0), np.int32(255))
    values = graph("Where", graph("Greater", spread, np.int32(0)), stretched, grey)
    sides = [
        graph.slice(values, axis, start=start, end=end) for axis in (0, 1) for start, end in ((0, 1), (-1, 1 << 40))
    ]
    edge = graph("Concat", *(graph("Reshape", side, [-1]) for side in sides), axis=0)
    half = graph.floor_divide(graph("Shape", edge), 2)
    highest: Any = graph("TopK", graph.cast(edge, "float32"), graph("Add", half, 1), outputs=2)
    middle = graph("ReduceSum", graph.slice(highest, 0, start=-2, end=1 << 40), keepdims=0)
    light = graph("Greater", middle, np.float32(2 * LIGHT))
    return graph("Where", light, graph("Sub", np.int32(255), values), values)


def _centred(graph: Graph, ink: Value, side: Side) -> Value:
    """Where ink begins whose centre of mass is in the middle of the page, int64 [1]."""
    total = graph("Max", graph("ReduceSum", ink, keepdims=0), np.float32(1e-6))
    along = graph("ReduceSum", ink, [1 - side.axis, 2], keepdims=0)
    places = graph.cast(graph("Range", 0, graph("Squeeze", side.size), 1), "float32")
    centre = graph("Div", graph("ReduceSum", graph("Mul", along, places), [0], keepdims=1), total)
    return graph.round(graph("Sub", float(INK_SIDE / 2) - 0.5, graph.double(centre)))


@dataclass(frozen=True)
class Preparation:
    """A recipe as a graph.

    Attributes:
        draw: adds it to a graph: from a picture, uint8 [H, W, 3], to float32 of this shape.
        shape: height, width and channels.
    """

    draw: Callable[[Graph, Value], Value]
    shape: tuple[int, int, int]


_LITE0 = Preparation(_middle, (efficientnet_lite0.SIDE, efficientnet_lite0.SIDE, 3))
PREPARATIONS: Mapping[str, Preparation] = {
    EfficientNetLite0.preprocessing: _LITE0,
    MAPS.id: _LITE0,
    EfficientNetLite2.preprocessing: Preparation(_whole, (efficientnet_lite2.SIDE, efficientnet_lite2.SIDE, 3)),
    SMALL.id: Preparation(_small, (SMALL_SIDE, SMALL_SIDE, 3)),
    FACE.id: Preparation(_padded, (FACE_STORED, FACE_STORED, 1)),
    INK.id: Preparation(_ink, (INK_SIDE, INK_SIDE, 1)),
}
"""By the name of a recipe. Faces that are aligned first have none: what finds their eyes is a method of its own."""
