"""The Workbench tab: class rows, queries, methods and Predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from PIL import Image, ImageOps

from fsl_demo.errors import UserError
from fsl_demo.methods import proposed
from fsl_demo.methods.contract import TextMethod
from fsl_demo.ui import captions, clip_weights, examples, prompting, settings, uploads
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import ClassRow, Document
from fsl_demo.ui.html import BIN, View, esc, jpeg_uri, picker

MAX_QUERIES_SHOWN = 200


# --- what it shows -------------------------------------------------------------------------------------------------


def render(view: View, tab: Tab) -> str:
    """The whole tab as HTML."""
    document = tab.document
    ticked = [view.methods[name] for name in chosen_methods(view, document)]
    readers = [method for method in ticked if method.card.reads_text and isinstance(method, TextMethod)]
    rows = "".join(_class_row(view, tab, row, n, readers) for n, row in enumerate(document.classes, start=1))
    return f"""<div class="board" data-draft="{tab.draft_id}" data-revision="{tab.revision}" data-drop="classes">
{_toolbar(view, document)}
{_examples(view, document)}
<div class="columns">
<section class="support" aria-label="{view.t("support_set")}">
<h2>{view.t("support_set")} <small>{_shots(view, document)}</small></h2>
{rows}
<div class="line"><button data-action="add_class" class="quiet">+ {view.t("add_class")}</button>
{picker(view, "classes", "upload_folder", "webkitdirectory")}
{picker(view, "classes", "upload_zip", 'accept=".zip"')}{_crop_faces(view, document)}</div>
</section>
<section class="side">{_queries(view, document)}{_predict(view, document)}{_methods(view, document)}</section>
</div></div>"""


def _crop_faces(view: View, document: Document) -> str:
    if not any(row.pictures for row in document.classes):
        return ""
    return f'<button data-action="crop_faces" class="quiet" title="{view.t("crop_faces_hint")}">{view.t("crop_faces")}</button>'


def _toolbar(view: View, document: Document) -> str:
    return f"""<div class="line toolbar">
<input type="text" class="title" data-auto data-field="title" value="{esc(document.title)}" maxlength="200"
 placeholder="{view.t("title_placeholder")}" aria-label="{view.t("title")}">
<button data-action="new" class="quiet">{view.t("new")}</button>
<button data-action="duplicate" class="quiet">{view.t("duplicate")}</button>
<button data-action="clear" class="quiet">{view.t("clear")}</button>
<button data-action="undo" data-key="Ctrl+z" class="quiet" title="Ctrl+Z">↶ {view.t("undo")}</button>
</div>"""


def _examples(view: View, document: Document) -> str:
    cards = "".join(
        f'<button class="card" data-action="example" data-example="{recipe.id}">'
        f'<span class="strip">{_strip(recipe.id)}</span>'
        f"<b>{esc(recipe.title[view.language])}</b><small>{esc(recipe.hint[view.language])}</small></button>"
        for recipe in examples.recipes()
    )
    if document.is_empty():
        return f'<div class="hero"><h2>{view.t("start")}</h2><p>{view.t("start_hint")}</p><div class="cards">{cards}</div></div>'
    return f'<details id="examples"><summary>{view.t("examples")}</summary><div class="cards">{cards}</div></details>'


@cache
def _strip(recipe: str) -> str:
    return "".join(f'<img src="{jpeg_uri(_small(item.image()))}" alt="">' for item in examples.preview(recipe))


def _small(image: Image.Image) -> Image.Image:
    return ImageOps.fit(image, (72, 72))


def _shots(view: View, document: Document) -> str:
    rows = document.rows()
    if not rows:
        return ""
    counts = sorted({len(row.pictures) for row in rows})
    shots = str(counts[0]) if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"
    return view.t("n_way_k_shot", way=len(rows), shot=shots)


def _class_row(view: View, tab: Tab, row: ClassRow, position: int, readers: Sequence[TextMethod]) -> str:
    document = tab.document
    label = view.t("class_n", n=position)
    thumbs = "".join(_thumb(view, document, sha, row.key) for sha in row.pictures)
    hint = "" if row.pictures else f'<span class="hint">{view.t("drop_pictures")}</span>'
    return f"""<div class="class-row" role="group" aria-label="{esc(row.name) or label}" data-drop="{row.key}">
<div class="line">
<input type="text" data-auto data-field="name:{row.key}" value="{esc(row.name)}" placeholder="{label}" aria-label="{label}: {view.t("class_name")}">
<span class="count">{len(row.pictures) or ""}</span>
<button data-action="remove_class" data-target="{row.key}" class="icon" aria-label="{view.t("remove_class")}"
 title="{view.t("remove_class")}">{BIN}</button></div>
<textarea rows="{max(1, min(4, row.description.count(chr(10)) + 1))}" data-auto data-field="description:{row.key}"
 placeholder="{view.t("description_placeholder")}"
 aria-label="{label}: {view.t("description")}">{esc(row.description)}</textarea>
{prompting.sentences(view, tab, row, readers)}
<div class="thumbs">{thumbs}{picker(view, row.key, "add_pictures", 'accept="image/*,.heic,.heif"')}{hint}</div></div>"""


def _thumb(view: View, document: Document, sha: str, owner: str) -> str:
    name = esc(view.workspace.picture(sha).name)
    choices = "".join(
        f'<option value="{row.key}">{esc(row.name) or view.t("class_n", n=n)}</option>'
        for n, row in enumerate(document.classes, start=1)
        if row.key != owner
    )
    if owner != "queries":
        choices += f'<option value="queries">{view.t("queries")}</option>'
    return f"""<span class="thumb" draggable="true" data-sha="{sha}" data-from="{owner}">
<img src="{view.thumb(sha)}" alt="{name}" title="{name}">
<button data-action="remove" data-sha="{sha}" data-from="{owner}" aria-label="{view.t("remove_picture", name=name)}">×</button>
<select data-action="move" data-sha="{sha}" data-from="{owner}" aria-label="{view.t("move_picture", name=name)}"
 title="{view.t("move_to")}"><option value="">→</option>{choices}</select></span>"""


def _queries(view: View, document: Document) -> str:
    shown = document.queries[:MAX_QUERIES_SHOWN]
    thumbs = "".join(_thumb(view, document, sha, "queries") for sha in shown)
    more = len(document.queries) - len(shown)
    rest = f'<span class="hint">{view.t("and_more", n=more)}</span>' if more else ""
    hint = "" if document.queries else f'<p class="hint">{view.t("queries_hint")}</p>'
    count = f"<small>{len(document.queries)}</small>" if document.queries else ""
    describe = captions.control(view, document, "queries", view.t("describe_queries")) if document.queries else ""
    return f"""<div class="panel" role="group" aria-label="{view.t("queries")}" data-drop="queries">
<h2>{view.t("queries")} {count}</h2>{hint}
<div class="thumbs">{thumbs}{rest}{picker(view, "queries", "add_queries", 'accept="image/*,.heic,.heif"')}</div>
{f'<div class="line">{describe}</div>' if describe else ""}</div>"""


def chosen_methods(view: View, document: Document) -> list[str]:
    """The ticked methods; before anybody ticks, those that can answer and know such pictures.

    Without pictures that is who reads text. A method that was trained for one kind of pictures is ticked where the
    support set looks like that kind.
    """
    if document.methods is not None:
        return document.methods
    return proposed(view.methods, [view.picture(sha) for row in document.classes for sha in row.pictures[:2]])


def _methods(view: View, document: Document) -> str:
    chosen = chosen_methods(view, document)
    rows = []
    for name, method in view.methods.items():
        card = method.card
        needs = view.t("needs_pictures") if card.needs_pictures else view.t("works_from_text")
        controls = "".join(settings.control(view, document, method, spec) for spec in fields(method.Settings))
        rows.append(f"""<div class="method"><label><input type="checkbox" data-auto data-field="method:{name}"
{"checked" if name in chosen else ""}> <b>{esc(card.title)}</b></label>
<p>{view.t(f"method.{name}")} <span class="cost">{needs} · {view.t("cost", ms=card.cost)}</span></p>
{clip_weights.render(view, document, method) if name in chosen else ""}<details id="settings-{name}"><summary>{view.t("settings")}</summary>{controls}
<p class="hint">{esc(card.paper)} · {esc(card.checkpoint)}</p></details></div>""")
    return f'<div class="panel"><h2>{view.t("methods")}</h2>{"".join(rows)}</div>'


def _predict(view: View, document: Document) -> str:
    stale = f'<p class="warn">{view.t("outdated")}</p>' if document.outdated else ""
    return f"""<div class="panel go">{stale}<button class="primary" data-action="predict" data-event="predict"
 data-key="Ctrl+Enter" title="Ctrl+Enter">{view.t("predict")}</button></div>"""


# --- what it does --------------------------------------------------------------------------------------------------


def act(view: View, tab: Tab, data: Mapping[str, Any], document: Document) -> list[UserError]:
    """Carry out one action of the board on the tab's document; gives the errors of pictures left out."""
    action = data["action"]
    if action == "fields":
        return []
    if action == "undo":
        document.take_back()
        return []
    if action == "add":
        if data["batch"] != tab.batch:
            document.remember()
            tab.batch, tab.refused = data["batch"], []
        tab.refused += uploads.add(view, document, data)
        return tab.refused
    if action == "sentences":
        tab.sentences ^= {data["target"]}
        return []
    if action == "captioner":
        captions.choose(view, document, data["value"])
        return []
    if action == "without":
        document.methods = [name for name in chosen_methods(view, document) if name != data["method"]]
        return []
    document.remember()
    if action == "add_class":
        document.add_class()
    elif action == "remove_class":
        document.remove_class(data["target"])
    elif action == "remove":
        document.remove_picture(data["from"], data["sha"])
    elif action == "move" and data["value"]:
        document.remove_picture(data["from"], data["sha"])
        uploads.place(document, data["value"], [data["sha"]])
    elif action == "clear":
        empty = Document()
        document.classes, document.queries, document.labels = empty.classes, [], {}
        document.results, document.previous, document.outdated, document.title = [], [], False, ""
    elif action == "define":
        prompting.define(view, document, data)
    elif action == "crop_faces":
        return uploads.crop_faces(view, document)
    elif action == "automatic":
        method, name = data["setting"].split(".")
        document.settings.get(method, {}).pop(name, None)
        document.outdated = bool(document.results)
    return []


def write_fields(view: View, document: Document, values: Mapping[str, Any], touched: str) -> bool:
    """Take over text fields, ticked methods and the setting that was touched. True when something changed."""
    ticks = [name for name in view.methods if values.get(f"method:{name}", name in chosen_methods(view, document))]
    changed = document.write_fields({k: v for k, v in values.items() if isinstance(v, str)})
    if ticks != chosen_methods(view, document):
        document.methods, changed = ticks, True
    for key in values:
        if key.startswith("set:") and settings.write(view, document, key, str(values[key]), key == touched):
            document.outdated, changed = bool(document.results), True
    return changed
