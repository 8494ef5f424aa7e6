"""Below a class: the sentences that stand for it, and texts that a method cannot read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fsl_demo.errors import UserError
from fsl_demo.methods.contract import TextMethod
from fsl_demo.methods.prompts import phrasing
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import ClassRow, Document
from fsl_demo.ui.html import View, esc
from fsl_demo.ui.settings import settings_of


def _unread(view: View, document: Document, row: ClassRow, readers: Sequence[TextMethod]) -> str:
    """Says which texts of a class a ticked method cannot read; asks for English where it can read none."""
    spec = row.spec()
    for method in readers:
        try:
            read = {text: method.reads(text, settings_of(method, document)) for text in (spec.name, *spec.descriptions)}
        except UserError:
            continue  # the weights are not there, which is said beside the method
        left_out = [text for text, known in read.items() if not known and any(letter.isalpha() for letter in text)]
        title = method.card.title
        if spec.name and not any(read.values()):
            return view.t("english_wanted", method=title)
        if left_out:
            return view.t("left_out", method=title, texts=", ".join(left_out))
    return ""


def sentences(view: View, tab: Tab, row: ClassRow, readers: Sequence[TextMethod]) -> str:
    """What cannot be read, and on request the sentences that stand for a class: dictionaries take seconds to load."""
    if not readers or not (row.name.strip() or row.description.strip()):
        return ""
    opened = row.key in tab.sentences
    button = f"""<button class="link small" data-action="sentences" data-target="{row.key}" data-focus="sentences-{row.key}"
 aria-expanded="{str(opened).lower()}">{"▾" if opened else "▸"} {view.t("sentences")}</button>"""
    line = f'<div class="line">{button}<span class="hint">{_unread(view, tab.document, row, readers)}</span></div>'
    if not opened:
        return line
    groups: dict[_Texts, list[TextMethod]] = {}
    for method in readers:
        groups.setdefault(_texts(view, tab.document, row, method), []).append(method)
    shown = "".join(_group(view, row, texts, methods) for texts, methods in groups.items())
    return f'{line}<div class="sentences">{shown}</div>'


@dataclass(frozen=True)
class _Texts:
    """The sentences of one class in one method, or why there are none."""

    named: tuple[str, ...] = ()
    described: tuple[str, ...] = ()
    error: str = ""


def _texts(view: View, document: Document, row: ClassRow, method: TextMethod) -> _Texts:
    try:
        named, described = method.sentences(row.spec(), settings_of(method, document))
    except UserError as error:
        return _Texts(error=view.error(error))
    return _Texts(tuple(named), tuple(described))


def _group(view: View, row: ClassRow, texts: _Texts, methods: Sequence[TextMethod]) -> str:
    """The sentences that methods share; definitions can be taken over as a description, to be edited."""
    own = bool(row.spec().descriptions)
    kinds = (("sentences_named", texts.named), ("sentences_own" if own else "sentences_defined", texts.described))
    shown = "".join(
        f'<p class="hint">{view.t(title)}</p><ul>{"".join(f"<li>{esc(text)}</li>" for text in listed)}</ul>'
        for title, listed in kinds
        if listed
    )
    if texts.described and not own:
        shown += f"""<button class="quiet" data-action="define" data-target="{row.key}"
 data-method="{methods[0].card.id}">{view.t("copy_definitions")}</button>"""
    empty = f'<p class="hint">{esc(texts.error) or view.t("sentences_none")}</p>'
    return f"<h4>{esc(', '.join(method.card.title for method in methods))}</h4>{shown or empty}"


def define(view: View, document: Document, data: Mapping[str, Any]) -> None:
    """Put a method's dictionary definitions into a class's description, where they can be edited."""
    row, method = document.row(data["target"]), view.methods[data["method"]]
    assert isinstance(method, TextMethod)
    _, described = method.sentences(row.spec(), settings_of(method, document))
    definitions = "\n".join(phrasing(row.spec(), sentence) for sentence in described)
    document.write_fields({f"description:{row.key}": definitions})
