"""The networks of a run: converted before the first picture, with room for what methods share, not for all pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsl_demo.services.registry import Installed


VECTORS, MAP_BYTES = 4_096, 128_000_000
"""Vectors and maps that methods which share a network find at hand."""


def registry() -> Installed:
    """Everything that is installed, with features that are forgotten soon."""
    from fsl_demo.backbones.cache import FeatureCache, LatestStore
    from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
    from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.services import registry

    features = FeatureCache(LatestStore(VECTORS), MAP_BYTES)
    return registry.build(Networks(features, EfficientNetLite0(many=True), EfficientNetLite2(many=True)))
