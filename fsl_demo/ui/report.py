"""For each method: how many of the labelled queries it has right, with an interval, and the confusion matrix."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fsl_demo.evaluation.intervals import wilson
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import NONE
from fsl_demo.ui.result import Result


def parts(context: Context) -> dict[str, str]:
    """HTML of what is on view, line by line, so that a label sends the lines that it changes; a hint before that."""
    document = context.document
    labelled = {query: document.labels[query].answer for query in document.queries if query in document.labels}
    reports = [made for result in document.results if (made := _report(context, result, labelled)) is not None]
    shown: dict[str, str] = {
        "report": context.render("report.html#report", predicted=bool(document.results), reports=reports)
    }
    for report in reports:
        name = f"report:{report['method']}"
        shown[name] = context.render("report.html#right", report=report)
        shown[f"{name}:columns"] = context.render("report.html#columns", report=report)
        for truth in report["rows"]:
            shown[f"{name}:{truth}"] = context.render("report.html#row", report=report, truth=truth)
    return shown


def _report(context: Context, result: Result, labelled: dict[str, str]) -> dict[str, Any] | None:
    answers = {query: answer for query in labelled if (answer := result.answer(query)) is not None}
    if not answers:
        return None
    counts = Counter((labelled[query], answer) for query, answer in answers.items())
    right = sum(count for (truth, answer), count in counts.items() if truth == answer)
    low, high = wilson(right, len(answers))
    met = {key for pair in counts for key in pair}
    keys = [row.key for row in context.document.rows() if row.key in met]
    names = {key: context.class_name(key) for key in (*keys, NONE)}
    return {
        "method": result.scores.method,
        "title": context.title(result.scores.method),
        "right": right,
        "total": len(answers),
        "low": low,
        "high": high,
        "names": names,
        "columns": keys,
        "rows": {
            truth: [(answer, counts[truth, answer]) for answer in keys]
            for truth in (*keys, NONE)
            if any(labelled[query] == truth for query in answers)
        },
    }
