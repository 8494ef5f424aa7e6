"""What a method chose by itself: a line in the head of its column, with the reason behind it."""

from __future__ import annotations

from fsl_demo.ui import clip_weights
from fsl_demo.ui.document import Result
from fsl_demo.ui.html import View, esc, percent


def render(view: View, result: Result) -> str:
    """HTML; nothing for a method that had nothing to choose."""
    note = result.scores.note
    if "variant" in note:
        chosen, reason = view.say("variant_for", kind=view.variant(note["variant"])), _variant(view, result)
    elif "mixed" in note:
        chosen, reason = view.say("mix", weight=note["weight"], sharpness=note["sharpness"]), _mix(view, result)
    else:
        return ""
    return f"""<details class="note" id="note-{result.scores.method}"><summary>{esc(chosen)}</summary>
<p>{esc(reason)}</p></details>"""


def _variant(view: View, result: Result) -> str:
    note = result.scores.note
    shares = [f"{view.variant(one)} {percent(share)}" for one, share in note.get("accuracy", {}).items()]
    reason = view.say(f"variant_reason.{note['reason']}")
    return f"{reason}: {', '.join(shares)}" if shares else reason


def _mix(view: View, result: Result) -> str:
    """Why this weight and beta: they were set, held-out pictures chose them, or they are the default."""
    settings = result.scores.settings
    typed = [settings.get(name) is not None for name in ("pictures", "sharpness")]
    if all(typed):
        return view.say("variant_reason.asked")
    if result.scores.note["mixed"] == "held_out":
        reason = view.say("mix_reason.held_out")
    elif clip_weights.setting(view.methods[result.scores.method]):
        reason = view.say("mix_reason.unmeasured")
    else:
        reason = view.say("mix_reason.default")
    return view.say("mix_partly", reason=reason) if any(typed) else reason
