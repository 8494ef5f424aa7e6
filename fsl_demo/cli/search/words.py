"""Pictures found by words of their captions and file names."""

from __future__ import annotations

import argparse

from fsl_demo.cli import reporting
from fsl_demo.cli.caption import DOUBT
from fsl_demo.cli.search.hits import RERANKS, workspace_folder
from fsl_demo.core.errors import UserError

PLACES = "It needs a sentence."


def by_words(chosen: argparse.Namespace) -> int:
    from fsl_demo import store
    from fsl_demo.services.search import with_words
    from fsl_demo.services.search_documents import hit_document

    if chosen.data is not None:
        raise UserError("words_need_workspace")
    if chosen.rerank:
        raise UserError("setting_bad", name="--rerank", value="used", reason=RERANKS)
    if chosen.where:
        raise UserError("setting_bad", name="--where", value="used", reason=PLACES)
    workspace = store.reader(workspace_folder(chosen))
    result = with_words(workspace, chosen.words, wanted=store.GalleryFilter(), limit=chosen.top)
    if not workspace.gallery.counts().pictures:
        raise UserError("no_collection")
    if chosen.format == "json":
        reporting.print_json([hit_document(hit) for hit in result.hits])
    else:
        rows = []
        for hit in result.hits:
            caption = hit.words.caption if hit.words else None
            doubt = DOUBT if caption and caption.doubtful else ""
            text = caption.text if caption else ""
            rows.append([hit.member.picture.name, text, doubt, "; ".join(hit.member.classes)])
        reporting.print_table(["file", "caption", "", "classes"], rows)
    return 0
