"""What moved since the last prediction, above the results."""

from __future__ import annotations

from dataclasses import dataclass

from fsl_demo.core.settings import Choice, Lines, Setting, Slider
from fsl_demo.ui import changes, settings
from fsl_demo.ui.changes import EvidenceChange, Move
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
class _MoveRow:
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
    edits: list[EvidenceChange] = []  # not a set: what a record says that a setting was may be a list
    for before, after in pairs:
        edits += [edit for edit in changes.edits(before, after) if edit not in edits]
    compared = [(after, changes.moves(before, after)) for before, after in pairs]
    columns = [_column(context, after, moves) for after, moves in compared if moves]
    still = ", ".join(context.title(after.scores.method) for after, moves in compared if not moves)
    return context.render(
        "prediction_diff.html", edits=[_edit(context, edit) for edit in edits], columns=columns, still=still
    )


def _edit(context: Context, edit: EvidenceChange) -> dict[str, object]:
    """What was changed: lines that went and lines that came."""
    if edit.what in ("support", "boxes", "region_on", "region_off"):
        return {"text": context.say(f"moved_{edit.what}", before=edit.before, after=edit.after)}
    if edit.setting:
        setting = _setting(context, edit)
        of, what = context.title(edit.of), settings.label(context, setting) if setting else edit.what
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


def _lines(context: Context, edit: EvidenceChange, value: object) -> list[str]:
    setting = _setting(context, edit)
    if value is None and edit.setting:
        return list(setting.usual) if isinstance(setting, Lines) else [context.say("automatic")]
    if isinstance(setting, Choice):
        return [context.variant(str(value))]
    if isinstance(setting, Slider) and isinstance(value, int | float):
        return [f"{value:.2f}"]
    return [line.strip() for line in str(value).splitlines()]


def _setting(context: Context, edit: EvidenceChange) -> Setting | None:
    """The setting that was changed; None for an edit of a class, and where the method or setting is not there."""
    if not edit.setting or edit.of not in context.methods:
        return None
    return next((known for known in context.methods[edit.of].Settings.controls() if known.name == edit.what), None)


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


def _move(context: Context, move: Move, largest: float) -> _MoveRow:
    before, after = (context.class_name(key) for key in (move.before, move.after))
    shifts = [
        _Shift(context.class_name(key), shift, 50 * min(1.0, abs(shift) / max(largest, 1e-9)))
        for key, shift in move.shifts.items()
    ]
    names = context.draft.names()
    return _MoveRow(
        query=move.query,
        name=names.get(move.query, ""),
        before=before if move.changed else "",
        after=after,
        shifts=shifts,
    )
