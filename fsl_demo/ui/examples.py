"""Example episodes, made at run time from real pictures that installed packages ship.

`assets/examples.json` holds the recipes. A picture is named `source:what`: `digits:LABEL/NTH` and `sklearn:FILE`
(scikit-learn), `faces:INDEX` and `skimage:FILE` (scikit-image), `gradio:FILE`; `#x,y,width,height` cuts a part.
"""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image, ingest
from fsl_demo.core.shipped import EXAMPLES
from fsl_demo.ui.document import ClassRow, Document

PREVIEWED = 4
FOLDERS = {"sklearn": "datasets/images", "skimage": "data", "gradio": "media_assets/images"}


@dataclass(frozen=True)
class ExampleRecipe:
    """One example; `title`, `hint` and class names are by language."""

    id: str
    title: dict[str, str]
    hint: dict[str, str]
    classes: list[dict[str, Any]]
    queries: list[str]


@cache
def recipes() -> tuple[ExampleRecipe, ...]:
    return tuple(ExampleRecipe(**entry) for entry in json.loads(EXAMPLES.read_text(encoding="utf-8")))


def build(recipe_id: str, language: str, keep: Callable[[Picture], Picture]) -> Document:
    """The example as a document; `keep` stores a picture."""
    recipe = next((recipe for recipe in recipes() if recipe.id == recipe_id), None)
    if recipe is None:
        raise UserError("request_bad", name="example", reason=recipe_id[:40])
    document = Document(title=text_in(recipe.title, language), classes=[])
    for entry in recipe.classes:
        pictures = [keep(picture(reference)).sha256 for reference in entry["support"]]
        document.classes.append(ClassRow(text_in(entry["name"], language), entry["description"], pictures))
    document.add_queries([keep(picture(reference)).sha256 for reference in recipe.queries])
    return document


def text_in(texts: dict[str, str], language: str) -> str:
    """The text in that language, or in English."""
    return texts.get(language) or texts["en"]


def picture(reference: str) -> Picture:
    """The picture that a reference names."""
    source, _, what = reference.partition(":")
    if source == "digits":
        label, nth = map(int, what.split("/"))
        values = _digits()[label][nth]
        return from_image(Image.fromarray(values).convert("RGB"), f"digit-{label}-{nth}.png")
    if source == "faces":
        return from_image(Image.fromarray(_faces()[int(what)]).convert("RGB"), f"patch-{what}.png")
    file, _, part = what.partition("#")
    whole = ingest(_package_folder(source) / FOLDERS[source] / file)
    if not part:
        return whole
    x, y, width, height = map(int, part.split(","))
    return from_image(whole.image().crop((x, y, x + width, y + height)), f"{Path(file).stem}-{x}-{y}.png")


@cache
def preview(recipe: str) -> tuple[Picture, ...]:
    """A few pictures that stand for the example; none for one that there is not."""
    chosen = next((entry for entry in recipes() if entry.id == recipe), None)
    if chosen is None:
        return ()
    step = max(1, len(chosen.queries) // PREVIEWED)
    return tuple(picture(reference) for reference in chosen.queries[::step][:PREVIEWED])


@cache
def preview_jpeg(recipe: str, number: int) -> bytes | None:
    """One of the pictures of `preview`, small; None where there is none."""
    shown = preview(recipe)
    if not 0 <= number < len(shown):
        return None
    buffer = io.BytesIO()
    ImageOps.fit(shown[number].image(), (72, 72)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def _digits() -> dict[int, np.ndarray]:
    # read as a file: to import scikit-learn takes a second, in which the page waits
    rows = np.loadtxt(_package_folder("sklearn") / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    values = (rows[:, :64].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    return {label: values[rows[:, 64] == label] for label in range(10)}


@cache
def _faces() -> np.ndarray:
    patches = np.load(_package_folder("skimage") / "data" / "lfw_subset.npy")
    return (patches * 255).astype(np.uint8)
