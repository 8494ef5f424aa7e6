"""The Collection tab: saved episodes; search, reopen, delete with undo, statistics, export and import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fsl_demo.store import EpisodeSummary
from fsl_demo.store.exchange import FORMATS
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import Document
from fsl_demo.ui.html import BIN, View, esc

DRAFTS = 8
FILTERS = ("text", "class_name", "method", "since", "until")


def render(view: View, tab: Tab) -> str:
    everything = view.workspace.episodes()
    if not everything and not tab.deleted:
        return f"""<div class="empty" data-draft="{tab.draft_id}"><h2>{view.t("no_episodes")}</h2><p>{view.t("no_episodes_hint")}</p>
{_import(view)}</div>{_drafts(view, tab)}"""
    found = view.workspace.episodes(**tab.filters)
    rows = "".join(_row(view, summary) for summary in found)
    none = "" if found else f'<p class="empty">{view.t("nothing_found")}</p>'
    return f"""<div class="collection" data-draft="{tab.draft_id}">{_undo(view, tab)}
{_filters(view, tab, everything)}
<table><thead><tr><th><input type="checkbox" data-all aria-label="{view.t("select_all")}"></th><th>{view.t("episode")}</th>
<th>{view.t("classes")}</th><th>{view.t("contents")}</th><th>{view.t("methods")}</th><th>{view.t("saved_at")}</th><th></th></tr></thead>
<tbody>{rows}</tbody></table>{none}
<div class="line">{_export(view)}{_import(view)}</div>{_drafts(view, tab)}{_statistics(view)}</div>"""


def _undo(view: View, tab: Tab) -> str:
    if not tab.deleted:
        return ""
    return f"""<p class="warn">{view.t("deleted")} <button class="quiet" data-action="restore" data-key="Ctrl+z"
data-episode="{tab.deleted}">↶ {view.t("undo")}</button></p>"""


def _filters(view: View, tab: Tab, everything: list[EpisodeSummary]) -> str:
    classes = sorted({name for summary in everything for name in summary.classes})
    methods = sorted({method for summary in everything for method in summary.methods})
    chosen = tab.filters

    def menu(name: str, values: list[str]) -> str:
        options = "".join(f"<option {'selected' if v == chosen.get(name) else ''}>{esc(v)}</option>" for v in values)
        return f'<select data-field="{name}" aria-label="{view.t(name)}"><option value="">{view.t(f"any_{name}")}</option>{options}</select>'

    def day(name: str) -> str:
        return (
            f'<label>{view.t(name)} <input type="date" data-field="{name}" value="{esc(chosen.get(name, ""))}"></label>'
        )

    return f"""<div class="line" role="search"><input type="text" class="grow" data-field="text" value="{esc(chosen.get("text", ""))}"
 placeholder="{view.t("search")}" aria-label="{view.t("search")}">
{menu("class_name", classes)}{menu("method", methods)}{day("since")}{day("until")}</div>"""


def _row(view: View, summary: EpisodeSummary) -> str:
    thumbs = "".join(f'<img src="{view.thumb(sha)}" alt="">' for sha in summary.thumbnails)
    title = esc(summary.title or view.say("untitled"))
    methods = ", ".join(esc(view.methods[m].card.title) if m in view.methods else esc(m) for m in summary.methods)
    contents = view.t("contents_of", support=summary.support, queries=summary.queries, labelled=summary.labelled)
    return f"""<tr><td><input type="checkbox" data-field="pick:{summary.id}" aria-label="{view.t("select")}: {title}"></td>
<td><button class="link" data-action="reopen" data-episode="{summary.id}">{title}</button><div class="strip">{thumbs}</div></td>
<td>{esc(", ".join(summary.classes))}</td><td>{contents}</td><td>{methods}</td>
<td><time>{esc(summary.updated_at[:16].replace("T", " "))}</time></td>
<td><button data-action="reopen" data-episode="{summary.id}" class="quiet">{view.t("reopen")}</button>
<button data-action="delete" data-episode="{summary.id}" class="icon" aria-label="{view.t("delete")}: {title}"
 title="{view.t("delete")}">{BIN}</button></td></tr>"""


def _drafts(view: View, tab: Tab) -> str:
    """Unsaved work of other pages and earlier days, which can be continued."""
    rows = []
    for draft in view.workspace.recent_drafts():
        document = Document.from_json(draft.data)
        if draft.id == tab.draft_id or not document.unsaved or document.is_empty():
            continue
        pictures = [*(sha for row in document.rows() for sha in row.pictures), *document.queries][:6]
        thumbs = "".join(f'<img src="{view.thumb(sha)}" alt="">' for sha in pictures)
        title = esc(document.title or ", ".join(filter(None, document.class_names().values())) or view.say("untitled"))
        rows.append(f"""<tr><td><button class="link" data-action="continue" data-id="{draft.id}">{title}</button>
<div class="strip">{thumbs}</div></td><td><time>{esc(draft.updated_at[:16].replace("T", " "))}</time></td>
<td><button class="quiet" data-action="continue" data-id="{draft.id}">{view.t("continue")}</button>
<button class="icon" data-action="forget" data-id="{draft.id}" aria-label="{view.t("delete")}: {title}"
 title="{view.t("delete")}">{BIN}</button></td></tr>""")
    if not rows:
        return ""
    rows = rows[:DRAFTS]
    return f'<div class="collection drafts" data-draft="{tab.draft_id}"><h2>{view.t("drafts")}</h2><table>{"".join(rows)}</table></div>'


def _export(view: View) -> str:
    options = "".join(f'<option value="{name}">{view.t(f"format.{name}")}</option>' for name in FORMATS)
    return f"""<select data-field="format" aria-label="{view.t("export_format")}">{options}</select>
<button class="primary" data-action="export">⤓ {view.t("export")}</button><span class="hint">{view.t("export_hint")}</span>"""


def _import(view: View) -> str:
    return f"""<input type="file" hidden id="pick-import" data-target="import" accept=".zip,.csv">
<button type="button" class="quiet" data-open="#pick-import" data-focus="pick-import">⤒ {view.t("import")}</button>"""


def _statistics(view: View) -> str:
    numbers = view.workspace.statistics()
    cells = "".join(
        f"<div><b>{value}</b><span>{view.t(f'stat.{name}')}</span></div>"
        for name, value in (
            ("episodes", numbers.episodes),
            ("pictures", numbers.pictures),
            ("classes", numbers.classes),
            ("labels", numbers.labels),
            ("megabytes", f"{numbers.bytes / 1e6:.1f}"),
        )
    )
    return f'<div class="statistics">{cells}</div>'


def filter_by(tab: Tab, values: Mapping[str, Any]) -> None:
    """Take over what stands in the search fields."""
    tab.filters = {name: str(values[name]) for name in FILTERS if values.get(name)}


def picked(values: Mapping[str, Any]) -> list[str]:
    """Ids of the episodes that are ticked."""
    return [name.removeprefix("pick:") for name, value in values.items() if name.startswith("pick:") and value]
