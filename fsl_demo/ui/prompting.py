"""Below a class: the sentences that stand for it, and texts that a method cannot read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fsl_demo.core.capabilities import ReadsText
from fsl_demo.core.errors import UserError
from fsl_demo.inference.prompts import phrasing
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import ClassRow
from fsl_demo.ui.fields import Key
from fsl_demo.ui.proposals import chosen_methods
from fsl_demo.ui.requests import Panel
from fsl_demo.ui.settings import settings_of


def unread(context: Context, row: ClassRow, readers: Sequence[ReadsText]) -> str:
    """Says which texts of a class a ticked method cannot read; asks for English where it can read none."""
    spec = row.spec()
    for method in readers:
        try:
            settings = settings_of(method, context.document)
            read = {text: method.reads(text, settings) for text in (spec.name, *spec.descriptions)}
        except UserError:
            continue  # the weights are not there, which is said beside the method
        left_out = [text for text, known in read.items() if not known and any(letter.isalpha() for letter in text)]
        title = method.card.title
        if spec.name and not any(read.values()):
            return context.say("english_wanted", method=title)
        if left_out:
            return context.say("left_out", method=title, texts=", ".join(left_out))
    return ""


class Sentences(Panel):
    """The sentences that stand for a class, on request: dictionaries take seconds to load."""

    key: Key

    def html(self, context: Context) -> str:
        row = context.document.row(self.key)
        if row is None:
            return ""
        groups: dict[_Texts, list[ReadsText]] = {}
        for name in chosen_methods(context):
            method = context.methods[name]
            if isinstance(method, ReadsText):
                groups.setdefault(_texts(context, row, method), []).append(method)
        return context.render("prompting.html", row=row, groups=list(groups.items()), own=bool(row.spec().descriptions))


@dataclass(frozen=True)
class _Texts:
    """The sentences of one class in one method, or why there are none."""

    named: tuple[str, ...] = ()
    described: tuple[str, ...] = ()
    error: str = ""


def _texts(context: Context, row: ClassRow, method: ReadsText) -> _Texts:
    try:
        named, described = method.sentences(row.spec(), settings_of(method, context.document))
    except UserError as error:
        return _Texts(error=context.language.error(error))
    return _Texts(tuple(named), tuple(described))


def define(context: Context, key: str, method_id: str) -> None:
    """Put a method's dictionary definitions into a class's description, where they can be edited."""
    row, method = context.document.row(key), context.methods.get(method_id)
    if row is None or not isinstance(method, ReadsText):
        return
    _, described = method.sentences(row.spec(), settings_of(method, context.document))
    row.description = "\n".join(phrasing(row.spec(), sentence) for sentence in described)
