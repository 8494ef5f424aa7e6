"""A method fitted to a support set, as a folder that answers without this program."""

from __future__ import annotations

from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from typing_extensions import TypedDict

from fsl_demo.core.capabilities import Exports, Method
from fsl_demo.core.episodes import Episode, Progress
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.settings import Settings, Weights

if TYPE_CHECKING:
    from fsl_demo.core.registry import Registry

DRAWN = 64
"""Pixels of the side of a picture that stands in where there is none."""


class ExportDocument(TypedDict):
    """A classifier that was taken away through the API.

    Attributes:
        address: of the zip, on the same server.
        classes: their names.
        method: its id.
    """

    address: str
    classes: list[str]
    method: str


def exported(
    registry: Registry,
    method: Method,
    episode: Episode,
    settings: Settings,
    progress: Progress,
    web: Path | None = None,
) -> dict[str, bytes]:
    """What is in the folder of a classifier, by path.

    Args:
        web: the unpacked npm package onnxruntime-web, which makes a page of the folder.

    Raises:
        UserError: `export_method` for a method that has no such form, `export_missing`; why the method cannot answer;
            what `portable.folder.files` and `portable.web.files` raise.
    """
    from fsl_demo.portable import folder
    from fsl_demo.portable import web as page

    able = exporting(registry, method)
    folder.check_packages()
    of_page = page.files(web) if web is not None else {}
    portable = able.portable(episode, settings, progress)
    examples = _examples(episode)
    progress("write", 0, 1)
    scores = able.fit(episode, settings, progress).predict(examples, progress)
    taken = folder.Taken(method.card, episode=episode, portable=portable, examples=examples, scores=scores)
    contents = folder.files(taken)
    if of_page:
        contents |= {**of_page, folder.LICENCE: contents[folder.LICENCE] + page.LICENCE.encode()}
    progress("write", 1, 1)
    return contents


def exporting(registry: Registry, method: Method) -> Exports[Settings]:
    """The method as one whose classifiers can be taken away.

    Raises:
        UserError: `export_method`, with why not, and which can.
    """
    if isinstance(method, Exports):
        return method
    reason, able = UserError(_why_not(registry, method)), registry.supporting(Exports)
    raise UserError(
        "export_method", method=method.card.title, reason=reason, known=", ".join(other.card.id for other in able)
    )


def _why_not(registry: Registry, method: Method) -> str:
    if method.card.transductive:
        return "reason_export_transductive"
    if any(isinstance(setting, Weights) for setting in method.Settings.controls()):
        return "reason_export_weights"
    if isinstance(registry.methods.get(method.card.id), Exports):
        return "reason_export_region"
    return "reason_export_network"


def _examples(episode: Episode) -> list[Picture]:
    """Pictures to check answers with, of different classes first, and small ones: previews of large ones."""
    from fsl_demo.portable.folder import EXAMPLES

    by_class: list[list[Picture]] = [[] for _ in episode.classes]
    for example in episode.support:
        by_class[example.class_index].append(example.picture)
    turns = chain.from_iterable(zip_longest(*by_class))
    pictures = [picture for picture in (*turns, *episode.queries) if picture is not None]
    chosen = list(dict.fromkeys(pictures))[:EXAMPLES]
    small = [from_image(picture.preview(), picture.name) for picture in chosen]
    return [*small, *map(_drawn, range(EXAMPLES - len(small)))]


def _drawn(number: int) -> Picture:
    """A picture where the support set has too few."""
    image = Image.linear_gradient("L").resize((DRAWN, DRAWN)).convert("RGB")
    return from_image(image.rotate(90 * number), f"{number}.png")
