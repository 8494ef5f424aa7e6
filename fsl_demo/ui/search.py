"""The Search tab: the collection's pictures found by a sentence, captions or a picture, and sent to the workbench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fsl_demo import retrieval
from fsl_demo.methods.joint_space import JointSpace
from fsl_demo.retrieval import Index, index_of
from fsl_demo.store import CaptionMatch, CollectionPicture
from fsl_demo.ui import captions
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import ClassRow, Document
from fsl_demo.ui.html import View, esc, picker
from fsl_demo.ui.searches import Asked, Searches

PAGE = 60


def render(view: View, tab: Tab) -> str:
    """The whole tab as HTML. Nothing is embedded for it: pictures without a vector are counted, not ranked."""
    spaces = retrieval.spaces(view.methods)
    collection = view.workspace.collection()
    if not spaces:
        return f'<div class="empty" data-draft="{tab.draft_id}"><h2>{view.t("search.no_model")}</h2><p>{view.t("search.no_model_hint")}</p></div>'
    if not collection:
        return f"""<div class="empty" data-draft="{tab.draft_id}" data-drop="collection">{_undo(view, tab.searches)}
<h2>{view.t("search.nothing")}</h2><p>{view.t("search.nothing_hint")}</p><div class="line">{_pickers(view)}</div></div>"""
    searches = tab.searches
    asked = searches.present
    offered = [one for one in collection if one.picture.sha256 != asked.like and _fits(one, searches.only)]
    method, space = searches.space(spaces)
    everything, unranked = _found(view, asked, offered, index_of(space))
    shown = everything[: PAGE * asked.pages]
    best = max((hit.similarity for hit in shown if hit.similarity is not None), default=0.0)
    tiles = "".join(_tile(view, tab, hit, best) for hit in shown)
    more = len(everything) - len(shown)
    return f"""<div class="search" data-draft="{tab.draft_id}" data-drop="collection">{_undo(view, searches)}
{_controls(view, tab, spaces, method, collection)}
{_headline(view, searches, len(everything), unranked)}
<div class="tiles">{tiles or _nothing(view, asked, offered)}</div>
{f'<div class="line pager"><button data-action="more" class="quiet">{view.t("search.more", n=more)}</button></div>' if more else ""}
{_send(view, tab, any(hit.one.added for hit in shown)) if shown else ""}</div>"""


@dataclass(frozen=True)
class _Hit:
    """A picture that was found: by its similarity, or by what its caption says."""

    one: CollectionPicture
    similarity: float | None = None
    said: CaptionMatch | None = None


def _found(view: View, asked: Asked, offered: Sequence[CollectionPicture], index: Index) -> tuple[list[_Hit], int]:
    """The pictures that were asked for, best first, and how many of those offered cannot be ranked yet."""
    by_hash = {one.picture.sha256: one for one in offered}
    if asked.words:
        matches = view.workspace.pictures_that_say(asked.words)
        return [_Hit(by_hash[said.picture], said=said) for said in matches if said.picture in by_hash], 0
    if asked.vector is None:
        return [_Hit(one) for one in offered], 0
    ranked = index.search(asked.vector, list(by_hash), len(by_hash))
    return [_Hit(by_hash[match.sha256], match.similarity) for match in ranked], len(by_hash) - len(ranked)


def _nothing(view: View, asked: Asked, offered: Sequence[CollectionPicture]) -> str:
    """Why nothing is on view, and what to do about it."""
    if not asked.words:
        return f'<p class="empty">{view.t("search.no_match")}</p>'
    described = view.workspace.captions([one.picture.sha256 for one in offered])
    if not described:
        return f'<p class="empty">{view.t("search.none_described")}</p>'
    rest = len(offered) - len(described)
    waiting = f" {view.t('search.rest_undescribed', n=rest)}" if rest else ""
    return f'<p class="empty">{view.t("search.no_caption")}{waiting}</p>'


def _fits(one: CollectionPicture, only: str) -> bool:
    if only == "unlabelled":
        return not one.classes
    return not only or only.removeprefix("class:") in one.classes


def _undo(view: View, searches: Searches) -> str:
    if not searches.taken_out:
        return ""
    return f"""<p class="warn">{view.t("search.taken_out", n=len(searches.taken_out))} <button class="quiet"
 data-action="put_back" data-key="Ctrl+z">↶ {view.t("undo")}</button></p>"""


def _controls(
    view: View,
    tab: Tab,
    spaces: Mapping[str, JointSpace],
    method: str,
    collection: Sequence[CollectionPicture],
) -> str:
    searches = tab.searches
    if len(spaces) == 1:
        model = f'<span class="hint">{view.t("search.model")}: {esc(spaces[method].title)}</span>'
    else:
        models = "".join(_option(name, space.title, name == method) for name, space in spaces.items())
        model = f'<select data-action="method" data-event="search" data-focus="method" aria-label="{view.t("search.model")}">{models}</select>'
    names = sorted({name for one in collection for name in one.classes})
    choices = [("", view.say("search.all_classes")), *((f"class:{name}", name) for name in names)]
    if names and not all(one.classes for one in collection):
        choices.append(("unlabelled", view.say("search.unlabelled")))
    options = "".join(_option(value, label, value == searches.only) for value, label in choices)
    say = f'<button data-action="say" data-focus="say" title="{view.t("search.say_hint")}">{view.t("search.say")}</button>'
    narrow = f'<select data-action="only" data-focus="only" aria-label="{view.t("search.only")}">{options}</select>'
    return f"""<div class="line" role="search"><input type="text" class="grow" data-field="sentence" data-enter="#find"
 value="{esc(searches.typed)}" placeholder="{view.t("search.placeholder")}" aria-label="{view.t("search.sentence")}">
<button class="primary" id="find" data-action="find" data-event="search">{view.t("search.find")}</button>
{say if view.captioners else ""}
{narrow if names else ""}{model}</div>
<div class="line"><span class="hint grow">{view.t("search.hint")}</span>{_describe(view, tab.document, collection)}{_pickers(view)}</div>"""


def _describe(view: View, document: Document, collection: Sequence[CollectionPicture]) -> str:
    """The way to describe what has no caption yet."""
    chosen = captions.captioner(view, document)
    known = view.workspace.described(chosen.card.id) if chosen else set()
    waiting = sum(one.picture.sha256 not in known for one in collection)
    if not waiting:
        return ""
    return captions.control(view, document, "collection", view.t("search.describe", n=waiting))


def _option(value: str, label: str, chosen: bool) -> str:
    return f'<option value="{esc(value)}" {"selected" if chosen else ""}>{esc(label)}</option>'


def _pickers(view: View) -> str:
    return picker(view, "collection", "add_pictures", 'accept="image/*,.heic,.heif"') + picker(
        view, "collection", "search.folder", "webkitdirectory"
    )


def _headline(view: View, searches: Searches, found: int, unranked: int) -> str:
    asked = searches.present
    if asked.like:
        name = view.picture(asked.like).name
        image = f'<img src="{view.thumb(asked.like)}" alt="{esc(name)}">'
        said = image + view.t("search.like", n=found, name=name)
    elif asked.words:
        said = view.t("search.by_words", n=found, words=_short(asked.words))
    elif asked.sentence:
        said = view.t("search.by_sentence", n=found, sentence=_short(asked.sentence))
    else:
        said = view.t("search.latest", n=found)
    back = f'<button data-action="back" data-event="search" class="quiet">← {view.t("search.back")}</button>'
    waiting = f"""<p class="warn">{view.t("search.unranked", n=unranked)} <button class="quiet" data-action="again"
 data-event="search">{view.t("search.again")}</button></p>"""
    return f"""<div class="line headline">{back if len(searches.asked) > 1 else ""}<h2>{said}</h2>
<label class="all"><input type="checkbox" data-all> {view.t("search.tick_all")}</label></div>{waiting if unranked else ""}"""


def _tile(view: View, tab: Tab, hit: _Hit, best: float) -> str:
    one, similarity = hit.one, hit.similarity
    sha256, name = one.picture.sha256, esc(one.picture.name)
    classes = esc(", ".join(one.classes))
    number, bar = "", ""
    if similarity is not None:
        number = f'<b title="{view.t("similarity")}">{similarity:.2f}</b>'
        bar = f'<i style="width:{100 * max(0.0, similarity) / max(best, 1e-6):.0f}%"></i>'
    where = _on_workbench(view, tab.document, sha256)
    return f"""<div class="tile"><label title="{name}"><input type="checkbox" data-field="pick:{sha256}"
 {"checked" if sha256 in tab.searches.present.ticked else ""} aria-label="{view.t("select")}: {name}"><img src="{view.thumb(sha256)}" alt="{name}"></label>
{f'<span class="where">✓ {esc(where)}</span>' if where else ""}
<button class="quiet" data-action="similar" data-event="search" data-sha="{sha256}" aria-label="{view.t("search.similar")}: {name}">{view.t("search.similar")}</button>
<div class="bar"><em {"" if classes else 'class="hint"'}>{classes or name}</em>{number}{bar}</div>
{_said(view, hit.said) if hit.said else ""}</div>"""


def _said(view: View, said: CaptionMatch) -> str:
    """The caption, with what was asked for marked."""
    text = "".join(f"<mark>{esc(part)}</mark>" if asked else esc(part) for part, asked in said.parts)
    return f'<p class="said" title="{esc(said.caption.text)}">{text}</p>{captions.doubt(view, said.caption)}'


def _on_workbench(view: View, document: Document, sha256: str) -> str:
    """What the picture is on the workbench: a query, or support of a class; "" when it is not there."""
    if sha256 in document.queries:
        return view.say("query")
    names = (name for row, name in class_rows(view, document) if sha256 in row.pictures)
    return next(names, "")


def _send(view: View, tab: Tab, removable: bool) -> str:
    """The bar under the pictures; the style sheet counts the ticks, and hides it while there is none."""
    sentence = tab.searches.sentence()
    new = view.say("search.new_class", name=_short(sentence)) if sentence else view.say("search.a_new_class")
    rows = [(row.key, name) for row, name in class_rows(view, tab.document) if not row.is_blank()]
    options = "".join(_option(key, name, key == tab.searches.target) for key, name in [("", new), *rows])
    out = f'<button class="quiet" data-action="take_out">{view.t("search.take_out")}</button>'
    return f"""<div class="panel send" role="group" aria-label="{view.t("search.selected")}"><div class="line">
<span class="picked">{view.t("search.selected")}: </span>
<button class="primary" data-action="to_queries" data-key="Ctrl+Enter">{view.t("search.to_queries")} <kbd>Ctrl+Enter</kbd></button>
<button data-action="to_support">{view.t("search.to_support")}</button>
<select data-field="target" aria-label="{view.t("search.target")}">{options}</select>{out if removable else ""}</div></div>"""


def class_rows(view: View, document: Document) -> list[tuple[ClassRow, str]]:
    """The classes of the workbench with what they are called."""
    return [(row, row.spec().name or view.say("class_n", n=n)) for n, row in enumerate(document.classes, start=1)]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
