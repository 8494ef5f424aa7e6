"""The Results tab: queries x methods, with captions, sorted and paged, and the table as CSV."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fsl_demo.episodes import Described
from fsl_demo.store.exchange import safe_cell
from fsl_demo.ui import captions, moved, notes
from fsl_demo.ui.answers import disagree, name_of, ordered
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import NONE, Document, Result
from fsl_demo.ui.html import View, esc, percent

PAGE = 20
BARS = 5
SORTS = ("order", "uncertain", "disagree")


def render(view: View, tab: Tab) -> str:
    document = tab.document
    said = view.workspace.captions(document.queries)
    if not (document.results or said):
        return f'<div class="empty" data-draft="{tab.draft_id}"><h2>{view.t("no_results")}</h2><p>{view.t("no_results_hint")}</p></div>'
    queries = ordered(document, tab.sort)
    pages = max(1, -(-len(queries) // PAGE))
    tab.page = min(tab.page, pages - 1)
    shown = queries[tab.page * PAGE : (tab.page + 1) * PAGE]
    number = {query: n for n, query in enumerate(document.queries, start=1)}
    heads = "".join(
        f"<th>{esc(view.methods[r.scores.method].card.title)}{_marks(view, r)}<br><small>{view.t('seconds', s=r.scores.seconds)} · {view.t('none_under', x=r.scores.none_below)}</small>{notes.render(view, r)}</th>"
        for r in document.results
    )
    body = "".join(_row(view, tab, query, number[query], said.get(query, ())) for query in shown)
    differ = sum(disagree(document, query) for query in document.queries)
    stale = f'<p class="warn">{view.t("outdated")}</p>' if document.outdated else ""
    key = "n_queries" if len(document.results) < 2 else "methods_differ_on" if differ else "methods_agree"
    return f"""<div class="results" data-draft="{tab.draft_id}">{stale}
<div class="line"><span>{view.t(key, n=len(document.queries), differ=differ)}</span>
{_sort(view, tab) if document.results else '<span class="grow"></span>'}
<a class="quiet" download="{view.t("results_file")}" href="{_csv_uri(view, document, said)}">⤓ CSV</a></div>
{moved.render(view, document)}
<div class="scroll"><table><thead><tr><th>{view.t("query")}</th>{heads}</tr></thead><tbody>{body}</tbody></table></div>
{_pager(view, tab.page, pages)}</div>"""


def _marks(view: View, result: Result) -> str:
    transductive = view.methods[result.scores.method].card.transductive
    return f' <span class="mark">{view.t("transductive")}</span>' if transductive else ""


def _sort(view: View, tab: Tab) -> str:
    options = "".join(
        f'<option value="{sort}" {"selected" if sort == tab.sort else ""}>{view.t(f"sort.{sort}")}</option>'
        for sort in SORTS
    )
    return f'<label class="sort">{view.t("sort_by")} <select data-action="sort" data-focus="sort">{options}</select></label>'


def _row(view: View, tab: Tab, query: str, number: int, said: Sequence[Described]) -> str:
    document = tab.document
    name = esc(view.picture(query).name)
    differs = disagree(document, query)
    label = document.labels.get(query)
    given = f'<br><span class="given">✓ {esc(name_of(view, document, label.answer))}</span>' if label else ""
    mark = f'<br><span class="differs">≠ {view.t("methods_differ")}</span>' if differs else ""
    cells = "".join(_cell(view, tab, result, query) for result in document.results)
    return f"""<tr class="{"differ" if differs else ""}"><th scope="row"><img src="{view.thumb(query)}" alt="{name}">
<span class="name" title="{name}">{number} · {name}</span>{captions.line(view, tab, query, said)}{mark}{given}</th>{cells}</tr>"""


def _cell(view: View, tab: Tab, result: Result, query: str) -> str:
    document, row = tab.document, result.row(query)
    if row is None:
        return f'<td class="hint">{view.t("not_predicted")}</td>'
    probabilities = result.scores.probabilities[row]
    answer = result.answer(query) or NONE
    top = float(probabilities[result.scores.best(row)])
    best = name_of(view, document, answer)
    names = [name_of(view, document, key) for key in result.classes]
    order = np.argsort(-probabilities)
    bars = "".join(_bar(names[i], float(probabilities[i])) for i in order[:BARS])
    more = "".join(_bar(names[i], float(probabilities[i])) for i in order[BARS:])
    if more:
        bars += f"<details><summary>{view.t('and_more', n=len(order) - BARS)}</summary>{more}</details>"
    method = result.scores.method
    selected = not tab.caption[0] and tab.selected[:2] == (query, method)
    shown = f"{esc(best)}" + (f" <b>{percent(top)}</b>" if answer != NONE else "")
    return f"""<td class="cell {"selected" if selected else ""}" data-action="explain" data-query="{query}"
 data-method="{method}" tabindex="0" role="button" data-focus="cell-{query}-{method}"
 aria-label="{esc(best)} {percent(top)}: {view.t("why")}"><span class="answer {"none" if answer == NONE else ""}">{shown}</span>{bars}</td>"""


def _bar(name: str, probability: float) -> str:
    return (
        f'<span class="bar" title="{esc(name)}: {percent(probability)}"><em>{esc(name)}</em>'
        f'<i style="width:{100 * probability:.1f}%"></i><b>{percent(probability)}</b></span>'
    )


def _pager(view: View, page: int, pages: int) -> str:
    if pages == 1:
        return ""
    back, forth = ("disabled" if page == 0 else ""), ("disabled" if page == pages - 1 else "")
    return f"""<div class="line pager"><button class="quiet" data-action="page" data-value="{page - 1}" {back}>←</button>
<span>{view.t("page_of", n=page + 1, total=pages)}</span>
<button class="quiet" data-action="page" data-value="{page + 1}" {forth}>→</button></div>"""


def _csv_uri(view: View, document: Document, said: Mapping[str, Sequence[Described]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    keys = [row.key for row in document.rows()]
    names = [name_of(view, document, key) for key in keys]
    header = ["query", "file_name", "sha256", "label", "caption"]
    for result in document.results:
        method = result.scores.method
        header += [f"{method}.answer", f"{method}.probability", *(f"{method}.p[{name}]" for name in names)]
    writer.writerow(map(safe_cell, header))
    for number, query in enumerate(document.queries, start=1):
        label, described = document.labels.get(query), captions.of(document, said.get(query, ()))
        line: list[Any] = [
            number,
            view.picture(query).name,
            query,
            name_of(view, document, label.answer) if label else "",
            described.captions[0].text if described else "",
        ]
        for result in document.results:
            row, answer = result.row(query), result.answer(query)
            if row is None or answer is None:
                line += [""] * (2 + len(keys))
                continue
            of = dict(zip(result.classes, result.scores.probabilities[row].tolist(), strict=True))
            line += [name_of(view, document, answer), f"{max(of.values()):.4f}"]
            line += [f"{of[key]:.4f}" if key in of else "" for key in keys]
        writer.writerow(safe_cell(str(value)) for value in line)
    return "data:text/csv;base64," + base64.b64encode(b"\xef\xbb\xbf" + out.getvalue().encode()).decode("ascii")


def act(view: View, tab: Tab, data: Mapping[str, Any]) -> None:
    action = data["action"]
    if action == "sort" and data["value"] in SORTS:
        tab.sort, tab.page = data["value"], 0
    elif action == "page":
        tab.page = max(0, int(data["value"]))
    elif action == "caption":
        captions.open_details(tab, data)
    elif action == "explain":
        tab.caption = ("", "", 0, -1)
        tab.selected = (data["query"], data["method"], data.get("class", ""), data.get("pair", ""))
        tab.phrase = ""
        tab.point = (float(data["x"]), float(data["y"]), data["on"]) if data.get("on") else None
    elif action == "blank":
        tab.blank, tab.blank_word = str(data["fields"].get("blank", "")).strip(), -1
    elif action == "blank_word":
        tab.blank_word = int(data["word"])
    elif action == "phrase":
        tab.phrase, tab.point = str(data["fields"].get("phrase", "")).strip(), None
