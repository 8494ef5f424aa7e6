"""Networks loaded once for all tests, and real photographs in small crops."""

from __future__ import annotations

from functools import cache

from PIL import Image
from skimage import data

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.pictures import Picture, from_image

SUBJECTS = ("cat", "coffee", "rocket")
_LOAD = {"cat": data.chelsea, "coffee": data.coffee, "rocket": data.rocket}


@cache
def _lite0() -> EfficientNetLite0:
    return EfficientNetLite0()


@cache
def _lite2() -> EfficientNetLite2:
    return EfficientNetLite2()


@cache
def _minilm() -> MiniLM:
    return MiniLM()


def networks() -> Networks:
    """Shared networks under a cache of its own, so that counts begin at zero."""
    return Networks(FeatureCache(), _lite0(), whole_pictures=_lite2(), texts=_minilm())


@cache
def crops(subject: str) -> tuple[Picture, ...]:
    """Four overlapping views of a photograph, 240 pixels wide."""
    image = Image.fromarray(_LOAD[subject]()).convert("RGB")
    width, height = image.width * 4 // 5, image.height * 4 // 5
    corners = [(0, 0), (image.width - width, 0), (0, image.height - height), (image.width // 10, image.height // 10)]
    views = [image.crop((x, y, x + width, y + height)).resize((240, 240 * height // width)) for x, y in corners]
    return tuple(from_image(view, f"{subject}-{number}.png") for number, view in enumerate(views))
