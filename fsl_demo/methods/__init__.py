"""The table of methods. A new one is a file in this folder and a line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from fsl_demo import checkpoints
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import Method
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.tables import load
from fsl_demo.inference.variants import HasCheckpoint, HasVariants, Variant, Variants, looks_like


class MakesMethod(Protocol):
    """A method's class: called with the networks that all methods share."""

    @property
    def card(self) -> MethodCard: ...

    def __call__(self, networks: Networks) -> Method: ...


METHODS: tuple[MakesMethod, ...] = load(
    __name__,
    "prototype:Prototype",
    "asif:Asif",
    "compact_vlm:CompactVlm",
    "two_stream:TwoStream",
    "semantic_dictionary:SemanticDictionary",
    "clip:ClipMethod",
    "linear_probe:LinearProbe",
    "prefix:Prefix",
    "siamese:Siamese",
    "siamese_cbam:SiameseCbam",
    "s3net:S3Net",
    "can:Can",
    "can:CanTransductive",
)

LOOKED_AT = 8
"""Pictures that are looked at to tell what kind they are."""


def of_checkpoint(source: Source, networks: Networks) -> Method:
    """The method that a checkpoint was trained for, with this checkpoint alone; its card has the checkpoint's name.

    Raises:
        UserError: `weights_missing`, `weights_differ`, `card_incomplete`.
    """
    card = checkpoints.load(source).card
    made = next((make(networks) for make in METHODS if make.card.id == card.method), None)
    if isinstance(made, HasCheckpoint):
        made = made.of(source)
    elif isinstance(made, HasVariants):
        made.variants = Variants((Variant(str(card.data), source),))
    else:
        raise UserError("card_incomplete", name=source, reason=f"method: {card.method}")
    made.card = replace(made.card, id=Path(source).name)
    return made


def build(networks: Networks) -> dict[str, Method]:
    """All methods by id, on these networks."""
    return {make.card.id: make(networks) for make in METHODS}


def proposed(known: Mapping[str, Method], pictures: Sequence[Picture]) -> list[str]:
    """Ids of the methods for somebody who names none: those for any pictures, and those trained for such as these.

    Args:
        pictures: of the support set; without any, the methods that can do without are proposed.
    """
    if not pictures:
        return [name for name, method in known.items() if not method.card.needs_pictures and method.card.kinds != ()]
    kind = looks_like(pictures[:LOOKED_AT])
    return [name for name, method in known.items() if method.card.kinds is None or kind in method.card.kinds]
