"""A heat map on its picture: how strong it is shown is the person's choice, and it is downloaded as shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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


def words(
    view: View,
    layers: Sequence[Layer],
    chosen: int,
    label: str,
    value: Callable[[float], str],
    attributes: str,
    arrows: bool = False,
) -> str:
    """Words as buttons, each with a number, and the map of the one that is chosen.

    Args:
        layers: one a word.
        chosen: the word whose map is shown.
        label: what the words are, as HTML.
        value: how the number of a word is written.
        attributes: of every button; the word's place is added.
        arrows: whether the left and right arrow keys go to the next word.
    """
    keys = {chosen - 1: "data-key=ArrowLeft", chosen + 1: "data-key=ArrowRight"} if arrows else {}
    buttons = "".join(
        f'<button class="chip {"on" if n == chosen else ""}" {attributes} data-word="{n}" data-focus="{label}-{n}"'
        f' aria-pressed="{str(n == chosen).lower()}" {keys.get(n, "")}>{esc(layer.words[0][0])} <small>{value(layer.words[0][1])}</small></button>'
        for n, layer in enumerate(layers)
    )
    layer = layers[chosen]
    shown = ""
    if layer.map is not None:
        shown = f"""<div class="figures one">{figure(view, layer, layer.map, layer.words[0][0])}</div>
{scale(view, "looked_less", "looked_more")}"""
    return f'<div class="chips" role="group" aria-label="{label}">{buttons}</div>{shown}'


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
