"""What a method chose by itself, with the reason."""

from __future__ import annotations

from fsl_demo.ui import clip_weights
from fsl_demo.ui.context import Context
from fsl_demo.ui.result import Result
from fsl_demo.ui.templating import percent


def note(context: Context, result: Result) -> tuple[str, str] | None:
    """What was chosen, and why; None for a method that had nothing to choose."""
    chosen = result.scores.note
    if "variant" in chosen:
        return context.say("variant_for", kind=context.variant(chosen["variant"])), _variant(context, result)
    if chosen.keys() >= {"mixed", "weight"}:
        return context.say("mix", weight=chosen["weight"]), _mix(context, result)
    return None


def _variant(context: Context, result: Result) -> str:
    chosen = result.scores.note
    shares = [f"{context.variant(variant)} {percent(share)}" for variant, share in chosen.get("accuracy", {}).items()]
    reason = context.text(f"variant_reason.{chosen.get('reason')}", str(chosen.get("reason", "")))
    return f"{reason}: {', '.join(shares)}" if shares else reason


def _mix(context: Context, result: Result) -> str:
    """Why this weight: it was set, held-out pictures chose it, or it is the default."""
    settings, method = result.scores.settings, context.methods.get(result.scores.method)
    if settings.get("pictures", settings.get("blend")) is not None:
        return context.say("variant_reason.asked")
    if result.scores.note["mixed"] == "held_out":
        return context.say("mix_reason.held_out")
    if method is not None and clip_weights.setting(method) is not None:
        return context.say("mix_reason.unmeasured")
    return context.say("mix_reason.default")
