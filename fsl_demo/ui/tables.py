"""The table of results as CSV: one answer a query first, then what each method says."""

from __future__ import annotations

import csv
import io
from typing import Any

from fsl_demo.core.file_names import safe_cell
from fsl_demo.services.documents import yes_no
from fsl_demo.ui.context import Context


def results_csv(context: Context) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets need; no cell is taken for a formula."""
    document, answers, names = context.document, context.draft.answers(), context.draft.names()
    captions = context.page.captions(context.draft)
    keys = [row.key for row in document.rows()]
    header = [
        "query",
        "file_name",
        "path",
        "sha256",
        "answer",
        "probability",
        "unlike",
        "label",
        "annotator",
        "caption",
    ]
    for result in document.results:
        method = result.scores.method
        header += [f"{method}.answer", f"{method}.probability", f"{method}.unlike"]
        header += [f"{method}.p[{context.class_name(key)}]" for key in keys]
    rows: list[list[Any]] = [header]
    for number, query in enumerate(document.queries, start=1):
        answer, label, caption = answers.get(query), document.labels.get(query), captions.get(query)
        row = [number, names.get(query, ""), "; ".join(document.paths.get(query, [])), query]
        row += (
            [context.class_name(answer.key), f"{answer.probability:.4f}", yes_no(answer.unlike)] if answer else [""] * 3
        )
        row += [context.class_name(label.answer), label.annotator] if label else ["", ""]
        row.append(caption[0] if caption else "")
        for result in document.results:
            place, best = result.row(query), result.answer(query)
            if place is None or best is None:
                row += [""] * (3 + len(keys))
                continue
            of = dict(zip(result.classes, result.scores.probabilities[place].tolist(), strict=True))
            row += [context.class_name(best), f"{max(of.values()):.4f}", yes_no(result.scores.unlike(place))]
            row += [f"{of[key]:.4f}" if key in of else "" for key in keys]
        rows.append(row)
    out = io.StringIO()
    csv.writer(out).writerows([safe_cell(str(cell)) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")
