"""The table of methods. A new one is a file in this folder and a line here."""

from __future__ import annotations

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.methods.contract import Method
from fsl_demo.methods.prototype import Prototype


def build(features: FeatureCache) -> dict[str, Method]:
    """All methods by id, on one feature cache."""
    backbone = EfficientNetLite0()
    methods: list[Method] = [Prototype(features, backbone)]
    return {method.card.id: method for method in methods}
