"""The table of captioners. A new one is a file in this folder and a line here."""

from __future__ import annotations

from typing import Any

from fsl_demo.backbones.networks import Networks
from fsl_demo.captioners.gated import GatedCaptioner
from fsl_demo.captioners.prefix import PrefixCaptioner
from fsl_demo.core.captioning import Captioner

CAPTIONERS: tuple[Any, ...] = (PrefixCaptioner, GatedCaptioner)


def build(networks: Networks) -> dict[str, Captioner]:
    """All captioners by id, on these networks; the first is used where nobody says which."""
    made: list[Captioner] = [make(networks) for make in CAPTIONERS]
    return {captioner.card.id: captioner for captioner in made}
