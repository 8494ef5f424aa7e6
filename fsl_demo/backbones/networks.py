"""The frozen networks that methods share, so that each is loaded once and each picture embedded once."""

from __future__ import annotations

from dataclasses import dataclass, field

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.minilm import MiniLM


@dataclass(frozen=True)
class Networks:
    """Networks for pictures and texts, and the cache of what they made of them."""

    features: FeatureCache
    pictures: EfficientNetLite0 = field(default_factory=EfficientNetLite0)
    texts: MiniLM = field(default_factory=MiniLM)
