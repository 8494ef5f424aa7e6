"""What is where on a query: the boxes of a method that locates, and why it calls one of them so."""

from __future__ import annotations

import json
from typing import Any

from fsl_demo.core.capabilities import Method
from fsl_demo.core.classifiers import RegionClassifier
from fsl_demo.core.errors import UserError
from fsl_demo.core.regions import Region, RegionNeighbour
from fsl_demo.services import locate
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import DrawnBox, Name, Sha
from fsl_demo.ui.requests import Panel
from fsl_demo.ui.settings import settings_of

MOST = 300
"""Boxes of a picture that are sent to the page, the surest first."""
WORDS = 5
"""Words of a box that are sent to the page."""
DIGITS = 5
"""Of the edges of its boxes."""


def locating(context: Context, first: str = "") -> Method | None:
    """The method that says what is where: one that has answered, and this one if it can."""
    return locate.locating(context.registry, [first, *(result.scores.method for result in context.document.results)])


class Regions(Panel):
    """The boxes of a query, as JSON.

    Attributes:
        method: asked first, if it locates.
    """

    query: Sha
    method: Name = ""

    def html(self, context: Context) -> str:
        method = None if context.document.outdated else locating(context, self.method)
        shown: dict[str, Any] = {"regions": [], "method": "", "title": "", "wrong": ""}
        if method is not None:
            shown |= {"method": method.card.id, "title": context.title(method.card.id)}
            try:
                picture = context.picture(self.query)
                (regions,) = _fitted(context, method).regions([picture])
                shown["regions"] = [_sent(region) for region in regions[:MOST]]
            except UserError as error:
                shown["wrong"] = context.language.error(error)
        return json.dumps(shown)


class RegionDetails(Panel):
    """Why a rectangle of a query is called what it is: words, and support regions like it."""

    query: Sha
    method: Name
    box: DrawnBox

    def html(self, context: Context) -> str:
        method = locating(context, self.method)
        if method is None:
            return ""
        explanation, wrong = None, ""
        try:
            explanation = _fitted(context, method).explain_region(context.picture(self.query), self.box)
        except UserError as error:
            wrong = context.language.error(error)
        words = explanation.words if explanation else ()
        largest = max([1e-9, *(abs(value) for _, value in words)])
        return context.render(
            "region.html",
            wrong=wrong,
            words=[(word, value, abs(value) / largest) for word, value in words],
            neighbours=[_neighbour(context, near) for near in (explanation.neighbours if explanation else ())],
        )


def _fitted(context: Context, method: Method) -> RegionClassifier:
    """The method fitted to the document's support set."""
    document = context.document
    episode = document.episode(context.picture, queries=method.card.transductive)
    return locate.fitted(method, episode, settings=settings_of(method, document))


def _sent(region: Region) -> list[Any]:
    """A region as the page's script takes it: box, score, and words with their scores."""
    box = [round(edge, DIGITS) for edge in region.box]
    return [box, round(region.score, 3), [[word, round(score, 3)] for word, score in region.words[:WORDS]]]


def _neighbour(context: Context, near: RegionNeighbour) -> dict[str, Any]:
    """A support region as the template cuts it out: in percent of the region, how large the picture is and where."""
    left, top, right, bottom = near.box
    width, height = right - left, bottom - top
    rows = context.document.rows()
    return {
        "sha": near.picture.sha256,
        "name": near.picture.name,
        "class_name": rows[near.class_index].spec().name if near.class_index < len(rows) else "",
        "similarity": near.similarity,
        "aspect": (width * near.picture.width) / (height * near.picture.height),
        "size": (100 / width, 100 / height),
        "at": (-100 * left / width, -100 * top / height),
    }
