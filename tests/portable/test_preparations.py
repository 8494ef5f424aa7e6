"""Pictures are prepared by the graphs exactly as they are here, whatever their size."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from PIL import Image, ImageDraw

from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.preprocessing import ALIGNED_FACE, MAPS, PREPROCESSINGS
from fsl_demo.core.pictures import from_image
from fsl_demo.portable.graph import Graph
from fsl_demo.portable.preparations import PREPARATIONS

HERE = {
    EfficientNetLite0.preprocessing: EfficientNetLite0.prepare,
    EfficientNetLite2.preprocessing: EfficientNetLite2.prepare,
    **{name: recipe.prepare for name, recipe in PREPROCESSINGS.items()},
}
DIFFERENT = [name for name in PREPARATIONS if name != MAPS.id]
"""The frozen maps are of pictures that are prepared as EfficientNet-Lite0's."""
SIZES = (
    *((1, 1), (1, 7), (3, 2), (37, 1), (1, 300), (28, 28), (80, 79), (81, 80), (224, 224), (260, 260)),
    *((333, 500), (641, 803), (523, 17), (30, 700)),
)


@cache
def session(recipe: str) -> Any:
    graph = Graph()
    graph.nodes.append(helper.make_node("Identity", [PREPARATIONS[recipe].draw(graph, "picture")], ["prepared"]))
    picture = helper.make_tensor_value_info("picture", TensorProto.UINT8, ["height", "width", 3])
    prepared = helper.make_tensor_value_info("prepared", TensorProto.FLOAT, PREPARATIONS[recipe].shape)
    model = graph.model([picture], [prepared])
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def photograph(width: int, height: int) -> Image.Image:
    """Something smooth with noise."""
    random = np.random.default_rng(width * 10_000 + height)
    coarse = random.integers(0, 256, (height // 9 + 1, width // 9 + 1, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), int)
    return Image.fromarray((smooth + random.integers(-20, 21, smooth.shape)).clip(0, 255).astype(np.uint8))


def drawing(seed: int, ground: int) -> Image.Image:
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (105, 90), (ground,) * 3)
    for _ in range(4):
        ends = [tuple(map(int, random.integers(10, 80, 2))) for _ in range(2)]
        ImageDraw.Draw(image).line(ends, fill=(abs(ground - 200 - 9 * seed),) * 3, width=3)
    return image


@pytest.mark.parametrize("recipe", DIFFERENT)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_a_photograph_is_prepared_as_here(recipe: str, size: tuple[int, int]) -> None:
    check(recipe, photograph(*size))


@pytest.mark.parametrize("recipe", PREPARATIONS)
@pytest.mark.parametrize("level", [0, 127, 255])
def test_a_picture_of_one_colour_is_prepared_as_here(recipe: str, level: int) -> None:
    check(recipe, Image.new("RGB", (50, 61), (level,) * 3))


@pytest.mark.parametrize("ground", [20, 255])
@pytest.mark.parametrize("seed", range(4))
def test_ink_is_placed_as_here(seed: int, ground: int) -> None:
    check("ink28", drawing(seed, ground))


def check(recipe: str, image: Image.Image) -> None:
    expected = HERE[recipe](from_image(image, "picture"))
    (prepared,) = session(recipe).run(None, {"picture": np.asarray(image)})
    assert prepared.shape == expected.shape == PREPARATIONS[recipe].shape
    np.testing.assert_array_equal(prepared, expected)


def test_every_recipe_has_a_graph_but_that_for_aligned_faces() -> None:
    assert set(PREPARATIONS) == set(HERE) - {ALIGNED_FACE.id}
