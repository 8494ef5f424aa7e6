"""The words that a semantic dictionary learns from, and which of them are right for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsl_demo.backbones.efficientnet_lite0 import imagenet_names
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.datasets import voc2007
from fsl_demo.evaluation.objects import objects
from fsl_demo.inference.word_vectors import SENTENCE, WordReader
from fsl_demo.training.objectives.semantic_dictionary import BACKGROUND, CLASSIFIER, REGION, WHOLE, Rights, Words
from fsl_demo.training.region_rows import NOTHING, PICTURE, RegionRows
from fsl_demo.training.scenes import Scene

MOST = 6
"""Words that are right for a region, at most; others are left out."""


def words(read: WordReader, texts: Sequence[str], classes: Sequence[str], progress: Progress = quiet) -> Words:
    """The classes, ImageNet's names, and all other texts, each once.

    Args:
        texts: with repeats.
        classes: of VOC, that are annotated.
    """
    spoken = [voc2007.WORDS[name] for name in classes]
    every = tuple(dict.fromkeys([*spoken, *imagenet_names(), *texts]))
    vectors = read([[text] for text in every], progress)
    named = [objects(text) for text in every]
    return Words(
        texts=every,
        vectors=vectors,
        sentences=vectors[:, :SENTENCE],
        mentions=np.array([[name in own for name in classes] for own in named]),
    )


@dataclass(frozen=True)
class Read:
    """Regions of one data set's photographs, mapped."""

    rows: RegionRows
    scenes: Sequence[Scene]


def rights(known: Words, parts: Sequence[Read], classifier: int) -> Rights:
    """Which words are right for the rows of all parts, one after the other, and then for ImageNet's classes.

    Args:
        classifier: how many rows of the ImageNet classifier follow.
    """
    place = {text: number for number, text in enumerate(known.texts)}
    kinds, numbers = [], []
    for part in parts:
        for scene, thing in zip(part.rows.scenes, part.rows.things, strict=True):
            own, kind = _texts(part.scenes[scene], int(thing))
            kinds.append(kind)
            numbers.append([place[text] for text in _with_class(own, known) if text in place][:MOST])
    names = imagenet_names()[:classifier]
    kinds += [CLASSIFIER] * len(names)
    numbers += [[place[name]] for name in names]
    table = np.full((len(numbers), MOST), -1)
    for row, own_numbers in enumerate(numbers):
        table[row, : len(own_numbers)] = own_numbers
    return Rights(np.array(kinds), table)


def _texts(scene: Scene, thing: int) -> tuple[list[str], int]:
    match thing:
        case _ if thing == PICTURE:
            return list(dict.fromkeys(text for texts in scene.texts for text in texts)), WHOLE
        case _ if thing == NOTHING:
            return [], BACKGROUND
        case _:
            return list(scene.texts[thing]), REGION


def _with_class(texts: list[str], known: Words) -> list[str]:
    """With the class that the end of a text names: "a brown dog" is a dog, "a dog's leash" is none."""
    spoken = known.texts[: known.classes]
    ends = [objects(" ".join(text.split()[-count:])) for text in texts for count in (1, 2)]
    named = {voc2007.WORDS[end[-1]] for end in ends if end}
    return list(dict.fromkeys([*(word for word in spoken if word in named), *texts]))
