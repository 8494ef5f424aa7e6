"""The Label tab: one query at a time, unsure and disputed ones first, by keyboard or mouse."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from fsl_demo.evaluation.intervals import wilson
from fsl_demo.ui.answers import name_of, ordered, suggestion
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import NONE, Document, GivenLabel, Result
from fsl_demo.ui.html import View, esc, jpeg_uri, percent

SIDE = 420


def queue(document: Document) -> list[str]:
    """Unlabelled queries first, disputed and unsure ones leading; then the labelled ones."""
    queries = ordered(document, "disagree")
    return [q for q in queries if q not in document.labels] + [q for q in queries if q in document.labels]


def current(tab: Tab) -> str:
    """The query on view: the one chosen, else the first in the queue."""
    if tab.cursor in tab.document.queries:
        return tab.cursor
    waiting = queue(tab.document)
    return waiting[0] if waiting else ""


def render(view: View, tab: Tab, annotator: str) -> str:
    document = tab.document
    if not (document.queries and document.rows()):
        return f'<div class="empty" data-draft="{tab.draft_id}"><h2>{view.t("nothing_to_label")}</h2><p>{view.t("nothing_to_label_hint")}</p></div>'
    query = current(tab)
    tab.shown_at = time.monotonic()
    done = sum(q in document.labels for q in document.queries)
    return f"""<div class="labelling" data-draft="{tab.draft_id}">
<div class="line"><label>{view.t("annotator")} <input type="text" data-field="annotator" maxlength="60" value="{esc(annotator)}"
 placeholder="{view.t("annotator_placeholder")}"></label>
<span class="grow">{view.t("labelled_of", n=done, total=len(document.queries))}
<progress max="{len(document.queries)}" value="{done}"></progress></span>
<button class="quiet" data-action="undo" data-key="Ctrl+z" {"" if document.undo else "disabled"} title="Ctrl+Z">↶ {view.t("undo")}</button>
<button class="primary" data-action="save" data-key="Ctrl+s" title="Ctrl+S">{view.t("save_episode")}</button></div>
<div class="columns"><nav class="queue" aria-label="{view.t("queries")}">{_queue(view, document, query)}</nav>
<section>{_question(view, document, query)}</section><section>{_report(view, tab)}</section></div></div>"""


def _queue(view: View, document: Document, chosen: str) -> str:
    items = []
    for query in queue(document):
        label = document.labels.get(query)
        text = name_of(view, document, label.answer) if label else name_of_suggestion(view, document, query)
        items.append(
            f'<button data-action="goto" data-query="{query}" class="{"on" if query == chosen else ""} {"done" if label else ""}">'
            f'<img src="{view.thumb(query)}" alt=""><span>{"✓ " if label else ""}{esc(text)}</span></button>'
        )
    return "".join(items)


def name_of_suggestion(view: View, document: Document, query: str) -> str:
    suggested = suggestion(document, query)
    return f"{name_of(view, document, suggested)}?" if suggested else view.say("unlabelled")


def _question(view: View, document: Document, query: str) -> str:
    picture = view.picture(query)
    image = picture.image().copy()
    image.thumbnail((SIDE, SIDE))
    suggested, label = suggestion(document, query), document.labels.get(query)
    confirm = ""
    if suggested and not label:
        name = name_of(view, document, suggested)
        confirm = f"""<button class="primary wide" data-action="label" data-query="{query}" data-answer="{suggested}"
 data-key="Enter">{view.t("confirm", name=name)} <kbd>Enter</kbd></button>"""
    answers = [(row.key, row.spec().name or view.say("class_n", n=n)) for n, row in enumerate(document.rows(), start=1)]
    buttons = "".join(
        f'<button class="choice {"on" if label and label.answer == key else ""}" data-action="label" data-query="{query}"'
        f' data-answer="{key}" {f"data-key={n}" if n <= 9 else ""}>{esc(name)} {f"<kbd>{n}</kbd>" if n <= 9 else ""}</button>'
        for n, (key, name) in enumerate(answers, start=1)
    )
    join = ""
    if label and label.answer != NONE:
        join = f"""<button class="quiet wide" data-action="join" data-query="{query}" data-key="j">
{view.t("join_support")} <kbd>J</kbd></button>"""
    said = f'<p class="given">✓ {esc(name_of(view, document, label.answer))}</p>' if label else ""
    return f"""<img class="large" src="{jpeg_uri(image)}" alt="{esc(picture.name)}"><p class="name">{esc(picture.name)}</p>{said}
{confirm}<div class="choices" role="group" aria-label="{view.t("label")}">{buttons}
<button class="choice {"on" if label and label.answer == NONE else ""}" data-action="label" data-query="{query}"
 data-answer="{NONE}" data-key="0">{view.t("none")} <kbd>0</kbd></button></div>{join}
<div class="line"><button class="quiet" data-action="step" data-value="-1" data-key="ArrowLeft">←</button>
<button class="quiet" data-action="step" data-value="1" data-key="ArrowRight">→</button>
<span class="hint">{view.t("keys_hint")}</span></div>"""


def _report(view: View, tab: Tab) -> str:
    """For each method: k of n right with its interval, and the confusion matrix."""
    document = tab.document
    if not document.results:
        return f'<p class="hint">{view.t("report_hint_predict")}</p>'
    labelled = [q for q in document.queries if q in document.labels]
    if not labelled:
        return f'<p class="hint">{view.t("report_hint_label")}</p>'
    return "".join(_method_report(view, tab, result, labelled) for result in document.results)


def _method_report(view: View, tab: Tab, result: Result, labelled: list[str]) -> str:
    document, method = tab.document, result.scores.method
    known = [q for q in labelled if result.row(q) is not None]
    if not known:
        return ""
    right = sum(result.answer(q) == document.labels[q].answer for q in known)
    low, high = wilson(right, len(known))
    keys = [row.key for row in document.rows()]
    answers = [*keys, NONE]
    heads = "".join(
        f"<th title={esc(name_of(view, document, k))!r}>{esc(_short(view, document, k))}</th>" for k in answers
    )
    lines = "".join(
        f'<tr><th scope="row">{esc(_short(view, document, truth))}</th>'
        + "".join(_confusion_cell(tab, result, known, truth, said) for said in answers)
        + "</tr>"
        for truth in answers
        if any(document.labels[q].answer == truth for q in known)
    )
    return f"""<div class="report"><h3>{esc(view.methods[method].card.title)}</h3>
<p><b>{view.t("right_of", right=right, total=len(known))}</b> · {percent(right / len(known))}
 <small>({view.t("interval", low=percent(low), high=percent(high))})</small></p>
<table class="confusion"><caption>{view.t("confusion_caption")}</caption><tr><td></td>{heads}</tr>{lines}</table>
{_opened(view, tab, result, known)}</div>"""


def _short(view: View, document: Document, key: str) -> str:
    name = name_of(view, document, key)
    return name if len(name) <= 14 else name[:13] + "…"


def _confusion_cell(tab: Tab, result: Result, known: list[str], truth: str, said: str) -> str:
    count = len(_in_cell(tab.document, result, known, truth, said))
    if not count:
        return "<td></td>"
    kind = "right" if truth == said else "wrong"
    return (
        f'<td class="{kind}"><button data-action="open" data-method="{result.scores.method}" data-truth="{truth}"'
        f' data-said="{said}">{count}</button></td>'
    )


def _in_cell(document: Document, result: Result, known: list[str], truth: str, said: str) -> list[str]:
    return [q for q in known if document.labels[q].answer == truth and result.answer(q) == said]


def _opened(view: View, tab: Tab, result: Result, known: list[str]) -> str:
    method, truth, said = tab.opened
    if method != result.scores.method:
        return ""
    pictures = _in_cell(tab.document, result, known, truth, said)
    thumbs = "".join(
        f'<button data-action="goto" data-query="{q}"><img src="{view.thumb(q)}" alt="{esc(view.picture(q).name)}"></button>'
        for q in pictures
    )
    names = (name_of(view, tab.document, truth), name_of(view, tab.document, said))
    return f'<p>{view.t("cell_title", truth=names[0], said=names[1])}</p><div class="thumbs">{thumbs}</div>'


def act(view: View, tab: Tab, data: Mapping[str, Any], annotator: str) -> None:
    """Carry out one action; `save` is the page's."""
    document, action = tab.document, data["action"]
    if action == "label":
        query, answer = data["query"], data["answer"]
        if query not in document.queries or answer not in {NONE, *(row.key for row in document.rows())}:
            return
        suggested = suggestion(document, query)
        source = "blind" if not suggested else "accepted" if suggested == answer else "corrected"
        seconds = round(time.monotonic() - tab.shown_at, 2)
        following = _after(document, query)
        document.remember()
        document.label(query, GivenLabel(answer, suggested, source, annotator, seconds))
        tab.cursor = following
    elif action == "goto":
        tab.cursor = data["query"]
    elif action == "step":
        order = queue(document)
        place = order.index(current(tab)) + int(data["value"])
        tab.cursor = order[max(0, min(len(order) - 1, place))]
    elif action == "join":
        document.remember()
        tab.cursor = _after(document, data["query"])
        document.join_support(data["query"])
    elif action == "undo":
        document.take_back()
    elif action == "open":
        tab.opened = (data["method"], data["truth"], data["said"])


def _after(document: Document, query: str) -> str:
    """The next unlabelled query, or the same one when all others are labelled."""
    waiting = [q for q in queue(document) if q not in document.labels and q != query]
    return waiting[0] if waiting else query
