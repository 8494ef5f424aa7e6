"""The table of methods. A new one is a file in this folder and a line here."""

from __future__ import annotations

from collections.abc import Callable

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.methods.asif import Asif
from fsl_demo.methods.contract import Method
from fsl_demo.methods.prototype import Prototype

METHODS: tuple[Callable[[Networks], Method], ...] = (Prototype, Asif)


def build(features: FeatureCache) -> dict[str, Method]:
    """All methods by id, on one feature cache."""
    networks = Networks(features)
    methods = [make(networks) for make in METHODS]
    return {method.card.id: method for method in methods}
