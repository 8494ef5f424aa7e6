"""What the Collection tab does: delete, restore, export and import episodes, and forget drafts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from fsl_demo.episodes import LabelledEpisode
from fsl_demo.store.exchange import FORMATS
from fsl_demo.store.exchange import read as read_exported
from fsl_demo.ui import collection, uploads
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.html import View
from fsl_demo.ui.said import Said


def act(view: View, tab: Tab, data: Mapping[str, Any], said: Said) -> None:
    action = data["action"]
    if action == "forget":
        view.workspace.delete_draft(data["id"])
    elif action == "delete":
        view.workspace.delete_episode(data["episode"])
        tab.deleted = data["episode"]
    elif action == "restore":
        view.workspace.restore_episode(data["episode"])
        tab.deleted = ""
    elif action == "export":
        said.inform(_export(view, tab, data["fields"]))
    elif action == "add":
        said.inform(_import(view, data["files"], said))


def _export(view: View, tab: Tab, fields: Mapping[str, Any]) -> str:
    chosen = collection.picked(fields) or [s.id for s in view.workspace.episodes(**tab.filters)]
    kind = FORMATS[fields["format"]]
    folder = view.workspace.folder / "exports"
    folder.mkdir(exist_ok=True)
    path = folder / f"episodes-{datetime.now():%Y%m%d-%H%M%S}-{kind.id}{kind.suffix}"
    kind.write([(episode_id, view.workspace.episode(episode_id)) for episode_id in chosen], path)
    link = f'<a download="{path.name}" href="gradio_api/file={quote(str(path.resolve()))}">{path.name}</a>'
    return f"<p>{view.t('exported', n=len(chosen))} {link}</p>"


def _import(view: View, files: Iterable[Mapping[str, Any]], said: Said) -> str:
    episodes: list[LabelledEpisode] = []
    for file in files:
        path = uploads.uploaded(file["path"])
        try:
            episodes += read_exported(path, view.workspace, report=lambda error: said.add([error]))
        finally:
            uploads.discard(path)
    for labelled in episodes:
        view.workspace.save_episode(labelled)
    return view.t("imported", n=len(episodes))
