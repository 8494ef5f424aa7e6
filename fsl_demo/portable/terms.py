"""On what terms a classifier may be used: those of the program, and those of what its weights were trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fsl_demo import checkpoints
from fsl_demo.checkpoints import Card, Checkpoint

OWN = """\
The code of this folder, and the weights that were trained for the workbench: MIT licence, as of the workbench itself.
Whoever uses the weights also keeps to the terms of what they were trained on, below; where none are named, the terms of
those who made the data hold. The examples are pictures of whoever wrote this folder, and so are the rights to them.
"""
TERMS = {
    "EfficientNet": "EfficientNet-Lite0 and Lite2: Apache License 2.0; trained on ImageNet, under its terms of access.",
    "MiniLM": "all-MiniLM-L6-v2: Apache License 2.0; only vectors that it made are here.",
    "objects": "VOC 2007: photographs from Flickr, whose terms of use hold; no licence is stated.",
    "voc2007": "VOC 2007: photographs from Flickr, whose terms of use hold; no licence is stated.",
    "flickr8k": "Flickr30k Entities, and Flickr8k's photographs under it: for non-commercial research and education.",
}
"""By a word of what cards say of the data, of the architecture or of the pretraining."""


@dataclass(frozen=True)
class Origin:
    """A version of a checkpoint that others began with, or a source itself."""

    name: str
    version: int
    card: Card


def licence(sources: Sequence[Checkpoint]) -> str:
    """What stands in `LICENCE.txt` of a classifier that rests on these checkpoints."""
    texts = [_told(origin) for origin in origins(sources)]
    terms = dict.fromkeys(text for word, text in TERMS.items() if any(word in told for told in texts))
    return "\n".join([OWN, *texts, *(f"- {text}" for text in terms), ""])


def origins(sources: Sequence[Checkpoint]) -> list[Origin]:
    """The checkpoints, and those that they began with: what their cards name as pretraining, of one's own name the
    earlier versions."""
    waiting = [(Origin(each.home.name, each.version, each.card), each.home.parent) for each in sources]
    known: dict[str, Origin] = {}
    while waiting:
        origin, folder = waiting.pop(0)
        if origin.card.sha256 in known:
            continue
        known[origin.card.sha256] = origin
        words = set(re.findall(r"\w+", origin.card.pretraining or ""))
        for entry in checkpoints.catalogue(folder) if words else ():
            if entry.name in words:
                waiting += [
                    (Origin(entry.name, version.number, version.card), folder)
                    for version in entry.versions
                    if version.card is not None and (entry.name != origin.name or version.number < origin.version)
                ]
    return list(known.values())


def _told(origin: Origin) -> str:
    card = origin.card
    lines = [
        f"{origin.name}, version {origin.version}, SHA-256 {card.sha256}",
        *(
            f"  {what}: {value}"
            for what, value in (
                ("trained on", card.data),
                ("parts", card.split),
                ("architecture", card.architecture if isinstance(card.architecture, str) else None),
                ("pretraining", card.pretraining),
            )
            if value
        ),
    ]
    return "\n".join([*lines, ""])
