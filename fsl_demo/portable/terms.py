"""On what terms a classifier may be used: those of the program, and those of what its weights were trained on."""

from __future__ import annotations

from collections.abc import Sequence

from fsl_demo.checkpoints import Checkpoint

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


def licence(sources: Sequence[Checkpoint]) -> str:
    """What stands in `LICENCE.txt` of a classifier that rests on these checkpoints."""
    texts = [_said_of(each) for each in sources]
    terms = dict.fromkeys(text for word, text in TERMS.items() if any(word in told for told in texts))
    return "\n".join([OWN, *texts, *(f"- {text}" for text in terms), ""])


def _said_of(checkpoint: Checkpoint) -> str:
    card = checkpoint.card
    lines = [
        f"{checkpoint.home.name}, version {checkpoint.version}, SHA-256 {checkpoint.sha256}",
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
