"""The end point `/search`: what the verb `search` does in a workspace, for programs. See `docs/api.md`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.inference.phrases import sentence_vector
from fsl_demo.services import search as searching
from fsl_demo.services.search_documents import hit_document
from fsl_demo.services.vector_index import VectorIndex
from fsl_demo.store import GalleryFilter
from fsl_demo.ui.collections_api import Received
from fsl_demo.ui.gradio_import import gradio as gr
from fsl_demo.ui.page import Page
from fsl_demo.ui.review_api import Door

COUNT, MOST = 20, 1_000


def add(page: Page, door: Door, received: Received) -> None:
    """Add the end point to the page that is being built."""
    gr.api(_search(page, door, received), api_name="search")


def _search(page: Page, door: Door, received: Received) -> Callable[..., dict[str, Any]]:
    def search(
        sentence: str | None = None,
        words: str | None = None,
        like: gr.FileData | None = None,
        class_name: str | None = None,
        method: str | None = None,
        count: int | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Find pictures of the workspace: by a sentence, by words of captions and file names, or by a picture.

        Args:
            sentence: what the pictures show, in English.
            words: words, or beginnings of words, that a caption or the file name has to have.
            like: a picture; those most like it come first.
            class_name: pictures of this class alone.
            method: id of the method that compares; by default the first that can.
            count: how many pictures at most, 20 unless given, up to 1,000.

        Returns:
            The pictures, best first, how many match, and sentences on what was left out.
        """
        with door.sentences(), received(request, like) as (file,):
            if sum(given is not None for given in (sentence, words, file)) != 1:
                raise UserError("search_one")
            limit, wanted = min(MOST, max(0, COUNT if count is None else count)), GalleryFilter(class_name or "")
            told = list[UserError]()
            if words is not None:
                result = searching.with_words(page.workspace, words, wanted=wanted, limit=limit)
            else:
                space = searching.space_named(page.registry, method or "")
                picture = ingest(file) if file is not None else None
                vector = space.embed([picture])[0] if picture else sentence_vector(space, sentence or "")
                VectorIndex(page.workspace, space).update(report=told.append)
                result = searching.nearest(
                    page.workspace,
                    space,
                    vector=vector,
                    wanted=wanted,
                    limit=limit,
                    besides=picture.sha256 if picture else "",
                )
            return {
                "pictures": [{**hit_document(hit)} for hit in result.hits],
                "count": result.count,
                "notices": list(map(str, told)),
            }

    return search
