"""The table of captioners. A new one is a file in this folder and a line here."""

from __future__ import annotations

from typing import Protocol

from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Captioner
from fsl_demo.core.cards import CaptionerCard
from fsl_demo.core.tables import load


class MakesCaptioner(Protocol):
    """A captioner's class: called with the networks that all share."""

    @property
    def card(self) -> CaptionerCard: ...

    def __call__(self, networks: Networks) -> Captioner: ...


CAPTIONERS: tuple[MakesCaptioner, ...] = load(
    __name__,
    "prefix:PrefixCaptioner",
    "gated:GatedCaptioner",
)


def build(networks: Networks) -> dict[str, Captioner]:
    """All captioners by id, on these networks; the first is used where nobody says which."""
    return {make.card.id: make(networks) for make in CAPTIONERS}
