"""Which methods answer: those that were ticked, or those that the page proposes for such pictures."""

from __future__ import annotations

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.variants import looks_like
from fsl_demo.methods import proposed
from fsl_demo.ui.context import Context


def proposed_methods(context: Context) -> list[str]:
    """Ids of the methods that can answer and know such pictures; without pictures, those that read text."""
    pictures = tuple(sha for row in context.document.classes for sha in row.pictures[:2])
    known = context.draft.proposals
    if pictures not in known:
        known.clear()
        known[pictures] = proposed(
            context.methods, [picture for sha in pictures if (picture := _seen(context, sha)) is not None]
        )
    return known[pictures]


def _seen(context: Context, sha256: str) -> Picture | None:
    """A picture that can be looked at; None where its file is lost, which is told when it is needed."""
    try:
        picture = context.picture(sha256)
        looks_like([picture])
    except UserError:
        return None
    return picture


def chosen_methods(context: Context) -> list[str]:
    """Ids of the ticked methods that are here; before anybody ticks, the proposed ones."""
    ticked = context.document.methods
    if ticked is None:
        return proposed_methods(context)
    return [name for name in ticked if name in context.methods]
