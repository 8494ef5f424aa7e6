"""A classifier as one ONNX model: a picture in, similarities and probabilities out, with all that lies between."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, compose, helper

from fsl_demo.core.errors import UserError
from fsl_demo.core.portable import Portable
from fsl_demo.portable.graph import OPSET, Graph, Value
from fsl_demo.portable.preparations import PREPARATIONS

PICTURE, SIMILARITIES, PROBABILITIES = "picture", "similarities", "probabilities"
_NETWORK = "network_"


def model(portable: Portable) -> ModelProto:
    """The model of a classifier.

    Its input is a picture of any size, uint8 [height, width, 3]: RGB, upright. Its outputs have a number a class.

    Raises:
        UserError: `export_recipe` where a picture is prepared in a way that has no form as a graph.
    """
    for recipe in portable.recipes:
        if recipe not in PREPARATIONS:
            raise UserError("export_recipe", recipe=recipe)
    network = compose.add_prefix(_exported(portable), _NETWORK)
    graph = Graph()
    prepared = {recipe: PREPARATIONS[recipe].draw(graph, PICTURE) for recipe in dict.fromkeys(portable.recipes)}
    for recipe, given in zip(portable.recipes, network.graph.input, strict=True):
        graph.nodes.append(helper.make_node("Unsqueeze", [prepared[recipe], _zero(graph)], [given.name]))
    graph.nodes.extend(network.graph.node)
    graph.nodes.append(helper.make_node("Squeeze", [network.graph.output[0].name, _zero(graph)], [SIMILARITIES]))
    logits = graph("Mul", SIMILARITIES, np.float32(portable.temperature))
    graph.nodes.append(helper.make_node("Softmax", [logits], [PROBABILITIES]))
    made = graph.model(
        inputs=[helper.make_tensor_value_info(PICTURE, TensorProto.UINT8, ["height", "width", 3])],
        outputs=[
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["classes"])
            for name in (SIMILARITIES, PROBABILITIES)
        ],
    )
    made.graph.initializer.extend(network.graph.initializer)
    onnx.checker.check_model(made)
    return made


def _zero(graph: Graph) -> Value:
    return graph("Identity", [0])


def _exported(portable: Portable) -> ModelProto:
    """The network, for one picture at a time.

    PyTorch's older exporter writes the same numbers as the newer one, in a twentieth of its time.
    """
    import torch

    examples = tuple(torch.zeros(1, *PREPARATIONS[recipe].shape) for recipe in portable.recipes)
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            portable.network.eval(), examples, file, dynamo=False, opset_version=OPSET, input_names=_names(examples)
        )
    return onnx.load_from_string(file.getvalue())


def _names(inputs: Sequence[object]) -> list[str]:
    return [f"input{number}" for number in range(len(inputs))]
