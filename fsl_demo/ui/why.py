"""The explanation of one cell: heat maps on query and support picture, nearest pictures, nearest words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from fsl_demo.episodes import Explanation, Layer
from fsl_demo.errors import UserError
from fsl_demo.ui import blanks, captions, figures, phrases
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import Document, Result
from fsl_demo.ui.html import View, esc, percent
from fsl_demo.ui.prediction import explain

NEIGHBOURS = 5
WORDS = 6


def render(view: View, tab: Tab) -> str:
    """The caption, or the explanation of the cell, that is selected on the tab."""
    document = tab.document
    if tab.caption[0] in document.queries:
        return captions.details(view, tab)
    query, method, chosen, focus = tab.selected
    result = document.result(method)
    if result is None:
        return _empty(view, "why_hint") if document.results else ""
    row = result.row(query)
    if row is None or query not in document.queries:
        return _empty(view, "why_hint")
    if document.outdated:
        return _empty(view, "outdated")
    index = result.classes.index(chosen) if chosen in result.classes else result.scores.best(row)
    target = _Target(query, method, result.classes[index], focus)
    explanation, wrong = _explained(view, tab, index)
    asked = bool(tab.phrase) and not wrong
    card, name = view.methods[method].card, document.class_names()[target.class_key]
    if asked:
        heading = view.t("phrase_title", phrase=tab.phrase, method=card.title)
    else:
        heading = view.t("why_title", name=name, method=card.title)
    if "phrases" in card.explains:
        said = phrases.form(view, tab.phrase, target.attributes(), wrong)
    else:
        said = f'<p class="warn">{esc(wrong)}</p>' if wrong else ""
    layers = explanation.layers if explanation else ()
    subject = tab.phrase[:40] if asked else name
    maps = "".join(_group(view, list(found), kind, subject, target) for kind, found in _by_kind(layers))
    words = "".join(_words(view, layer) for layer in layers if layer.role == "query")
    body = f"""{_classes(view, document, result, row, -1 if asked else index, query, method)}{said}
{figures.slider(view)}
{maps}
{_neighbours(view, document, result, row, query, method, target.class_key)}{words}{blanks.render(view, tab, query)}"""
    return figures.frame(tab.draft_id, heading, body)


def _explained(view: View, tab: Tab, index: int) -> tuple[Explanation | None, str]:
    """Of the tab's phrase, or else of the class; and why the first that was tried cannot be had, or ""."""
    query, method, _, focus = tab.selected
    wrong = ""
    for phrase in dict.fromkeys((tab.phrase, "")):
        try:
            return explain(view, tab.document, query, method, index, focus, tab.point, phrase), wrong
        except UserError as error:
            wrong = wrong or view.error(error)
    return None, wrong


def _empty(view: View, key: str) -> str:
    return f'<div class="empty"><p>{view.t(key)}</p></div>'


def _classes(view: View, document: Document, result: Result, row: int, index: int, query: str, method: str) -> str:
    """The classes to ask about, most probable first."""
    names, buttons = document.class_names(), []
    for i in np.argsort(-result.scores.probabilities[row])[:8]:
        key = result.classes[i]
        buttons.append(
            f'<button class="chip {"on" if i == index else ""}" data-action="explain" data-query="{query}" data-method="{method}"'
            f' data-class="{key}" aria-pressed="{str(bool(i == index)).lower()}">{esc(names[key])}'
            f" {percent(float(result.scores.probabilities[row][i]))}</button>"
        )
    return f'<div class="chips" role="group" aria-label="{view.t("explain_class")}">{"".join(buttons)}</div>'


@dataclass(frozen=True)
class _Target:
    """The cell that is explained, and the support picture beside it, as they go into buttons."""

    query: str
    method: str
    class_key: str
    support: str

    def attributes(self) -> str:
        pair = f' data-pair="{self.support}"' if self.support else ""
        return f'data-query="{self.query}" data-method="{self.method}" data-class="{self.class_key}"{pair}'


def _by_kind(layers: Iterable[Layer]) -> Iterator[tuple[str, Iterable[Layer]]]:
    return groupby((layer for layer in layers if layer.map is not None), key=lambda layer: layer.kind)


def _group(view: View, layers: list[Layer], kind: str, class_name: str, target: _Target) -> str:
    """The maps of one kind with what they mean; of places, with the way back."""
    shown = "".join(_figure(view, layer, layer.map, class_name, target) for layer in layers if layer.map is not None)
    channels = "".join(_channels(view, layer) for layer in layers if layer.role == "query")
    back = (
        f'<button class="quiet" data-action="explain" {target.attributes()}>{view.t("point_back")}</button>'
        if kind == "point"
        else ""
    )
    words = "".join(phrases.contributions(view, layer) for layer in layers)
    beside, below = (words, "") if len(layers) == 1 else ("", words)
    return f"""<h3>{view.t(f"map.{kind}")}</h3><div class="figures">{shown}{beside}</div>
{figures.scale(view)}
<p class="hint">{view.t(f"map_hint.{kind}")}</p>{below}{channels}{back}"""


def _channels(view: View, layer: Layer) -> str:
    if not layer.channels:
        return ""
    rows = "".join(f"<li><span>{view.t('channel_n', n=n)}</span><b>{value:.2f}</b></li>" for n, value in layer.channels)
    return f'<h3>{view.t("strongest_channels")}</h3><ol class="words">{rows}</ol>'


def _figure(view: View, layer: Layer, values: np.ndarray, class_name: str, target: _Target) -> str:
    place = ""
    if layer.kind in ("cross", "point"):
        place = (
            f' data-point="{layer.role}" {target.attributes()} tabindex="0" role="button"'
            f' data-focus="point-{layer.role}" aria-label="{view.t("point_on")}"'
        )
    return figures.figure(view, layer, values, class_name, place)


def _neighbours(view: View, document: Document, result: Result, row: int, query: str, method: str, key: str) -> str:
    """The support pictures most like the query; a click shows the heat map of that pair."""
    if result.scores.pairs is None or not result.support:
        return ""
    names = {sha: document.class_names()[r.key] for r in document.rows() for sha in r.pictures}
    pairs = result.scores.pairs[row]
    cards = "".join(
        f'<button class="neighbour" data-action="explain" data-query="{query}" data-method="{method}" data-class="{key}"'
        f' data-pair="{result.support[i]}" title="{view.t("compare_with")}"><img src="{view.thumb(result.support[i])}" alt="">'
        f"<span>{esc(names.get(result.support[i], ''))}</span><b>{pairs[i]:.2f}</b></button>"
        for i in np.argsort(-pairs)[:NEIGHBOURS]
    )
    return f'<h3>{view.t("nearest_support")}</h3><div class="neighbours">{cards}</div>'


def _words(view: View, layer: Layer) -> str:
    """The names nearest to a picture: the method's own, or those of any method that can name pictures."""
    namer = next((method for method in view.methods.values() if hasattr(method, "words")), None)
    words = layer.words or (namer.words(layer.picture) if namer else ())
    if not words:
        return ""
    rows = "".join(f"<li><span>{esc(word)}</span><b>{value:.2f}</b></li>" for word, value in words[:WORDS])
    return f'<h3>{view.t("nearest_names")}</h3><ol class="words">{rows}</ol><p class="hint">{view.t("names_hint")}</p>'
