"""The registry of everything that is installed, on shared networks; page, command line and API use the same one."""

from __future__ import annotations

from fsl_demo import captioners, detectors, methods
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.registry import Registry


class Installed(Registry):
    """What is installed, and the networks that it shares."""

    networks: Networks


def build(networks: Networks) -> Installed:
    """Everything that the tables of `methods`, `captioners` and `detectors` hold.

    Raises:
        UserError: `weights_missing`, `weights_differ` for a checkpoint that a method needs from the start.
    """
    installed = Installed(
        methods.build(networks).values(),
        captioners.build(networks).values(),
        detectors.build(networks).values(),
    )
    installed.networks = networks
    return installed
