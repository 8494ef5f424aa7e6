"""Names with something to see: ImageNet's classes, and along WordNet the kinds of thing that they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsl_demo.backbones.efficientnet_lite0 import imagenet_names
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.inference.glossary import definitions, imagenet_sentences
from fsl_demo.inference.hypernyms import GENERAL, ancestors, imagenet, synsets
from fsl_demo.inference.kinds import kinds
from fsl_demo.inference.prompts import default_templates

FEWEST, MOST = 2, 100
"""ImageNet's classes that a kind has."""


@dataclass(frozen=True)
class Names:
    """ImageNet's 1,000 classes, then their kinds.

    Attributes:
        texts: as many sentences of each: in templates, bare, as a kind of something, with a definition.
        rows: as pictures, float32 [N, 1998]: of a kind, the mean of its classes.
        alike: whether one is a kind of the other, bool [N, N].
    """

    texts: list[list[str]]
    rows: np.ndarray
    alike: np.ndarray


def named(networks: Networks, progress: Progress = quiet) -> Names:
    """All names."""
    rows, members = kinds()
    classes = imagenet()
    sizes = members.sum(axis=1)
    chosen = [synset for synset in rows if FEWEST <= sizes[rows[synset]] <= MOST and synset not in GENERAL]
    chosen = [synset for synset in chosen if synset not in classes and synsets()[synset].nouns]
    defined = dict(zip(classes, imagenet_sentences(), strict=True))
    spoken = dict(zip(classes, imagenet_names(), strict=True))
    for synset in chosen:
        noun = spoken[synset] = next(iter(synsets()[synset].nouns))
        defined[synset] = next((f"{noun}: {text}" for text in definitions(noun)), noun)
    seen = np.concatenate(PictureTowers(networks).classes(progress), axis=1)
    shares = members[[rows[synset] for synset in chosen]]
    all_synsets = [*classes, *chosen]
    return Names(
        texts=[_sentences(spoken[synset], synset, defined[synset]) for synset in all_synsets],
        rows=np.concatenate([seen, shares @ seen / shares.sum(axis=1, keepdims=True)]).astype(np.float32),
        alike=np.array([[a in ancestors(b) or b in ancestors(a) for b in all_synsets] for a in all_synsets]),
    )


def _sentences(name: str, synset: str, defined: str) -> list[str]:
    parents = [noun for parent in synsets()[synset].parents for noun in list(synsets()[parent].nouns)[:1]]
    kind = f"{name}, a kind of {parents[0]}" if parents else name
    return [*(line.replace("{}", name) for line in default_templates()), name, kind, defined]
