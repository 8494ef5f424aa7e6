"""The Review tab: the pictures of a collection one at a time, with what a classifier would say; second opinions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from fsl_demo.core.accounts import Role
from fsl_demo.core.capabilities import Method
from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import CollectedPicture
from fsl_demo.core.errors import UserError
from fsl_demo.services.review.access import learnable, waiting
from fsl_demo.services.review.opinions import Answer
from fsl_demo.services.review.queue import Order, ReviewOrder, Suggestion, Which
from fsl_demo.services.review.suggestions import labelled
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Name, Seconds, Sha
from fsl_demo.ui.jobs import Job
from fsl_demo.ui.requests import Data, Edit, JobRequest, Tab
from fsl_demo.ui.review_panels import BlindSpots, Opinions, ReviewEvidence

AHEAD = 200
"""Pictures of the queue that a page is told of at a time."""
Trail = Annotated[tuple[Sha, ...], Field(max_length=1_000)]
Pictures = Annotated[list[Sha], Field(min_length=1, max_length=10_000)]


class ReviewQueue(Data):
    """The next pictures of a collection in an order, after those that a page has looked at already.

    Attributes:
        collection: "" for the one that changed last.
        trail: pictures that stay where they are, before the others.
    """

    collection: Name = ""
    method: Name = "prototype"
    order: Order = "unsure"
    which: Which = "unlabelled"
    annotator: Name = ""
    seed: int = 0
    trail: Trail = ()

    def values(self, context: Context) -> dict[str, Any]:
        summaries = {summary.name: summary for summary in context.workspace.collections.summaries()}
        methods = [(name, method.card.title) for name, method in context.methods.items() if _suggests(method)]
        shown: dict[str, Any] = {"collections": list(summaries), "methods": methods, "collection": ""}
        if not summaries:
            return shown
        collection = self.collection or next(iter(summaries))
        store, page = context.workspace.collections, context.page
        suggestions = page.suggester.known(collection, self.method)
        suggested = suggestions.by_picture if suggestions else {}
        if self.order == "suspect":
            suggested = page.suspicions.open(context.workspace, collection)
        wanted = ReviewOrder(self.order, self.which, annotator=context.annotator(self.annotator), seed=self.seed)
        part = waiting(context.workspace, collection, wanted=wanted, suggested=suggested, trail=self.trail, count=AHEAD)
        summary, classes = store.summary(collection), store.classes(collection)
        names = {class_key(name): name for name, _ in classes}
        return shown | {
            "collection": collection,
            "counts": {
                "all": summary.pictures - part.unread,
                "labelled": summary.pictures - summary.unlabelled,
                "disputed": summary.disputed,
                "unread": part.unread,
                "none": summary.none,
            },
            "classes": classes,
            "learned": len(suggestions.episode.support) if suggestions else 0,
            "passed": len(part.passed),
            "pictures": [
                _picture(collected, suggested.get(collected.picture.sha256), names)
                for collected in [*part.passed, *part.following]
            ],
            "rest": part.rest,
        }


def _suggests(method: Method) -> bool:
    """Whether what a method says of a picture does not depend on the other ones that are asked about."""
    return not method.card.transductive


def _picture(collected: CollectedPicture, suggestion: Suggestion | None, names: Mapping[str, str]) -> dict[str, Any]:
    """
    Args:
        names: what each class is called, by its key; labels may write it differently.
    """
    shown: dict[str, Any] = {
        "sha": collected.picture.sha256,
        "name": collected.picture.name,
        "words": [
            (label.annotator, label.key and names.get(label.key, label.class_name)) for label in collected.labels
        ],
    }
    if suggestion is not None:
        name = names.get(class_key(suggestion.class_name), suggestion.class_name)
        shown["suggestion"] = (name, suggestion.probability, suggestion.unlike)
        if suggestion.suspicion is not None:
            shown["suspicion"] = (suggestion.suspicion.finding, suggestion.suspicion.own)
    return shown


class ReviewLabel(Edit):
    """A person's word on pictures of a collection.

    Attributes:
        class_name: None is "none of these".
        suggestions: by picture the class that was suggested, on view or not.
        shown: whether suggestions were on view before the answer.
        seconds: how long the pictures were on view.
    """

    undoable: ClassVar[bool] = False
    collection: Name
    pictures: Pictures
    class_name: Name | None
    suggestions: dict[Sha, Name] = Field(default_factory=dict, max_length=10_000)
    shown: bool = False
    seconds: Seconds = 0.0
    annotator: Name = ""

    @property
    def name(self) -> str | None:
        """Of the class, single-spaced."""
        return self.class_name and " ".join(self.class_name.split())

    def apply(self, context: Context) -> None:
        context.names(self.pictures)
        answer = Answer(self.name, context.annotator(self.annotator), shown=self.shown, seconds=self.seconds)
        labels = answer.labels({sha: self.suggestions.get(sha) for sha in self.pictures})
        context.workspace.collections.label(self.collection, labels)


class ReviewTakeBack(Edit):
    """Take the newest word of a person on each of these pictures back."""

    undoable: ClassVar[bool] = False
    collection: Name
    pictures: Pictures
    annotator: Name = ""

    def apply(self, context: Context) -> None:
        annotator = context.annotator(self.annotator)
        context.workspace.collections.take_back(self.collection, self.pictures, annotator)


class ReviewSettle(Edit):
    """Say what a picture is on which people differ, and be done with it."""

    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    collection: Name
    picture: Sha
    class_name: Name | None
    annotator: Name = ""

    def apply(self, context: Context) -> None:
        answer = Answer(self.class_name, context.annotator(self.annotator), settles=True)
        context.workspace.collections.label(self.collection, answer.labels({self.picture: None}))


class Suggest(JobRequest):
    """Learn from the labelled pictures, and say what the others are.

    Attributes:
        held_out: say what the labelled pictures are, too.
        suspects: say which of their labels are likely wrong.
    """

    title: ClassVar[str] = "review.suggest"
    collection: Name
    method: Name
    held_out: bool = False
    suspects: bool = False

    def chosen(self, methods: Mapping[str, Method]) -> Method:
        """The method.

        Raises:
            UserError: `unknown_method`.
        """
        known = {name: method for name, method in methods.items() if _suggests(method)}
        if self.method not in known:
            raise UserError("unknown_method", name=self.method, known=", ".join(known))
        return known[self.method]

    def work(self, context: Context) -> Callable[[Job], None]:
        method = self.chosen(context.methods)
        pictures, page = learnable(context.workspace, self.collection), context.page
        labelled(pictures).check()

        def run(job: Job) -> None:
            progress = job.progress(method.card.title)
            page.suggester.fit(self.collection, method, pictures=pictures, held_out=self.held_out, progress=progress)
            if self.suspects:
                page.suspicions.look(self.collection, pictures, progress)

        return run


TAB = Tab(
    "review",
    label="tab_review",
    template="review.html",
    requests=(
        *(ReviewQueue, ReviewLabel, ReviewTakeBack, ReviewSettle, Suggest),
        *(ReviewEvidence, Opinions, BlindSpots),
    ),
    parts=lambda context: {},
)
