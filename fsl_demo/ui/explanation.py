"""The details of one query: what a method says of it and why, as heat maps, nearest pictures and nearest words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import numpy as np

from fsl_demo.core.capabilities import FillsBlanks, Method, NamesPictures
from fsl_demo.core.classifiers import Classifier
from fsl_demo.core.episodes import Explanation, Focus, Layer
from fsl_demo.core.errors import UserError
from fsl_demo.services.fitted import Fits
from fsl_demo.ui import heat_maps, notes, regions
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Key, Name, Sha
from fsl_demo.ui.heat_maps import MapFigure
from fsl_demo.ui.region_use import handed
from fsl_demo.ui.requests import Panel
from fsl_demo.ui.result import Result
from fsl_demo.ui.settings import settings_of

NEIGHBOURS = 5
WORDS = 6
CLASSES = 8


class Details(Panel):
    """Why a method gave a query its answer.

    Attributes:
        method: "" for the first that has scored the query.
        class_key: the class to explain; "" for the method's answer, or without a method for the one of all methods.
        pair: a support picture to compare with; "" leaves it to the method.
        x, y, on: a place on one of the two pictures, as fractions: what does it attend to?
        phrase: words to look for on the query in place of a class.
    """

    query: Sha
    method: Name = ""
    class_key: Key = ""
    pair: Sha | Literal[""] = ""
    x: float | None = None
    y: float | None = None
    on: Literal["", "query", "support"] = ""
    phrase: Name = ""

    def html(self, context: Context) -> str:
        document = context.document
        scored = [result for result in document.results if result.row(self.query) is not None]
        shown: dict[str, Any] = {
            "query": self.query,
            "name": context.picture(self.query).name,
            "captioners": bool(context.captioners) or bool(context.workspace.captions([self.query])),
            "blanks": bool(context.registry.supporting(FillsBlanks)),
            "outdated": document.outdated,
            "locates": regions.locating(context) is not None,
            "answer": None,
        }
        result = next((known for known in scored if known.scores.method == self.method), next(iter(scored), None))
        if result is None:
            return context.render("details.html", **shown)
        together = context.draft.answers()[self.query]
        if not (self.method or self.class_key):
            self = self.model_copy(update={"class_key": together.key})
        shown["together"] = (context.class_name(together.key), together.probability, together.unlike, len(scored))
        methods = [(known.scores.method, context.title(known.scores.method)) for known in scored]
        return context.render("details.html", **shown | {"answer": _answer(context, self, result), "methods": methods})


@dataclass(frozen=True)
class _Map:
    """Maps of one kind, with what is said beside them."""

    kind: str
    figures: list[MapFigure]
    channels: list[tuple[int, float]]
    contributions: list[tuple[str, float, float]]


def _answer(context: Context, asked: Details, result: Result) -> dict[str, Any]:
    """What the template needs of one method's answer."""
    row = result.row(asked.query)
    assert row is not None
    scores, names = result.scores, dict.fromkeys(result.classes, context.say("removed_class"))
    names |= zip(result.classes, result.names, strict=False)  # results of earlier versions have no names
    names |= {key: name for key, name in context.document.class_names().items() if key in names}
    index = result.classes.index(asked.class_key) if asked.class_key in result.classes else scores.best(row)
    method = context.methods.get(scores.method)
    explanation, wrong = (
        (None, "")
        if method is None or context.document.outdated
        else _explained(context, asked, result=result, index=index)
    )
    phrase = asked.phrase.strip()
    layers = explanation.layers if explanation else ()
    order = np.argsort(-scores.probabilities[row])
    return {
        "method": scores.method,
        "title": context.title(scores.method),
        "missing": method is None,
        "unlike": scores.unlike(row),
        "similarity": float(scores.similarities[row, scores.best(row)]),
        "none_below": scores.none_below,
        "seconds": scores.seconds,
        "note": notes.note(context, result),
        "class_key": result.classes[index],
        "class_name": names[result.classes[index]],
        "classes": [
            (result.classes[i], names[result.classes[i]], float(scores.probabilities[row, i])) for i in order[:CLASSES]
        ],
        "pair": asked.pair,
        "wrong": wrong,
        "phrase": phrase,
        "phrase_shown": bool(phrase) and not wrong,
        "reads_phrases": method is not None and "phrases" in method.card.explains,
        "maps": _maps(layers),
        "neighbours": _neighbours(context, result, row),
        "words": _words(context, layers),
    }


def _explained(context: Context, asked: Details, result: Result, index: int) -> tuple[Explanation | None, str]:
    """Of the phrase, or else of the class; and why the first that was tried cannot be had, or ""."""
    wrong = ""
    for phrase in dict.fromkeys((asked.phrase.strip(), "")):
        try:
            return _explain(context, asked, result=result, index=index, phrase=phrase), wrong
        except UserError as error:
            wrong = wrong or context.language.error(error)
    return None, wrong


def _explain(context: Context, asked: Details, result: Result, index: int, phrase: str) -> Explanation:
    """Explain with the method fitted to the document's support set; features come from the cache."""
    fitted = _fitted(context, context.methods[result.scores.method])
    point = (asked.x, asked.y) if asked.x is not None and asked.y is not None and asked.on else None
    focus = Focus(
        support=context.picture(asked.pair) if asked.pair else None,
        point=point,
        on="support" if asked.on == "support" else "query",
        phrase=phrase,
    )
    return fitted.explain(context.picture(asked.query), index, focus)


_fits = Fits()
"""Not those of predictions: these may have the pictures of an upload that is gone, at which an explanation looks."""


def _fitted(context: Context, method: Method) -> Classifier:
    """The method fitted to the document's support set; features come from the cache."""
    document = context.document
    episode = document.episode(context.picture, queries=method.card.transductive)
    return _fits(handed(context, method), episode, settings_of(method, document))


def _maps(layers: Sequence[Layer]) -> list[_Map]:
    maps = []
    for kind, group in groupby((layer for layer in layers if layer.map is not None), key=lambda layer: layer.kind):
        alike = list(group)
        channels = [channel for layer in alike if layer.role == "query" for channel in layer.channels]
        pairs = [pair for layer in alike for pair in layer.contributions]
        largest = max([1e-9, *(abs(value) for _, value in pairs)])
        contributions = [(word, value, abs(value) / largest) for word, value in pairs]
        figures = [heat_maps.figure(layer, layer.map) for layer in alike if layer.map is not None]
        maps.append(_Map(kind, figures=figures, channels=channels, contributions=contributions))
    return maps


def _neighbours(context: Context, result: Result, row: int) -> list[tuple[str, str, float]]:
    """The support pictures most like the query: hash, class name and similarity."""
    if result.scores.pairs is None or not result.support:
        return []
    support, names, pairs = context.document.support(), context.document.class_names(), result.scores.pairs[row]
    nearest = [(result.support[i], float(pairs[i])) for i in np.argsort(-pairs)[:NEIGHBOURS]]
    return [(sha, names.get(support.get(sha, ""), ""), value) for sha, value in nearest]


def _words(context: Context, layers: Sequence[Layer]) -> list[tuple[str, float]]:
    """The names nearest to the query: the method's own, or those of any method that can name pictures."""
    layer = next((layer for layer in layers if layer.role == "query"), None)
    if layer is None:
        return []
    namer = next(iter(context.registry.supporting(NamesPictures)), None)
    return list(layer.words or (namer.words(layer.picture) if namer else ()))[:WORDS]
