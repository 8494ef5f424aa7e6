"""Real pictures for the measurements: distinct crops of photographs that installed packages ship."""

from __future__ import annotations

import importlib.util
import io
import random
from functools import cache
from pathlib import Path

from PIL import Image

from fsl_demo.core.episodes import ClassSpec, Episode, Example
from fsl_demo.core.pictures import Picture, ingest

SOURCES = {
    "cat": "skimage:data/chelsea.png",
    "cup of coffee": "skimage:data/coffee.png",
    "palace": "sklearn:datasets/images/china.jpg",
    "flower": "sklearn:datasets/images/flower.jpg",
    "lion": "gradio:media_assets/images/lion.jpg",
}
SIDE = 240
SHOTS = QUERIES = 5


def files(number: int) -> list[tuple[str, bytes]]:
    """The `number`th set of 50 JPEG files, ten a class, as (class name, bytes). No two sets share a picture."""
    places = random.Random(number)
    return [(name, _crop(source, places)) for name, source in SOURCES.items() for _ in range(SHOTS + QUERIES)]


def read(encoded: list[tuple[str, bytes]]) -> Episode:
    """Five classes of five shots, and five queries of each, from files as `files` gives them."""
    names = list(SOURCES)
    support: list[Example] = []
    queries: list[Picture] = []
    for position, (name, data) in enumerate(encoded):
        picture = ingest(data, f"{position}.jpg")
        if position % (SHOTS + QUERIES) < SHOTS:
            support.append(Example(picture, names.index(name)))
        else:
            queries.append(picture)
    classes = tuple(ClassSpec(name, (f"a photo of a {name}",)) for name in names)
    return Episode(classes, tuple(support), tuple(queries))


def _crop(source: str, places: random.Random) -> bytes:
    photograph, buffer = _photograph(source), io.BytesIO()
    left, top = places.randint(0, photograph.width - SIDE), places.randint(0, photograph.height - SIDE)
    photograph.crop((left, top, left + SIDE, top + SIDE)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@cache
def _photograph(source: str) -> Image.Image:
    package, _, file = source.partition(":")
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations, package
    return ingest(Path(next(iter(spec.submodule_search_locations))) / file).image()
