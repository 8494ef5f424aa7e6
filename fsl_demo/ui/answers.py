"""What the results say of each query, all methods together."""

from __future__ import annotations

import numpy as np

from fsl_demo.ui.document import NONE, Document
from fsl_demo.ui.html import View


def uncertainty(document: Document, query: str) -> float:
    """1 - probability of the best class, the mean over methods; 0 where nothing was predicted."""
    best = [1 - float(r.scores.probabilities[row].max()) for r in document.results if (row := r.row(query)) is not None]
    return float(np.mean(best)) if best else 0.0


def disagree(document: Document, query: str) -> bool:
    return len({answer for r in document.results if (answer := r.answer(query)) is not None}) > 1


def suggestion(document: Document, query: str) -> str:
    """Class key with the highest mean probability; NONE when every method says so; "" before a prediction."""
    rows = [(result, row) for result in document.results if (row := result.row(query)) is not None]
    keys = {row.key for row in document.rows()}
    if not rows or not set(rows[0][0].classes) <= keys:
        return ""
    if all(result.answer(query) == NONE for result, _ in rows):
        return NONE
    mean = np.mean([result.scores.probabilities[row] for result, row in rows], axis=0)
    return rows[0][0].classes[int(mean.argmax())]


def ordered(document: Document, sort: str) -> list[str]:
    """The queries in the order asked for; the page's own order settles ties."""
    if sort == "uncertain":
        return sorted(document.queries, key=lambda query: -uncertainty(document, query))
    if sort == "disagree":
        return sorted(document.queries, key=lambda q: (not disagree(document, q), -uncertainty(document, q)))
    return document.queries


def name_of(view: View, document: Document, answer: str) -> str:
    """What an answer is called on the page, not escaped."""
    if answer == NONE:
        return view.say("none")
    return document.class_names().get(answer) or view.say("removed_class")
