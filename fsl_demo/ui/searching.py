"""What the Search tab does: ask, go back, add and take out pictures, send what is ticked to the workbench."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fsl_demo import retrieval
from fsl_demo.episodes import MAX_NAME, Progress
from fsl_demo.errors import Cancelled, UserError
from fsl_demo.methods.joint_space import JointSpace
from fsl_demo.methods.phrases import sentence_vector
from fsl_demo.pictures import Picture
from fsl_demo.retrieval import index_of
from fsl_demo.ui import background, uploads
from fsl_demo.ui.background import Step
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import Document
from fsl_demo.ui.html import View
from fsl_demo.ui.search import class_rows
from fsl_demo.ui.searches import Asked

KEPT = 20
"""Searches that a tab can go back to."""
SENDS = ("to_queries", "to_support")
"""Actions that change the document."""


def remember(tab: Tab, fields: Mapping[str, Any]) -> None:
    """Take over what is ticked and what stands in the fields."""
    searches = tab.searches
    searches.typed = str(fields.get("sentence", searches.typed))
    searches.target = str(fields.get("target", searches.target))
    for name, value in fields.items():
        if name.startswith("pick:"):
            (searches.present.ticked.add if value else searches.present.ticked.discard)(name.removeprefix("pick:"))


def ask(view: View, tab: Tab, data: Mapping[str, Any]) -> Iterator[Step]:
    """Carry out "find", "similar", "back", "method" or "again". Pictures without a vector are embedded first.

    Raises:
        UserError: `search_empty`, `search_long`, `search_script`, or why a network or a picture cannot be had.
        Cancelled: when Stop was pressed; what was on view stays.
    """
    searches, action = tab.searches, data["action"]
    chosen = replace(searches, method=data["value"]) if action == "method" else searches
    method, space = chosen.space(retrieval.spaces(view.methods))
    wanted, earlier = searches.present, searches.asked[:-1]
    if action == "back" and earlier:
        wanted, earlier = earlier[-1], earlier[:-1]
    elif action in ("find", "similar"):
        asked = Asked(searches.typed) if action == "find" else Asked(like=data["sha"])
        if asked.what != wanted.what:
            wanted, earlier = asked, searches.asked
    pictures = [one.picture for one in view.workspace.collection()]
    if wanted.like:
        pictures.append(view.picture(wanted.like))

    found: list[np.ndarray | None] = []

    def work(hand_over: Callable[[Step], None]) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            if tab.stop.is_set():
                raise Cancelled
            hand_over(Step(space.title, stage, done, total))

        found.append(_vector(space, wanted, pictures, progress))

    tab.stop.clear()
    yield from background.run(work, "search")
    wanted.vector = found[0]
    searches.method, searches.asked = method, [*earlier, wanted][-KEPT:]
    if action == "back":
        searches.typed = searches.sentence()


def _vector(space: JointSpace, asked: Asked, pictures: Sequence[Picture], progress: Progress) -> np.ndarray | None:
    """What is asked for in the space, once every picture is in its index; None for the collection as it is."""
    if asked.sentence is None and not asked.like:
        return None
    sentence = None if asked.sentence is None else sentence_vector(space, asked.sentence, progress)
    index = index_of(space)
    index.add(pictures, progress)
    return index.vector(asked.like) if sentence is None else sentence


def act(view: View, tab: Tab, data: Mapping[str, Any]) -> str:
    """Carry out "say", "more", "only", "take_out" or "put_back".

    Returns:
        What to tell the person.

    Raises:
        UserError: `search_empty`, `nothing_ticked`.
    """
    searches, action = tab.searches, data["action"]
    if action == "say":
        if not searches.typed.strip():
            raise UserError("search_empty")
        if searches.typed != searches.present.words:
            searches.asked = [*searches.asked, Asked(words=searches.typed)][-KEPT:]
    elif action == "more":
        searches.present.pages += 1
    elif action == "only":
        searches.only = data["value"]
    elif action == "put_back":
        view.workspace.add_to_collection([view.picture(sha256) for sha256 in searches.taken_out])
        searches.taken_out = []
    elif action == "take_out":
        ticked = _ticked(data)
        known = {one.picture.sha256: one for one in view.workspace.collection()}
        searches.taken_out = [sha256 for sha256 in ticked if sha256 in known and known[sha256].added]
        view.workspace.take_from_collection(searches.taken_out)
        searches.present.ticked.clear()
        staying = sum(bool(known[sha256].episodes) for sha256 in ticked if sha256 in known)
        return view.t("search.staying", n=staying) if staying else ""
    return ""


def add(view: View, tab: Tab, data: Mapping[str, Any]) -> list[UserError]:
    """Add uploaded pictures to the collection; gives the errors of those left out, of earlier parts too."""
    if data["batch"] != tab.batch:
        tab.batch, tab.refused = data["batch"], []
    tab.refused += uploads.add_to_collection(view, data["files"])
    return tab.refused


def send(view: View, tab: Tab, data: Mapping[str, Any], document: Document) -> str:
    """Put the ticked pictures among the queries, or into a class.

    Returns:
        What to tell the person.

    Raises:
        UserError: `nothing_ticked`.
    """
    ticked = _ticked(data)
    document.remember()
    tab.searches.present.ticked.clear()
    if data["action"] == "to_queries":
        document.add_queries(ticked)
        return view.t("search.sent_to_queries", n=len(ticked))
    key = tab.searches.target
    if key not in [row.key for row in document.rows()]:
        key = uploads.row_called(document, tab.searches.sentence()[:MAX_NAME]).key
    document.add_pictures(key, ticked)
    tab.searches.target = key
    name = next(name for row, name in class_rows(view, document) if row.key == key)
    return view.t("search.sent_to_support", n=len(ticked), name=name)


def _ticked(data: Mapping[str, Any]) -> list[str]:
    ticked = [
        name.removeprefix("pick:") for name, value in data["fields"].items() if value and name.startswith("pick:")
    ]
    if not ticked:
        raise UserError("nothing_ticked")
    return ticked
