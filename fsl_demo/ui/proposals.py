"""Which methods answer: those that were ticked, or those that the page proposes for such pictures."""

from __future__ import annotations

from fsl_demo.methods import proposed
from fsl_demo.ui.context import Context


def proposed_methods(context: Context) -> list[str]:
    """Ids of the methods that can answer and know such pictures; without pictures, those that read text."""
    pictures = tuple(sha for row in context.document.classes for sha in row.pictures[:2])
    known = context.draft.proposals
    if pictures not in known:
        known.clear()
        known[pictures] = proposed(context.methods, [context.picture(sha) for sha in pictures])
    return known[pictures]


def chosen_methods(context: Context) -> list[str]:
    """Ids of the ticked methods that are here; before anybody ticks, the proposed ones."""
    ticked = context.document.methods
    if ticked is None:
        return proposed_methods(context)
    return [name for name in ticked if name in context.methods]
