"""What moved since the last prediction, above the table of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from fsl_demo.methods.prompts import default_templates
from fsl_demo.ui import changes
from fsl_demo.ui.answers import name_of
from fsl_demo.ui.changes import Edit, Move
from fsl_demo.ui.document import Document, Result
from fsl_demo.ui.html import View, esc, signed_bar

SHOWN = 3
"""Queries of each method that are not folded away."""
LONGEST = 160


def render(view: View, document: Document) -> str:
    """HTML; nothing before there are two predictions to compare."""
    pairs = [
        (before, after)
        for after in document.results
        for before in document.previous
        if changes.comparable(before, after)
    ]
    if not pairs:
        return ""
    edits = dict.fromkeys(edit for before, after in pairs for edit in changes.edits(before, after))
    listed = "".join(f"<li>{_edit(view, document, edit)}</li>" for edit in edits)
    what = f'<ul class="edits">{listed}</ul>' if listed else f'<p class="hint">{view.t("moved_no_edit")}</p>'
    found = [(after, changes.moves(before, after)) for before, after in pairs]
    columns = "".join(_method(view, document, after, moves) for after, moves in found if moves)
    still = ", ".join(view.methods[after.scores.method].card.title for after, moves in found if not moves)
    return f"""<section class="moved" aria-label="{view.t("moved")}"><h3>{view.t("moved")}</h3>{what}
<div class="movements">{columns}</div>
{f'<p class="hint">{view.t("moved_nothing", methods=still)}</p>' if still else ""}</section>"""


def _edit(view: View, document: Document, edit: Edit) -> str:
    """What was changed: lines that went and lines that came."""
    if edit.what == "support":
        return view.t("moved_support", before=edit.before, after=edit.after)
    if edit.of in view.methods:
        of, what = view.methods[edit.of].card.title, view.say(f"setting.{edit.what}")
    else:
        of, what = name_of(view, document, edit.of), view.say(f"moved_{edit.what}")
    before, after = (_lines(view, edit, value) for value in (edit.before, edit.after))
    gone = "".join(f" <del>{esc(_short(line))}</del>" for line in before if line not in after)
    come = "".join(f" <ins>{esc(_short(line))}</ins>" for line in after if line not in before)
    return f"<b>{esc(of)}</b> · {esc(what)}:{gone}{come}"


def _lines(view: View, edit: Edit, value: object) -> list[str]:
    if edit.of in view.methods:
        spec = next(spec for spec in fields(view.methods[edit.of].Settings) if spec.name == edit.what)
        if value is None and "lines" in spec.metadata:
            return list(default_templates())
        if value is None:
            return [view.say("automatic")]
        if "choices" in spec.metadata:
            return [view.variant(str(value))]
        if "low" in spec.metadata:
            return [f"{value:.2f}"]
    return [line.strip() for line in str(value).splitlines()]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _method(view: View, document: Document, after: Result, moves: Sequence[Move]) -> str:
    title = esc(view.methods[after.scores.method].card.title)
    largest = max(move.size for move in moves)
    items = [_move(view, document, move, largest) for move in moves]
    more = len(items) - SHOWN
    rest = f"<ol>{''.join(items[SHOWN:])}</ol>"
    folded = (
        f"""<details id="moved-{after.scores.method}"><summary>{view.t("and_more", n=more)}</summary>{rest}</details>"""
    )
    changed = view.t("moved_answers", n=sum(move.changed for move in moves), total=len(after.queries))
    return f"""<div><h4>{title} <small>{changed}</small></h4>
<ol>{"".join(items[:SHOWN])}</ol>{folded if more > 0 else ""}</div>"""


def _move(view: View, document: Document, move: Move, largest: float) -> str:
    name = esc(view.picture(move.query).name)
    answer = ""
    if move.changed:
        old, new = (esc(name_of(view, document, key)) for key in (move.before, move.after))
        answer = f'<span class="name"><s>{old}</s> → <b>{new}</b></span>'
    shifts = "".join(
        f'<span class="shift"><em>{esc(name_of(view, document, key))}</em>'
        f"{signed_bar(shift, largest, view.say('points', x=f'{100 * shift:+.0f}'))}</span>"
        for key, shift in move.shifts.items()
    )
    return f"""<li><img src="{view.thumb(move.query)}" alt="{name}" title="{name}">
<div>{answer}{shifts}</div></li>"""
