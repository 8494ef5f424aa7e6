"""What moved since the last prediction, above the results."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from fsl_demo.inference.prompts import default_templates
from fsl_demo.ui import changes
from fsl_demo.ui.changes import Edit, Move
from fsl_demo.ui.context import Context
from fsl_demo.ui.result import Result

SHOWN = 3
"""Queries of each method that are not folded away."""
MOST = 60
"""Queries of each method that are listed at all."""
LONGEST = 160


@dataclass(frozen=True)
class _Shift:
    name: str
    value: float
    share: float


@dataclass(frozen=True)
class _Moved:
    """A query that moved: its picture, its answers where they changed, and how its probabilities shifted."""

    query: str
    name: str
    before: str
    after: str
    shifts: list[_Shift]


def render(context: Context) -> str:
    """HTML; nothing before there are two predictions to compare."""
    document = context.document
    pairs = [
        (before, after)
        for after in document.results
        for before in document.previous
        if changes.comparable(before, after)
    ]
    if not pairs:
        return ""
    edits = dict.fromkeys(edit for before, after in pairs for edit in changes.edits(before, after))
    compared = [(after, changes.moves(before, after)) for before, after in pairs]
    columns = [_column(context, after, moves) for after, moves in compared if moves]
    still = ", ".join(context.title(after.scores.method) for after, moves in compared if not moves)
    return context.render("moved.html", edits=[_edit(context, edit) for edit in edits], columns=columns, still=still)


def _edit(context: Context, edit: Edit) -> dict[str, object]:
    """What was changed: lines that went and lines that came."""
    if edit.what == "support":
        return {"text": context.say("moved_support", before=edit.before, after=edit.after)}
    if edit.of in context.methods:
        of, key = context.title(edit.of), f"setting.{edit.what}"
        what = context.say(key) if context.language.has(key) else edit.what
    else:
        of, what = context.class_name(edit.of), context.say(f"moved_{edit.what}")
    before, after = (_lines(context, edit, value) for value in (edit.before, edit.after))
    return {
        "text": "",
        "of": of,
        "what": what,
        "gone": [_short(line) for line in before if line not in after],
        "come": [_short(line) for line in after if line not in before],
    }


def _lines(context: Context, edit: Edit, value: object) -> list[str]:
    if edit.of in context.methods:
        specs = {spec.name: spec.metadata for spec in fields(context.methods[edit.of].Settings)}
        metadata: Any = specs.get(edit.what, {})
        if value is None and "lines" in metadata:
            return list(default_templates())
        if value is None:
            return [context.say("automatic")]
        if "choices" in metadata:
            return [context.variant(str(value))]
        if "low" in metadata:
            return [f"{value:.2f}"]
    return [line.strip() for line in str(value).splitlines()]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _column(context: Context, after: Result, moves: list[Move]) -> dict[str, object]:
    largest = max(move.size for move in moves)
    listed = [_move(context, move, largest) for move in moves[:MOST]]
    return {
        "method": after.scores.method,
        "title": context.title(after.scores.method),
        "changed": sum(move.changed for move in moves),
        "total": len(after.queries),
        "first": listed[:SHOWN],
        "rest": listed[SHOWN:],
        "more": len(moves) - SHOWN,
        "left": len(moves) - len(listed),
    }


def _move(context: Context, move: Move, largest: float) -> _Moved:
    before, after = (context.class_name(key) for key in (move.before, move.after))
    shifts = [
        _Shift(context.class_name(key), shift, 50 * min(1.0, abs(shift) / max(largest, 1e-9)))
        for key, shift in move.shifts.items()
    ]
    names = context.draft.names()
    return _Moved(move.query, names.get(move.query, ""), before if move.changed else "", after, shifts)
