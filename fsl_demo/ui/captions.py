"""Captions on the page: who describes, the caption of a query, and where each of its words comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar, Literal

from fsl_demo.core.capabilities import Captioner
from fsl_demo.core.episodes import Described, Hint, Layer
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.phrases import FUNCTION_WORDS
from fsl_demo.services.caption import describe_gallery, describe_new
from fsl_demo.ui import heat_maps
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import Document
from fsl_demo.ui.fields import Name, Sha
from fsl_demo.ui.jobs import Job
from fsl_demo.ui.requests import JobRequest, Panel


def chosen_captioner(context: Context) -> Captioner | None:
    """Who describes pictures for this document: the one chosen, or the first; None where none is installed."""
    return context.captioners.get(context.document.captioner) or next(iter(context.captioners.values()), None)


def shown_caption(document: Document, descriptions: Sequence[Described]) -> Described | None:
    """Which description of a picture is shown: the chosen captioner's, or else the latest."""
    chosen = (described for described in descriptions if described.captioner == document.captioner)
    return next(chosen, next(iter(descriptions), None))


class Describe(JobRequest):
    """Describe those pictures that were not described yet; what is said of each is kept as it comes."""

    title: ClassVar[str] = "describe"
    long: ClassVar[bool] = True
    of: Literal["queries", "collection"]

    def work(self, context: Context) -> Callable[[Job], None]:
        captioner = chosen_captioner(context)
        if captioner is None:
            raise UserError("unknown_captioner", name="", known="")
        if self.of == "queries":
            pictures = context.present(context.document.queries)
            if not pictures:
                raise UserError("no_queries")
        elif not context.workspace.gallery.counts().pictures:
            raise UserError("no_pictures")

        def run(job: Job) -> None:
            tell = job.progress(captioner.card.title)

            def progress(stage: str, done: int, total: int) -> None:
                tell(stage, done, total)
                if stage == "describe" and done:
                    context.draft.captions.clear()
                    context.page.refresh(context.draft)

            try:
                if self.of == "queries":
                    describe_new(context.workspace, captioner, pictures=pictures, progress=progress)
                else:
                    describe_gallery(context.workspace, captioner, progress=progress, report=job.errors.append)
            finally:
                context.draft.captions.clear()
                context.page.refresh(context.draft)

        return run


class CaptionDetails(Panel):
    """A caption: its words with their maps, and the other candidates.

    Attributes:
        captioner: "" for the one that is shown.
        rank: of the caption among the candidates.
        word: whose map is shown; -1 for the first that says something.
    """

    query: Sha
    captioner: Name = ""
    rank: int = 0
    word: int = -1

    def html(self, context: Context) -> str:
        context.check_seen(self.query)
        stored = context.workspace.captions([self.query]).get(self.query, ())
        described = next((known for known in stored if known.captioner == self.captioner), None)
        described = described or shown_caption(context.document, stored)
        if described is None:
            chosen = context.document.captioner
            return context.render(
                "caption.html",
                described=None,
                captioners=context.captioners,
                captioner=chosen_captioner(context),
                missing="" if chosen in context.captioners else chosen,
            )
        rank = max(0, min(self.rank, len(described.captions) - 1))
        caption = described.captions[rank]
        installed = context.captioners.get(described.captioner)
        wrong = ""
        layers: tuple[Layer, ...] = ()
        hint = None
        if installed is not None:
            picture = context.picture(self.query)
            try:
                layers, hint = _layers(installed, picture, caption.text), _hint(installed, picture)
            except UserError as error:
                wrong = context.language.error(error)
        others = {other.captioner: other for other in reversed(stored) if other.captioner != described.captioner}
        return context.render(
            "caption.html",
            query=self.query,
            described=described,
            caption=caption,
            rank=rank,
            title=_title(context, described.captioner),
            installed=installed is not None,
            wrong=wrong,
            hint=hint,
            words=heat_maps.words(layers, _word(layers, self.word)),
            others=[(name, _title(context, name), other.captions[0].text) for name, other in others.items()],
        )


def _word(layers: Sequence[Layer], asked: int) -> int:
    if 0 <= asked < len(layers):
        return asked
    texts = [layer.words[0][0].lower() for layer in layers]
    return next((n for n, text in enumerate(texts) if text not in FUNCTION_WORDS), 0)


@lru_cache(maxsize=16)
def _layers(describer: Captioner, picture: Picture, text: str) -> tuple[Layer, ...]:
    layers = describer.words(picture, text)
    return layers if describer.card.maps else tuple(replace(layer, map=None) for layer in layers)


@lru_cache(maxsize=64)
def _hint(describer: Captioner, picture: Picture) -> Hint | None:
    return describer.hints([picture])[0]


def _title(context: Context, name: str) -> str:
    """What a captioner is called; one that is not installed has its id."""
    captioner = context.captioners.get(name)
    return captioner.card.title if captioner else name
