"""A graph of ONNX operators, written down node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 18, 9
"""What has been read since 2023, in browsers too."""
ONNX_TYPES = {
    "uint8": TensorProto.UINT8,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "bool": TensorProto.BOOL,
}
Value = str
"""The name of what a node gives."""
Operand = Value | int | float | Sequence[int] | np.ndarray | np.generic


class Graph:
    """Nodes in the order in which they run.

    Numbers among the operands become constants: whole ones int64, others float64.
    """

    def __init__(self, prefix: str = "") -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._prefix, self._count = prefix, 0

    def __call__(self, operator: str, *operands: Operand, outputs: int = 1, **attributes: Any) -> Value:
        """Add a node; gives its first output."""
        names = [operand if isinstance(operand, str) else self._constant(operand) for operand in operands]
        made = [self._name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(operator, names, made, **attributes))
        return made[0]

    def cast(self, value: Value, kind: str) -> Value:
        """To another type of numbers, toward 0."""
        return self("Cast", value, to=ONNX_TYPES[kind])

    def concat(self, *parts: Operand) -> Value:
        """One-dimensional values, one after the other."""
        return self("Concat", *([part] if isinstance(part, int) else part for part in parts), axis=0)

    def slice(self, value: Value, axis: int, start: Operand, end: Operand) -> Value:
        """From `start` to before `end`, one-dimensional values of length 1, or whole numbers."""
        bounds = ([bound] if isinstance(bound, int) else bound for bound in (start, end))
        return self("Slice", value, *bounds, [axis])

    def floor_divide(self, value: Operand, divisor: Operand) -> Value:
        """Of whole numbers that are not negative."""
        return self("Div", value, divisor)

    def ceil_divide(self, value: Value, divisor: Value) -> Value:
        """Of whole numbers that are not negative."""
        return self("Div", self("Sub", self("Add", value, divisor), [1]), divisor)

    def round(self, value: Value) -> Value:
        """To whole numbers, halves to even ones, as Python does."""
        return self.cast(self("Round", value), "int64")

    def double(self, value: Value) -> Value:
        return self.cast(value, "float64")

    def model(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> ModelProto:
        """The graph as a model.

        Args:
            inputs, outputs: as `onnx.helper.make_tensor_value_info` makes them.
        """
        graph = helper.make_graph(self.nodes, "classifier", list(inputs), list(outputs))
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)

    def _constant(self, value: int | float | Sequence[int] | np.ndarray | np.generic) -> Value:
        output = self._name()
        tensor = numpy_helper.from_array(np.asarray(value), output)
        self.nodes.append(helper.make_node("Constant", [], [output], value=tensor))
        return output

    def _name(self) -> Value:
        self._count += 1
        return f"{self._prefix}{self._count}"
