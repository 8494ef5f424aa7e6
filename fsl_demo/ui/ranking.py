"""One answer a query, all methods together, with how sure it is, whether the methods differ, and whether the picture
is unlike the examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.core.episodes import combine
from fsl_demo.ui.board import ID_LENGTH
from fsl_demo.ui.document import Document
from fsl_demo.ui.result import Result

TOP = 3
"""Classes of each method that a row carries."""


@dataclass(frozen=True)
class QueryAnswer:
    """What the methods say of one query.

    Attributes:
        key: class key of the combined answer.
        probability: of it, the mean over the methods.
        unlike: the query is unlike the examples, as the methods find on average; None where none can tell.
        differs: not all methods have this answer.
        methods: by id, the most probable classes as [key, probability], and 1 where the query is unlike the examples.
    """

    key: str
    probability: float
    unlike: bool | None
    differs: bool
    methods: dict[str, tuple[list[tuple[str, float]], int]]


def answers(results: Sequence[Result]) -> dict[str, QueryAnswer]:
    """The answer to every query that a method has scored, by hash."""
    by_query: dict[str, QueryAnswer] = {}
    results = [result for result in results if result.queries and result.classes == results[0].classes]
    for group in _by_queries(results):
        by_query |= _answers(group)
    return by_query


def _by_queries(results: Sequence[Result]) -> list[tuple[list[str], list[tuple[Result, int]]]]:
    """The queries in runs that the same methods have scored, each method with the row of the first one."""
    if all(result.queries == results[0].queries for result in results):
        return [(results[0].queries, [(result, 0) for result in results])] if results else []
    everything = dict.fromkeys(query for result in results for query in result.queries)
    return [
        ([query], [(result, row) for result in results if (row := result.row(query)) is not None])
        for query in everything
    ]


def _answers(group: tuple[list[str], list[tuple[Result, int]]]) -> dict[str, QueryAnswer]:
    queries, scored = group
    parts = [result.scores.part(first, first + len(queries)) for result, first in scored]
    classes = scored[0][0].classes
    combined = combine(parts)
    tops = [np.argsort(-part.probabilities, axis=1)[:, :TOP] for part in parts]
    by_query = {}
    for row, query in enumerate(queries):
        best = combined.best(row)
        methods = {
            part.method: (
                [(classes[i], round(float(part.probabilities[row, i]), 3)) for i in top[row].tolist()],
                int(bool(part.unlike(row))),
            )
            for part, top in zip(parts, tops, strict=True)
        }
        differs = any(top[row, 0] != best for top in tops)
        by_query[query] = QueryAnswer(
            key=classes[best],
            probability=float(combined.probabilities[row, best]),
            unlike=combined.unlike(row),
            differs=bool(differs),
            methods=methods,
        )
    return by_query


def rows(
    document: Document, answers: dict[str, QueryAnswer], names: dict[str, str], captions: dict[str, tuple[str, bool]]
) -> dict[str, dict[str, Any]]:
    """What the page's script needs of each query, by id; what does not hold is left out.

    Args:
        answers: by hash of the query.
        names: of pictures, by hash.
        captions: by hash, with whether they are doubtful.
    """
    support, keys = document.support(), {row.key for row in document.classes}
    made = {}
    for query in document.queries:
        row: dict[str, Any] = {"sha": query, "name": names.get(query, "")}
        answer, label = answers.get(query), document.labels.get(query)
        if answer is not None and answer.key in keys:
            row["answer"], row["p"] = answer.key, round(answer.probability, 4)
            row["methods"] = answer.methods
            if answer.unlike:
                row["unlike"] = 1
            if answer.unlike is None:
                row["untold"] = 1
            if answer.differs:
                row["differs"] = 1
        if label is not None:
            row["label"], row["source"] = label.answer, label.source
        if query in support:
            row["support"] = support[query]
        if query in document.regions:
            row["regions"] = [vars(region) for region in document.regions[query]]
        if query in captions:
            row["caption"], row["doubtful"] = captions[query][0], int(captions[query][1])
        made[query[:ID_LENGTH]] = row
    return made
