"""What can be changed in the results."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fsl_demo.ui.context import Context
from fsl_demo.ui.document import GivenLabel
from fsl_demo.ui.fields import Key, Name, Sha, Shas
from fsl_demo.ui.requests import Edit


class Accept(Edit):
    """Label many queries with the answers that were on view, in one step.

    Attributes:
        answers: class key to queries.
    """

    answers: Annotated[dict[Key, Annotated[list[Sha], Field(max_length=100_000)]], Field(max_length=10_000)]
    annotator: Name = ""

    def apply(self, context: Context) -> None:
        document = context.document
        known, keys = set(document.queries), {row.key for row in document.rows()}
        for key, queries in self.answers.items():
            if key in keys:
                label = GivenLabel(key, suggestion=key, source="bulk", annotator=context.annotator(self.annotator))
                document.labels |= {query: label for query in queries if query in known}


class RemoveQueries(Edit):
    queries: Shas

    def apply(self, context: Context) -> None:
        context.document.remove_queries(self.queries)
