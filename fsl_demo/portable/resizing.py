"""Pillow's `Image.resize` with `reducing_gap=3.0`, value for value, as a graph.

Pillow first averages whole blocks of pixels (`Image.reduce`), then filters rows and then columns, and rounds to
eight bits after each of the three. Here a filter is a matrix that the graph makes for the size at hand. As Pillow's, it
holds whole numbers of 2^-22; float64 holds their sums. Where a picture ends is a float32 there, so it is one here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fsl_demo.portable.graph import Graph, Value

GAP = 3
ONE = float(1 << 22)
"""A weight of 1."""
Filter = Literal["bicubic", "lanczos"]
REACH = {"bicubic": 2.0, "lanczos": 3.0}


@dataclass(frozen=True)
class Side:
    """One side of a picture, and what becomes of it.

    Attributes:
        axis: 0 for its height, 1 for its width.
        length: pixels, int64 [1].
        box: where what is resized begins and ends, float64 [1] each; None for all of it.
        size: pixels that the box becomes, int64 [1].
        first, count: of these, those that are made: int64 [1], and a number; None for all.
    """

    axis: int
    length: Value
    size: Value
    box: tuple[Value, Value] | None = None
    first: Value | None = None
    count: int | None = None


def resized(graph: Graph, pixels: Value, sides: Sequence[Side], kind: Filter = "bicubic", gap: bool = True) -> Value:
    """uint8 [H, W, channels] to float32 with whole numbers of 0 to 255, [h, w, channels].

    Args:
        sides: height and width.
        gap: whether blocks are averaged first; a side with a box is never reduced.
    """
    ends: list[tuple[Side, Value]] = []
    if gap:
        factors = [_factor(graph, side) for side in sides]
        pixels = _reduced(graph, pixels, factors=factors, sides=sides)
        for side, factor in zip(sides, factors, strict=True):
            end = graph.cast(graph("Div", graph.double(side.length), graph.double(factor)), "float32")
            ends.append((side, graph.double(end)))
    else:
        pixels = graph.cast(pixels, "float32")
        ends = [(side, graph.double(side.length)) for side in sides]
    shape = graph("Shape", pixels)
    down, across = (
        _matrix(graph, side, end=end, length=graph.slice(shape, 0, start=side.axis, end=side.axis + 1), kind=kind)
        for side, end in ends
    )
    by_channel = graph("Transpose", graph.double(pixels), perm=[0, 2, 1])
    rows = _eight_bits(graph, graph("MatMul", by_channel, graph("Transpose", across, perm=[1, 0])))
    columns = _eight_bits(graph, graph("MatMul", down, graph("Transpose", rows, perm=[1, 0, 2])))
    return graph.cast(graph("Transpose", columns, perm=[1, 2, 0]), "float32")


def _factor(graph: Graph, side: Side) -> Value:
    """How many pixels are averaged, int64 [1]."""
    ratio = graph("Div", graph("Div", graph.double(side.length), graph.double(side.size)), float(GAP))
    return graph("Max", graph.cast(ratio, "int64"), [1])


def _reduced(graph: Graph, pixels: Value, factors: Sequence[Value], sides: Sequence[Side]) -> Value:
    """`Image.reduce`: the means of blocks, those at the far edges of what is left there."""
    down, across = factors
    rows, columns = (graph.ceil_divide(side.length, factor) for side, factor in zip(sides, factors, strict=True))
    missing = [
        graph("Sub", graph("Mul", count, factor), side.length)
        for count, factor, side in zip((rows, columns), factors, sides, strict=True)
    ]
    padded = graph("Pad", pixels, graph.concat([0, 0, 0], *missing, [0]))
    blocks = graph("Reshape", padded, graph.concat(rows, down, columns, across, [-1]))
    sums = graph("ReduceSum", graph.cast(blocks, "float32"), [1, 3], keepdims=0)
    members = graph(
        "Mul",
        graph("Unsqueeze", _members(graph, rows, factor=down, length=sides[0].length), [1]),
        graph("Unsqueeze", _members(graph, columns, factor=across, length=sides[1].length), [0]),
    )
    members = graph("Unsqueeze", members, [2])
    shares = graph("Div", graph.double(graph("Div", 1 << 24, members)), float(1 << 24))
    halved = graph("Add", sums, graph.cast(graph("Div", members, 2), "float32"))
    return graph.cast(graph("Floor", graph("Mul", graph.double(halved), shares)), "float32")


def _members(graph: Graph, count: Value, factor: Value, length: Value) -> Value:
    """How many rows or columns each block has."""
    starts = graph("Mul", graph("Range", 0, graph("Squeeze", count), 1), factor)
    return graph("Min", graph("Sub", length, starts), factor)


def _matrix(graph: Graph, side: Side, end: Value, length: Value, kind: Filter) -> Value:
    """What pixels of the result are made of, rows that sum to `ONE`: float64 [count, length]."""
    start, end = side.box or (graph("Identity", np.zeros(1)), end)
    scale = graph("Div", graph("Sub", end, start), graph.double(side.size))
    stretch = graph("Max", scale, np.ones(1))
    made = graph("Squeeze", side.size) if side.count is None else side.count
    places = graph("Add", graph.double(graph("Range", 0, made, 1)), 0.5)
    if side.first is not None:
        places = graph("Add", places, graph.double(side.first))
    centres = graph("Add", graph("Mul", places, scale), start)
    pixels = graph("Add", graph.double(graph("Range", 0, graph("Squeeze", length), 1)), 0.5)
    gaps = graph("Sub", graph("Unsqueeze", pixels, [0]), graph("Unsqueeze", centres, [1]))
    away = graph("Abs", graph("Div", gaps, stretch))
    weights = (_bicubic if kind == "bicubic" else _lanczos)(graph, away)
    weights = graph("Mul", weights, graph.double(graph("Less", away, REACH[kind])))
    shares = graph("Div", weights, graph("ReduceSum", weights, [1], keepdims=1))
    return graph("Floor", graph("Add", graph("Mul", shares, ONE), 0.5))


def _bicubic(graph: Graph, away: Value) -> Value:
    """Keys' cubic with a = -1/2 (Keys 1981)."""
    square = graph("Mul", away, away)
    near = graph("Add", graph("Mul", square, graph("Sub", graph("Mul", away, 1.5), 2.5)), 1.0)
    far = graph("Mul", square, graph("Sub", 2.5, graph("Mul", away, 0.5)))
    far = graph("Add", graph("Sub", far, graph("Mul", away, 4.0)), 2.0)
    return graph("Where", graph("Less", away, 1.0), near, far)


def _lanczos(graph: Graph, away: Value) -> Value:
    """sinc(x) sinc(x / 3)."""
    tiny = graph("Max", away, 1e-9)
    return graph("Mul", _sinc(graph, tiny), _sinc(graph, graph("Div", tiny, REACH["lanczos"])))


def _sinc(graph: Graph, value: Value) -> Value:
    angle = graph("Mul", value, np.pi)
    return graph("Div", graph("Sin", angle), angle)


def _eight_bits(graph: Graph, sums: Value) -> Value:
    """From sums in `ONE`ths, rounded, halves up, and kept within 0 to 255."""
    whole = graph("Floor", graph("Div", graph("Add", sums, ONE / 2), ONE))
    return graph("Clip", whole, 0.0, 255.0)
