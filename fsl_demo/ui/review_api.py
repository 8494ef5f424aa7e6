"""The API of the Review tab, for programs. See `docs/api.md`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from fsl_demo.core.accounts import Account
from fsl_demo.core.errors import UserError
from fsl_demo.evaluation.suggested import report
from fsl_demo.services.review import documents
from fsl_demo.services.review.access import labelled_pictures, learnable, waiting
from fsl_demo.services.review.opinions import Answer, agreements, disputes, words_of
from fsl_demo.services.review.queue import ReviewOrder
from fsl_demo.ui.gradio_import import gradio as gr
from fsl_demo.ui.page import Page
from fsl_demo.ui.tabs import REGISTRY


@dataclass(frozen=True)
class Door:
    """What every end point does with a call.

    Attributes:
        sentences: tells the caller in a sentence what is wrong.
        account_of: whose call it is.
    """

    sentences: Callable[[], AbstractContextManager[None]]
    account_of: Callable[[gr.Request | None], Account | None]


def add(page: Page, door: Door) -> None:
    """Add the end points to the page that is being built."""
    calls = ReviewCalls(page)
    for made in (_review, _review_label, _review_undo, _review_opinions, _mark_right):
        call = made(calls, door)
        gr.api(call, api_name=call.__name__)


def _review(calls: ReviewCalls, door: Door) -> Callable[..., dict[str, Any]]:
    def review(
        collection: str,
        order: str | None = None,
        which: str | None = None,
        annotator: str | None = None,
        method: str | None = None,
        seed: int | None = None,
        count: int | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """The next pictures of a collection to review, with suggestions.

        Args:
            collection: its name.
            order: "unsure", "unlike", "random", "disputed" or "suspect".
            which: "unlabelled", "mine" (without a word of the annotator) or "all".
            annotator: whose review it is.
            method: id of the method that suggests.
            seed: of the random order.
            count: how many pictures at most.

        Returns:
            The pictures, how many are left, and from how many the method learned.
        """
        with door.sentences():
            asked = {"order": order, "which": which, "annotator": annotator, "method": method, "seed": seed}
            return calls.review(
                collection, _given(asked), count=20 if count is None else count, account=door.account_of(request)
            )

    return review


def _review_label(calls: ReviewCalls, door: Door) -> Callable[..., list[str]]:
    def review_label(
        collection: str,
        pictures: list[str],
        class_name: str | None = None,
        annotator: str | None = None,
        suggestions: dict[str, str] | None = None,
        shown: bool | None = None,
        settles: bool | None = None,
        request: gr.Request | None = None,
    ) -> list[str]:
        """Say what pictures of a collection are.

        Args:
            collection: its name.
            pictures: their hashes.
            class_name: null for "none of these".
            annotator: whose word it is.
            suggestions: hash of a picture to the class that was suggested.
            shown: whether suggestions were on view before the answer.
            settles: whether the word ends a dispute.

        Returns:
            The hashes of the pictures on which it is a new word.
        """
        with door.sentences():
            asked = {"annotator": annotator, "suggestions": suggestions, "shown": shown}
            word = {"collection": collection, "pictures": pictures, "class_name": class_name, **_given(asked)}
            return calls.label(word, bool(settles), door.account_of(request))

    return review_label


def _review_undo(calls: ReviewCalls, door: Door) -> Callable[..., list[str]]:
    def review_undo(
        collection: str, pictures: list[str], annotator: str | None = None, request: gr.Request | None = None
    ) -> list[str]:
        """Take the newest word of a person on pictures back.

        Args:
            collection: its name.
            pictures: their hashes.
            annotator: whose word it was.

        Returns:
            The hashes of the pictures on which there was one.
        """
        with door.sentences():
            taken = {"collection": collection, "pictures": pictures, **_given({"annotator": annotator})}
            return calls.undo(taken, door.account_of(request))

    return review_undo


def _review_opinions(calls: ReviewCalls, door: Door) -> Callable[..., dict[str, Any]]:
    def review_opinions(collection: str, request: gr.Request | None = None) -> dict[str, Any]:
        """What people labelled differently, how far they agree, and what suggestions do to what they say.

        Args:
            collection: its name.

        Returns:
            The disputes, the agreement of each two people, and shares with their intervals.
        """
        with door.sentences():
            return calls.opinions(collection)

    return review_opinions


def _mark_right(calls: ReviewCalls, door: Door) -> Callable[..., list[str]]:
    def mark_right(
        collection: str,
        findings: list[str],
        annotator: str | None = None,
        take_back: bool | None = None,
        request: gr.Request | None = None,
    ) -> list[str]:
        """Mark findings in a collection as right, so that neither a diagnosis nor a review has them again.

        Args:
            collection: its name.
            findings: their keys.
            annotator: who says so.
            take_back: take the marks back, whoever made them.

        Returns:
            The keys of those for which that is new.
        """
        with door.sentences():
            marked = {"collection": collection, "findings": findings, **_given({"annotator": annotator})}
            return calls.mark_right(marked, bool(take_back), door.account_of(request))

    return mark_right


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


class ReviewCalls:
    """What programs ask for; values are checked as those of the page are."""

    def __init__(self, page: Page) -> None:
        self.page, self.collections = page, page.workspace.collections

    def review(self, collection: str, asked: dict[str, Any], count: int, account: Account | None) -> dict[str, Any]:
        """The next pictures, after the method has learned from those that are labelled, where these are enough."""
        wanted = REGISTRY.parse("data", "review_queue", {"collection": collection, **asked})
        suggest = REGISTRY.parse("jobs", "suggest", {"collection": collection, "method": wanted.method})
        method, suspects = suggest.chosen(self.page.registry.methods), wanted.order == "suspect"
        workspace = self.page.workspace
        pictures = learnable(workspace, collection)
        try:
            made = self.page.suggester.fit(collection, method, pictures=pictures, held_out=not suspects)
            if suspects:
                self.page.suspicions.look(collection, pictures)
        except UserError as error:
            if error.code != "one_class":
                raise
            made = None
        suggested = made.by_picture if made else {}
        if suspects:
            suggested = self.page.suspicions.open(workspace, collection)
        order = ReviewOrder(wanted.order, wanted.which, annotator=_name(account, wanted.annotator), seed=wanted.seed)
        part = waiting(workspace, collection, wanted=order, suggested=suggested, trail=(), count=max(0, count))
        document: documents.ReviewDocument = {
            "collection": collection,
            "learned": len(made.episode.support) if made else 0,
            "left": len(part.following) + part.rest,
            "pictures": [documents.review_picture(known, suggested) for known in part.following],
        }
        return {**document}

    def label(self, word: dict[str, Any], settles: bool, account: Account | None) -> list[str]:
        asked = REGISTRY.parse("edits", "review_label", word)
        if account is not None:
            account.require("reviewer" if settles else asked.role)
        self._check_seen(asked.collection, asked.pictures)
        answer = Answer(asked.name, _name(account, asked.annotator), shown=asked.shown, settles=settles)
        labels = answer.labels({sha: asked.suggestions.get(sha) for sha in asked.pictures})
        return list(self.collections.label(asked.collection, labels))

    def undo(self, taken: dict[str, Any], account: Account | None) -> list[str]:
        asked = REGISTRY.parse("edits", "review_take_back", taken)
        return list(self.collections.take_back(asked.collection, asked.pictures, _name(account, asked.annotator)))

    def mark_right(self, marked: dict[str, Any], take_back: bool, account: Account | None) -> list[str]:
        asked = REGISTRY.parse("edits", "take_back_right" if take_back else "mark_right", marked)
        change = self.collections.unsettle if take_back else self.collections.settle
        return list(change(asked.collection, asked.findings, _name(account, asked.annotator)))

    def opinions(self, collection: str) -> dict[str, Any]:
        pictures = labelled_pictures(self.page.workspace, collection)
        return {**documents.opinions(disputes(pictures), agreements(pictures), report(words_of(pictures)))}

    def _check_seen(self, collection: str, pictures: list[str]) -> None:
        seen = {known.picture.sha256 for known in self.collections.members(collection, pictures)}
        for sha256 in pictures:
            if sha256 not in seen:
                raise UserError("picture_not_stored", sha256=sha256)


def _name(account: Account | None, typed: str) -> str:
    """Whose words they are: the account's, or those of whoever is named."""
    return typed if account is None else account.name
