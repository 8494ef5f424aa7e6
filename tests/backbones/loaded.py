"""Networks loaded once for all tests, and real photographs in small crops."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from PIL import Image
from skimage import data

from fsl_demo import runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture, from_image

SUBJECTS = ("cat", "coffee", "rocket")
_LOAD = {"cat": data.chelsea, "coffee": data.coffee, "rocket": data.rocket}


KEPT = 300
"""Maps of pictures that a network holds."""


class Kept:
    """A network of photographs that lets the same pixels through once for all tests of a process."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._kept: OrderedDict[tuple[str, bytes], np.ndarray] = OrderedDict()

    def maps(self, images: Sequence[np.ndarray], progress: Progress = quiet) -> np.ndarray:
        self.load(progress)  # type: ignore[attr-defined]
        keys = [(f"{image.shape} {runtime.precision()}", hashlib.sha256(image.tobytes()).digest()) for image in images]
        known = {key: self._kept[key] for key in keys if key in self._kept}
        missing = {key: image for key, image in zip(keys, images, strict=True) if key not in known}
        if missing:
            fresh = super().maps(list(missing.values()), progress)  # type: ignore[misc]
            known |= dict(zip(missing, fresh, strict=True))
        for key in keys:
            self._kept[key] = known[key]
            self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return np.stack([known[key] for key in keys])


class KeptLite0(Kept, EfficientNetLite0):
    pass


class KeptLite2(Kept, EfficientNetLite2):
    pass


@cache
def _lite0() -> EfficientNetLite0:
    return KeptLite0()


@cache
def _lite2() -> EfficientNetLite2:
    return KeptLite2()


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
