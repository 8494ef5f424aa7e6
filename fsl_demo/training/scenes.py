"""Photographs with boxes and what is in them, as a detector learns from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from fsl_demo.core.episodes import Progress
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import flickr8k_entities, voc2007
from fsl_demo.inference.word_vectors import bare

SIDE = 352
"""Pixels of the canvas on which a picture lies, its longer side as long as this."""
PADDING = 128
SOMETHING = 21
"""The label of a thing that belongs to none of the 20 classes, or whose class nobody noted."""


@dataclass(frozen=True)
class Scene:
    """A photograph.

    Attributes:
        size: width and height; of a picture that was squashed, before it was.
        boxes: left, top, right, bottom, as fractions, [B, 4].
        labels: 1 to 20, or `SOMETHING`, [B].
        texts: what each thing is called, if anything.
        complete: whether everything of the 20 classes has its box.
    """

    file: Path
    size: tuple[int, int]
    boxes: np.ndarray
    labels: np.ndarray
    texts: tuple[tuple[str, ...], ...]
    complete: bool


@dataclass(frozen=True)
class Scenes:
    """Photographs in memory.

    Attributes:
        images: uint8 [N, SIDE, SIDE, 3], top left on a grey canvas.
        extents: width and height of each on its canvas, in pixels, [N, 2].
        scenes: with what is in them.
    """

    images: np.ndarray
    extents: np.ndarray
    scenes: list[Scene] = field(default_factory=list)


def of_voc(root: Path, split: str, left_out: Sequence[str] = ()) -> list[Scene]:
    """VOC 2007's photographs of a split, difficult things too; without those that show a class that is left out.

    Raises:
        UserError: `data_missing`.
    """
    return [
        Scene(
            file=photograph.file,
            size=photograph.size,
            boxes=np.array([thing.box for thing in photograph.things], np.float32).reshape(-1, 4),
            labels=np.array([1 + voc2007.NAMES.index(thing.name) for thing in photograph.things], int),
            texts=tuple((voc2007.WORDS[thing.name],) for thing in photograph.things),
            complete=True,
        )
        for photograph in voc2007.photographs(root, split)
        if not any(thing.name in left_out for thing in photograph.things)
    ]


def of_entities(root: Path, split: str, left_out: re.Pattern[str] | None = None) -> list[Scene]:
    """Flickr8k's photographs of a split; without those of which a phrase names what is left out.

    Raises:
        UserError: `data_missing`.
    """
    scenes = []
    for photograph in flickr8k_entities.photographs(root, split):
        regions = photograph.regions
        texts = tuple(tuple(dict.fromkeys(bare(phrase) for phrase in region.phrases)) for region in regions)
        if regions and not (left_out and any(left_out.search(phrase.text) for phrase in photograph.phrases)):
            scenes.append(
                Scene(
                    file=photograph.file,
                    size=photograph.size,
                    boxes=np.array([region.box for region in regions], np.float32),
                    labels=np.full(len(regions), SOMETHING),
                    texts=texts,
                    complete=False,
                )
            )
    return scenes


def load(scenes: list[Scene], progress: Progress) -> Scenes:
    """Read the pictures.

    Raises:
        UserError: `picture_*`, naming the file that cannot be read.
    """
    images = np.full((len(scenes), SIDE, SIDE, 3), PADDING, np.uint8)
    extents = np.zeros((len(scenes), 2), np.float32)
    with ThreadPoolExecutor() as pool:
        for number, image in enumerate(pool.map(_canvas, scenes)):
            height, width = image.shape[:2]
            images[number, :height, :width], extents[number] = image, (width, height)
            if number % 200 == 0:
                progress("read", number, len(scenes))
    progress("read", len(scenes), len(scenes))
    return Scenes(images, extents, scenes)


def _canvas(scene: Scene) -> np.ndarray:
    scale = SIDE / max(scene.size)
    size = (max(1, round(scene.size[0] * scale)), max(1, round(scene.size[1] * scale)))
    return np.asarray(ingest(scene.file).image().resize(size, Image.Resampling.BICUBIC))


def texts(scenes: list[Scene]) -> Iterator[str]:
    """Every text, with repeats."""
    return (text for scene in scenes for own in scene.texts for text in own)
