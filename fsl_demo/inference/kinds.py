"""What a picture is of, only as exactly as is certain: ImageNet's classes, summed up along WordNet.

Hedging your bets (Deng et al. 2012): of the kinds of thing that are certain enough, the one with the fewest classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0, imagenet_names
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Hint, Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.calibration import softmax
from fsl_demo.inference.hypernyms import ancestors, imagenet, meanings

CERTAIN, EXACT, LIKELY = 0.5, 0.65, 0.4
"""The probabilities from which on a kind is certain, and a class of ImageNet, which knows not all classes that there
are; and from which on either may be said with "perhaps"."""
_SAYABLE = """animal bird reptile fish insect spider beetle butterfly crab lizard snake toad shark monkey ape
bear elephant big_cat cat dog fox wolf rabbit rodent squirrel whale sheep goat horse antelope game_bird
bird_of_prey waterfowl wading_bird sea_bird finch parrot owl fungus flower vehicle motor_vehicle car
truck bus train bicycle motorcycle cart boat ship sailing_vessel aircraft airplane furniture chair sofa
bed table bench cabinet curtain lamp mirror container bottle box bag basket jar jug pot pan basin
cooking_utensil clothing hat cap coat dress shirt sweater shoe boot tie towel building house tower bridge
fence gate roof structure monument tent shop theater food fruit berry citrus vegetable bread dish dessert
sandwich beverage coffee wine musical_instrument stringed_instrument wind_instrument brass_instrument
percussion_instrument keyboard_instrument guitar piano tool hand_tool power_tool knife axe weapon gun
firearm pistol machine computer telephone camera timepiece clock home_appliance kitchen_appliance
sports_equipment ball toy pen mountain shore"""
"""Kinds that people have a word for; WordNet has many more ("placental", "instrumentality")."""


def classified(networks: Networks, small: np.ndarray, large: np.ndarray) -> np.ndarray:
    """What the two ImageNet classifiers together take pictures for, from their pooled features: float32 [N, 1000]."""
    logits = _logits(networks.pictures, small) + _logits(networks.whole_pictures, large)
    return softmax(logits / 2).astype(np.float32)


def _logits(tower: EfficientNetLite0, pooled: np.ndarray) -> np.ndarray:
    head = tower.load().get_classifier()
    return np.asarray(pooled @ head.weight.numpy(force=True).T + head.bias.numpy(force=True))


@cache
def kinds() -> tuple[dict[str, int], np.ndarray]:
    """The rows of the kinds of thing, by synset, and which of ImageNet's classes each has, float32 [K, 1000]."""
    classes = imagenet()
    ordered = sorted(set().union(*(ancestors(synset) for synset in classes)))
    rows = {synset: row for row, synset in enumerate(ordered)}
    members = np.zeros((len(rows), len(classes)), np.float32)
    for number, synset in enumerate(classes):
        members[[rows[kind] for kind in ancestors(synset)], number] = 1
    return rows, members


def probabilities(networks: Networks, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
    """Of each of `kinds`, for each picture: float32 [N, K]."""
    towers = (networks.pictures, networks.whole_pictures)
    logits = [_logits(tower, networks.features.pooled(tower, pictures, progress)) for tower in towers]
    return sum(map(softmax, logits)) / len(towers) @ kinds()[1].T


def certain(row: np.ndarray) -> tuple[str, Hint] | None:
    """The synset and the name of the most exact kind that is certain, from probabilities [K]; None where none is."""
    return _most_exact(row, CERTAIN, EXACT)


def likely(row: np.ndarray) -> tuple[str, Hint] | None:
    """As `certain`, of what may be said with "perhaps"."""
    return _most_exact(row, LIKELY, LIKELY)


def _most_exact(row: np.ndarray, least: float, of_class: float) -> tuple[str, Hint] | None:
    rows, members = kinds()
    bounds = dict.fromkeys(_names(), least) | dict.fromkeys(imagenet(), of_class)
    probable = [synset for synset, bound in bounds.items() if row[rows[synset]] >= bound]
    if not probable:
        return None
    best = min(probable, key=lambda synset: (members[rows[synset]].sum(), -row[rows[synset]]))
    return best, Hint(_names()[best], float(min(row[rows[best]], 1.0)))


@cache
def _names() -> dict[str, str]:
    """What to call each kind that people have a word for."""
    nouns = [word.replace("_", " ") for word in _SAYABLE.split()]
    names = {synset: noun for noun in nouns for synset in meanings(noun)[:1] if synset in kinds()[0]}
    return names | dict(zip(imagenet(), imagenet_names(), strict=True))
