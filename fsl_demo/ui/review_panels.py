"""Panels of the Review tab: the evidence for a suggestion, second opinions, and what suggestions do to people."""

from __future__ import annotations

from fsl_demo.core.errors import UserError
from fsl_demo.evaluation import agreement, suggested
from fsl_demo.services.review import opinions
from fsl_demo.services.review.suggestions import evidence
from fsl_demo.ui import heat_maps
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Name, Sha
from fsl_demo.ui.requests import Panel

MOST_DISPUTES = 100
"""Disputed pictures that are listed at a time."""


class ReviewEvidence(Panel):
    """What speaks for the suggestion: probabilities, the nearest labelled pictures, a heat map."""

    collection: Name
    method: Name
    picture: Sha

    def html(self, context: Context) -> str:
        suggestions = context.page.suggester.known(self.collection, self.method)
        if suggestions is None:
            return ""
        try:
            why = evidence(suggestions, context.picture(self.picture))
        except UserError as error:
            return context.render("review_panels.html#refused", reason=context.language.error(error))
        figures = [heat_maps.figure(layer, layer.map) for layer in why.layers if layer.map is not None]
        return context.render(
            "review_panels.html#evidence",
            why=why,
            neighbours=[(picture.sha256, name, value) for picture, name, value in why.neighbours],
            figures_of=figures,
        )


class Opinions(Panel):
    """What people labelled differently, and how far they agree."""

    collection: Name

    def html(self, context: Context) -> str:
        pictures = context.labelled(self.collection)
        disputes = opinions.disputes(pictures)
        return context.render(
            "review_panels.html#opinions",
            collection=self.collection,
            disputes=disputes[:MOST_DISPUTES],
            more=max(0, len(disputes) - MOST_DISPUTES),
            pairs=opinions.agreements(pictures),
            least=agreement.LEAST,
        )


class BlindSpots(Panel):
    """What suggestions do to the words of those who see them, in a collection and in saved episodes."""

    collection: Name

    def html(self, context: Context) -> str:
        words = opinions.words_of(context.labelled(self.collection))
        episodes = opinions.words_of_episodes(context.workspace.words.of_episodes())
        reports = {self.collection: suggested.report(words), context.say("review.episodes"): suggested.report(episodes)}
        return context.render("review_panels.html#blind_spots", reports=reports, least=suggested.LEAST)
