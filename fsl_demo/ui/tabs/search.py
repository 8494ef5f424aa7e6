"""The Search tab: the collection's pictures found by a sentence, words or a picture, and sent to the workbench."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from fsl_demo.core.accounts import Role
from fsl_demo.core.capabilities import Grounds
from fsl_demo.core.episodes import MAX_NAME, quiet
from fsl_demo.core.regions import Region
from fsl_demo.core.spaces import ImageTextSpace
from fsl_demo.inference.phrases import sentence_vector
from fsl_demo.services import search
from fsl_demo.services.places import grounding, places
from fsl_demo.services.search import Hit, Hits
from fsl_demo.services.vector_index import VectorIndex
from fsl_demo.store import GalleryCounts, GalleryFilter
from fsl_demo.ui.captions import chosen_captioner
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Key, Name, Sha, Shas, Text
from fsl_demo.ui.jobs import Job
from fsl_demo.ui.requests import Edit, JobRequest, Panel, Tab
from fsl_demo.ui.uploads import place, row_called

PAGE = 60


class SearchResults(Panel):
    """The pictures that were asked for: by a sentence, by words of captions and names, by a picture, or the collection as it is.

    Attributes:
        words: whether the sentence is looked for in captions and file names.
        where: whether the best region of each picture on view for the sentence is drawn.
        like: hash of a picture.
        only: "class:NAME" or "unlabelled" narrows the collection.
        method: id of the method whose space is searched; "" is the first there is.
        pages: how many pages of pictures are on view.
        earlier: whether there is a search to go back to.
        taken_out: how many pictures were taken out of the collection last.
    """

    sentence: Text = ""
    words: bool = False
    where: bool = False
    like: Sha | Literal[""] = ""
    only: Name = ""
    method: Name = ""
    pages: int = 1
    earlier: bool = False
    taken_out: int = 0

    def html(self, context: Context) -> str:
        spaces, counts = search.spaces(context.registry), context.workspace.gallery.counts()
        if not spaces or not counts.pictures:
            return context.render("search_results.html#empty", spaces=bool(spaces), taken_out=self.taken_out)
        method = self.method if self.method in spaces else next(iter(spaces))
        limit = PAGE * max(1, self.pages)
        result = _result(context, self, space=spaces[method], limit=limit)
        shown, unplaced = _placed(context, self, result.hits)
        if _nowhere(self, shown, unplaced):
            shown = []
        best = max((hit.similarity for hit, _ in shown if hit.similarity is not None), default=0.0)
        undescribed = _undescribed(context, counts)
        return context.render(
            "search_results.html#results",
            asked=self,
            method=method,
            spaces=[(name, space.title) for name, space in spaces.items()],
            class_names=list(counts.by_class),
            unlabelled=bool(counts.by_class) and counts.without_class > 0,
            captioner=chosen_captioner(context),
            undescribed=undescribed,
            hits=[_tile(context, hit, place=place, best=best) for hit, place in shown],
            count=result.count,
            more=result.count - len(result.hits),
            unranked=result.unranked,
            stale=result.stale,
            grounds=bool(context.registry.supporting(Grounds)),
            unplaced=unplaced,
            like_name=context.picture(self.like).name if self.like else "",
            nothing="" if shown else _nothing(context, self, result=result, undescribed=undescribed),
            targets=[
                (row.key, row.spec().name or context.say("class_n", n=n))
                for n, row in enumerate(context.document.classes, start=1)
                if not row.is_blank()
            ],
            new_name=" ".join(self.sentence.split())[:60],
            removable=any(hit.member.added for hit, _ in shown),
            collections=[summary.name for summary in context.workspace.collections.summaries()],
        )


class Index(JobRequest):
    """Embed the pictures that cannot be ranked yet, and bring the index up to date."""

    title: ClassVar[str] = "search.index"
    long: ClassVar[bool] = True
    method: Name = ""

    def work(self, context: Context) -> Callable[[Job], None]:
        known = self.method in search.spaces(context.registry)
        space = search.space_named(context.registry, self.method if known else "")
        index = VectorIndex(context.workspace, space)
        return lambda job: index.update(job.progress(space.title), job.errors.append)


class FindPlaces(JobRequest):
    """Find the best region of pictures for a sentence."""

    title: ClassVar[str] = "search.where"
    sentence: Text
    pictures: Shas

    def work(self, context: Context) -> Callable[[Job], None]:
        model, pictures = grounding(context.registry), context.present(self.pictures)
        title = context.say("search.where")

        def run(job: Job) -> None:
            places.find(model, self.sentence, pictures=pictures, progress=job.progress(title))

        return run


class AddToCollection(Edit):
    """Keep uploaded pictures for searching."""

    undoable: ClassVar[bool] = False
    pictures: Shas

    def apply(self, context: Context) -> None:
        context.workspace.add_to_collection([context.picture(sha) for sha in self.pictures])


class TakeOut(Edit):
    """Take pictures out of the search; those of saved episodes stay."""

    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    pictures: Shas

    def apply(self, context: Context) -> None:
        known = context.workspace.gallery.members(self.pictures)
        context.workspace.gallery.remove([sha for sha in known if known[sha].added])
        staying = sum(bool(member.episodes) for member in known.values())
        if staying:
            context.tell("search.staying", n=staying)


class SendToQueries(Edit):
    pictures: Shas

    def apply(self, context: Context) -> None:
        place(context, "queries", [(sha, "") for sha in self.pictures])
        context.tell("search.sent_to_queries", n=len(self.pictures))


class SendToSupport(Edit):
    """Put pictures into a class; without a key, into the class of that name, which is made where there is none."""

    pictures: Shas
    key: Key = ""
    name: Text = ""

    def apply(self, context: Context) -> None:
        document = context.document
        row = document.row(self.key) or row_called(document, " ".join(self.name.split())[:MAX_NAME])
        place(context, row.key, [(sha, "") for sha in self.pictures])
        number = document.classes.index(row) + 1
        name = row.spec().name or context.say("class_n", n=number)
        context.tell("search.sent_to_support", n=len(self.pictures), name=name)


Placed = tuple[Hit, Region | None]


def _result(context: Context, asked: SearchResults, space: ImageTextSpace, limit: int) -> Hits:
    """The pictures that were asked for, best first."""
    without = asked.only == "unlabelled"
    wanted = GalleryFilter("" if without else asked.only.removeprefix("class:"), without)
    if asked.words:
        return search.with_words(context.workspace, asked.sentence, wanted, limit=limit)
    vector = _vector(context, asked, space)
    if vector is None:
        return search.latest(context.workspace, wanted, limit)
    return search.nearest(context.workspace, space, vector=vector, wanted=wanted, limit=limit, besides=asked.like)


def _placed(context: Context, asked: SearchResults, hits: Sequence[Hit]) -> tuple[list[Placed], list[str]]:
    """Pictures with the best region of each for the sentence, the surest first; and those where it is not known yet."""
    models = context.registry.supporting(Grounds)
    if not (asked.where and asked.sentence and not asked.words and models):
        return [(hit, None) for hit in hits], []
    shas = [hit.member.picture.sha256 for hit in hits]
    known = places.known(models[0], asked.sentence, shas)
    placed = [(hit, known.get(sha)) for hit, sha in zip(hits, shas, strict=True)]
    unplaced = [sha for sha in shas if sha not in known]
    return placed if unplaced else sorted(placed, key=lambda pair: -(pair[1].score if pair[1] else 0.0)), unplaced


def _nowhere(asked: SearchResults, placed: Sequence[Placed], unplaced: Sequence[str]) -> bool:
    """Whether the sentence was looked for on all pictures on view, and is on none of them."""
    looked = asked.where and asked.sentence and not asked.words and not unplaced
    return bool(looked and placed and all(place is None for _, place in placed))


def _vector(context: Context, asked: SearchResults, space: ImageTextSpace) -> np.ndarray | None:
    """What is asked for in the space; None for the collection as it is."""
    if asked.like:
        return VectorIndex(context.workspace, space).vector(context.picture(asked.like))
    return sentence_vector(space, asked.sentence, quiet) if asked.sentence else None


def _undescribed(context: Context, counts: GalleryCounts) -> int:
    """How many pictures the chosen captioner has not described; none without a captioner."""
    captioner = chosen_captioner(context)
    return counts.pictures - context.workspace.gallery.described(captioner.card.id) if captioner else 0


def _nothing(context: Context, asked: SearchResults, result: Hits, undescribed: int) -> str:
    """Why nothing is on view, and what to do about it."""
    if result.hits:
        return context.say("search.nowhere")
    if not asked.words:
        return context.say("search.no_match")
    waiting = f" {context.say('search.rest_undescribed', n=undescribed)}" if undescribed else ""
    return context.say("search.no_words") + waiting


def _tile(context: Context, hit: Hit, place: Region | None, best: float) -> dict[str, Any]:
    sha, document = hit.member.picture.sha256, context.document
    where = ""
    if sha in document.queries:
        where = context.say("query")
    elif sha in (support := document.support()):
        where = context.class_name(support[sha])
    return {
        "sha": sha,
        "name": hit.member.picture.name,
        "classes": ", ".join(hit.member.classes),
        "similarity": hit.similarity,
        "share": 100 * max(0.0, hit.similarity or 0.0) / max(best, 1e-6),
        "where": where,
        "words": hit.words,
        "place": place,
        "size": (hit.member.picture.width, hit.member.picture.height),
    }


TAB = Tab(
    "search",
    label="tab_search",
    template="search.html",
    requests=(SearchResults, Index, FindPlaces, AddToCollection, TakeOut, SendToQueries, SendToSupport),
    parts=lambda context: {},
)
