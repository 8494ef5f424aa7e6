"""A heat map on its picture: how strong it is shown is the person's choice, and it is downloaded as shown."""

from __future__ import annotations

import numpy as np

from fsl_demo.episodes import Layer
from fsl_demo.overlays import overlay
from fsl_demo.ui.html import View, esc, jpeg_uri, png_uri

SIDE = 448


def frame(draft_id: str, heading: str, body: str) -> str:
    """What stands in the column beside the results; the slider in it is for all of its figures. `heading` is HTML."""
    return f"""<div class="why" data-draft="{draft_id}" style="--opacity:0.55">
<h2>{heading}</h2>{body}</div>"""


def slider(view: View) -> str:
    """How strong the heat maps are."""
    return f"""<label class="slider"><span>{view.t("opacity")}</span>
<input type="range" min="0" max="1" step="0.05" value="0.55" data-opacity aria-label="{view.t("opacity")}"></label>"""


def scale(view: View, less: str = "less", more: str = "more") -> str:
    """What the colours mean, from least to most."""
    return f'<div class="scale"><span>{view.t(less)}</span><i></i><span>{view.t(more)}</span></div>'


def figure(view: View, layer: Layer, values: np.ndarray, name: str, place: str = "") -> str:
    """The picture of a layer with a map on it.

    Args:
        values: the map, [h, w] in [0, 1].
        name: for the file to download.
        place: attributes of the picture that make places on it selectable.
    """
    photo = layer.picture.image().copy()
    photo.thumbnail((SIDE, SIDE))
    heat = overlay(layer.picture, values, layer.seen, 1.0, max(photo.size))
    heat = heat.resize(photo.size)
    caption = view.t(f"role.{layer.role}")
    file = esc(f"{layer.role}-{name}.png".replace("/", "-"))
    return f"""<figure><div class="stack"{place}><img src="{jpeg_uri(photo)}" alt="{caption}: {esc(layer.picture.name)}">
<img class="heat" src="{png_uri(heat)}" alt="{view.t("heat_map_alt")}"></div>
<figcaption>{caption} · <span class="name">{esc(layer.picture.name)}</span>
<button class="quiet" data-save="{file}" aria-label="{view.t("download_picture")}" title="{view.t("download_picture")}">⤓</button></figcaption></figure>"""
