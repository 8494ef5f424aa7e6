"""The page: tabs, what is on them, and which event refreshes what."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

import gradio as gr

from fsl_demo.errors import Cancelled, UserError
from fsl_demo.methods.captioning import Captioner
from fsl_demo.methods.contract import Method
from fsl_demo.store import Workspace
from fsl_demo.ui import (
    answers,
    api,
    captions,
    clip_weights,
    collecting,
    collection,
    examples,
    header,
    labelling,
    plots,
    prediction,
    results,
    search,
    searching,
    why,
    workbench,
)
from fsl_demo.ui.background import Step
from fsl_demo.ui.catalogue import LANGUAGES, translations
from fsl_demo.ui.desk import Desk, Tab
from fsl_demo.ui.document import Document, Result
from fsl_demo.ui.html import View, block, notice
from fsl_demo.ui.said import Said

i18n = gr.I18n(**translations())
Updates = dict[Any, Any]
EVENT: dict[str, Any] = {
    "queue": True,
    "show_progress": "hidden",
    "trigger_mode": "multiple",
    "api_visibility": "private",
}


class Page:
    """Builds the Blocks and answers its events; all state is on the desk and in the workspace."""

    def __init__(
        self, workspace: Workspace, methods: dict[str, Method], captioners: Mapping[str, Captioner] | None = None
    ) -> None:
        self.desk = Desk(workspace)
        self.workspace = workspace
        self.methods = methods
        self.captioners = captioners or {}

    def build(self) -> gr.Blocks:
        with gr.Blocks(title="Few-shot workbench", fill_width=True, analytics_enabled=False) as blocks:
            self.draft = gr.BrowserState("", storage_key="fsl_demo_draft", secret="fsl_demo")
            self.annotator = gr.BrowserState("", storage_key="fsl_demo_annotator", secret="fsl_demo")
            self.header = block("header")
            with gr.Tabs(selected="workbench", elem_id="tabs") as self.tabs:
                with gr.Tab(i18n("tab_workbench"), id="workbench") as self.workbench_tab:
                    self.board = block("board")
                with gr.Tab(i18n("tab_results"), id="results") as self.results_tab:
                    with gr.Row(elem_id="results-row"):
                        with gr.Column(scale=3, min_width=520):
                            self.results = block("results")
                        with gr.Column(scale=2, min_width=420):
                            self.why = block("why")
                    with gr.Column(visible=False) as self.plots:
                        self.matrix_of = gr.Radio([], label=i18n("label_matrix_of"), elem_id="matrix-of")
                        with gr.Row():
                            self.matrix = gr.Plot(label=i18n("label_matrix"), elem_id="matrix")
                            self.map = gr.Plot(label=i18n("label_map"), elem_id="map")
                with gr.Tab(i18n("tab_label"), id="label") as self.label_tab:
                    self.labelling = block("labelling")
                with gr.Tab(i18n("tab_search"), id="search") as self.search_tab:
                    self.search = block("search")
                with gr.Tab(i18n("tab_collection"), id="collection") as self.collection_tab:
                    self.collection = block("collection")
            self.progress = block("progress")
            self.notice = block("notice")
            self._listen(blocks)
            api.add(self.methods, self.captioners)
        return blocks

    def _listen(self, blocks: gr.Blocks) -> None:
        everything = [
            *(self.draft, self.annotator, self.header, self.tabs, self.board, self.progress, self.results, self.why),
            *(self.plots, self.matrix_of, self.matrix, self.map, self.labelling, self.search, self.collection),
            self.notice,
        ]
        remembered = [self.draft, self.annotator]
        labelled = [self.workbench_tab, self.results_tab, self.label_tab, self.search_tab, self.collection_tab]
        blocks.load(
            self.on_load, remembered, [*everything, *labelled], show_progress="hidden", api_visibility="private"
        )
        for source, handler in (
            (self.board, self.on_board),
            (self.results, self.on_results),
            (self.why, self.on_results),
            (self.labelling, self.on_label),
            (self.search, self.on_search),
            (self.collection, self.on_collection),
            (self.notice, self.on_notice),
        ):
            source.act(handler, remembered, everything, **EVENT)
        self.board.predict(self.on_predict, remembered, everything, concurrency_limit=4, **EVENT)
        for block_of in (self.board, self.search):
            block_of.describe(self.on_describe, remembered, everything, concurrency_limit=4, **EVENT)
        self.search.search(self.on_ask, remembered, everything, concurrency_limit=4, **EVENT)
        self.board.download(self.on_download, remembered, everything, concurrency_limit=4, **EVENT)
        self.progress.stop(self.on_stop, remembered, everything, **EVENT)
        self.matrix_of.input(self.on_matrix, [*remembered, self.matrix_of], self.matrix, api_visibility="private")
        self.search_tab.select(self.on_open_search, remembered, self.search, **EVENT)
        self.collection_tab.select(self.on_open_collection, remembered, self.collection, **EVENT)

    # --- events --------------------------------------------------------------------------------------------------

    def on_load(self, draft: str, annotator: str, request: gr.Request) -> Updates:
        view, tab = self._view(request), self.desk.open(str(request.session_hash), draft)
        shown = self._show(view, tab, annotator)
        self._plots(view, tab, shown)
        return {
            **shown,
            **self._labels(view),
            self.header: header.render(view),
            self.draft: tab.draft_id,
            self.notice: "",
        }

    def on_board(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Updates:
        view, tab, data = self._arrive(request, event, draft)
        if data["action"] in ("new", "duplicate", "example"):
            return self._replace(view, tab, data, annotator)
        with Said(view) as said, self.desk.edit(tab) as document:
            before = document.outdated
            workbench.write_fields(view, document, data["fields"], data.get("field", ""))
            said.add(workbench.act(view, tab, data, document))
        only_text = data["action"] == "fields" and not data["field"].startswith("set:")
        if only_text and document.outdated == before and not tab.conflict:
            shown = {self.labelling: labelling.render(view, tab, annotator)}
            if data["field"] != "title":
                shown[self.board] = workbench.render(view, tab)
            return {**shown, self.notice: said.html()}
        shown = self._show(view, tab, annotator, why_too=document.outdated != before)
        return {**shown, self.notice: self._say(view, tab, said)}

    def on_predict(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Iterator[Updates]:
        view, tab, data = self._arrive(request, event, draft)
        with Said(view) as said:
            with self.desk.edit(tab) as document:
                workbench.write_fields(view, document, data["fields"], "")
            outcome = None
            for outcome in prediction.predict(view, tab):
                if isinstance(outcome, Step):
                    yield {self.progress: header.progress(view, outcome), self.notice: ""}
            assert isinstance(outcome, prediction.Prediction)
            with self.desk.edit(tab) as document:
                prediction.keep(document, outcome)
            for name, error in outcome.refused.items():
                said.lines.append(f"{view.methods[name].card.title}: {view.error(error)}")
            if outcome.cancelled:
                said.kind, said.lines = "info", [view.say("stopped")]
            elif outcome.results:
                said.kind = "info"
                tab.page = 0
                tab.selected = (answers.ordered(document, tab.sort)[0], outcome.results[0].scores.method, "", "")
                tab.point, tab.phrase, tab.caption = None, "", ("", "", 0, -1)
                shown = self._show(view, tab, annotator)
                self._plots(view, tab, shown)
                yield {
                    **shown,
                    self.tabs: gr.Tabs(selected="results"),
                    self.notice: self._say(view, tab, said),
                    self.progress: "",
                }
                return
        yield {self.progress: "", self.notice: self._say(view, tab, said), self.board: workbench.render(view, tab)}

    def on_describe(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Iterator[Updates]:
        """Describe the queries, or every picture of the collection."""
        view, tab, data = self._arrive(request, event, draft)
        queries, done = data["of"] == "queries", False
        with Said(view) as said:
            if queries:
                pictures = [view.picture(sha) for sha in tab.document.queries]
                if not pictures:
                    raise UserError("no_queries")
            else:
                searching.remember(tab, data["fields"])
                pictures = [one.picture for one in self.workspace.collection()]
            done = yield from self._steps(view, said, captions.describe(view, tab, pictures), "stopped")
        shown: Updates = {self.progress: "", self.notice: said.html(), self.search: search.render(view, tab)}
        if queries and done and tab.document.queries:
            tab.page = 0
            tab.caption = (answers.ordered(tab.document, tab.sort)[0], "", 0, -1)
            shown |= {self.tabs: gr.Tabs(selected="results"), self.why: why.render(view, tab)}
        yield {**shown, self.results: results.render(view, tab)}

    def on_download(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Iterator[Updates]:
        view, tab, data = self._arrive(request, event, draft)
        with Said(view) as said:
            with self.desk.edit(tab) as document:
                workbench.write_fields(view, document, data["fields"], "")
            if (yield from self._steps(view, said, clip_weights.act(view, tab, data), "download_stopped")):
                said.inform(f"<p>{view.t('downloaded')}</p>")
        yield {self.progress: "", self.notice: self._say(view, tab, said), self.board: workbench.render(view, tab)}

    def on_stop(self, draft: str, annotator: str, request: gr.Request) -> Updates:
        self.desk.tab(str(request.session_hash), draft).stop.set()
        return self._unchanged()

    def on_results(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Updates:
        view, tab, data = self._arrive(request, event, draft)
        if data["action"] == "fields":
            return self._unchanged()
        results.act(view, tab, data)
        return {self.results: results.render(view, tab), self.why: why.render(view, tab)}

    def on_matrix(self, draft: str, annotator: str, method: str, request: gr.Request) -> Any:
        view, tab = self._view(request), self.desk.tab(str(request.session_hash), draft)
        chosen = tab.document.result(method)
        return _matrix(view, tab.document, chosen) if chosen else None

    def on_label(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Updates:
        view, tab, data = self._arrive(request, event, draft)
        annotator = " ".join(str(data["fields"].get("annotator", annotator)).split())[:60]
        with Said(view) as said:
            if data["action"] == "save":
                return {**self._save(view, tab, annotator), self.annotator: annotator}
            with self.desk.edit(tab):
                labelling.act(view, tab, data, annotator)
        shown = {self.labelling: labelling.render(view, tab, annotator), self.results: results.render(view, tab)}
        if data["action"] in ("join", "undo"):
            shown = self._show(view, tab, annotator)
        return {**shown, self.annotator: annotator, self.notice: self._say(view, tab, said)}

    def on_collection(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Updates:
        view, tab, data = self._arrive(request, event, draft)
        action = data["action"]
        with Said(view) as said:
            if action in ("reopen", "continue"):
                tab = self._open(tab, data)
                shown = self._show(view, tab, annotator)
                self._plots(view, tab, shown)
                return {**shown, self.draft: tab.draft_id, self.notice: "", self.tabs: gr.Tabs(selected="workbench")}
            if action == "fields":
                collection.filter_by(tab, data["fields"])
                if data["field"].startswith("pick:") or data["field"] == "format":
                    return self._unchanged()
            else:
                collecting.act(view, tab, data, said)
        return {self.collection: collection.render(view, tab), self.notice: said.html()}

    def on_search(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Updates:
        view, tab, data = self._arrive(request, event, draft)
        searching.remember(tab, data["fields"])
        shown: Updates = {}
        with Said(view) as said:
            if data["action"] == "fields":
                return self._unchanged()
            if data["action"] == "add":
                said.add(searching.add(view, tab, data))
            elif data["action"] == "captioner":
                with self.desk.edit(tab) as document:
                    captions.choose(view, document, data["value"])
                shown = {self.board: workbench.render(view, tab)}
            elif data["action"] in searching.SENDS:
                with self.desk.edit(tab) as document:
                    before = document.outdated
                    said.inform(searching.send(view, tab, data, document))
                shown = self._show(view, tab, annotator, why_too=document.outdated != before)
            else:
                said.inform(searching.act(view, tab, data))
        return {**shown, self.search: search.render(view, tab), self.notice: self._say(view, tab, said)}

    def on_ask(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Iterator[Updates]:
        view, tab, data = self._arrive(request, event, draft)
        searching.remember(tab, data["fields"])
        with Said(view) as said:
            yield from self._steps(view, said, searching.ask(view, tab, data), "stopped")
        yield {self.progress: "", self.search: search.render(view, tab), self.notice: said.html()}

    def on_open_search(self, draft: str, annotator: str, request: gr.Request) -> str:
        return search.render(self._view(request), self.desk.tab(str(request.session_hash), draft))

    def on_open_collection(self, draft: str, annotator: str, request: gr.Request) -> str:
        return collection.render(self._view(request), self.desk.tab(str(request.session_hash), draft))

    def on_notice(self, draft: str, annotator: str, request: gr.Request, event: gr.EventData) -> Updates:
        """What a tab does that another tab has overtaken: take the newer state, or go on as a copy."""
        view, tab, data = self._arrive(request, event, draft)
        if data["action"] == "copy":
            tab = self.desk.start(tab.id, tab.document)
        else:
            tab = self.desk.open(tab.id, tab.draft_id)
        shown = self._show(view, tab, annotator)
        self._plots(view, tab, shown)
        return {**shown, self.draft: tab.draft_id, self.notice: ""}

    # --- parts ---------------------------------------------------------------------------------------------------

    def _view(self, request: gr.Request) -> View:
        wanted = request.cookies.get("fsl_language", "") or request.headers.get("accept-language", "")
        language = "zh-TW" if wanted.lower().startswith("zh") else LANGUAGES[0]
        return View(language, self.workspace, self.methods, self.captioners)

    def _arrive(self, request: gr.Request, event: gr.EventData, draft: str) -> tuple[View, Tab, dict[str, Any]]:
        data = dict(event._data)
        return self._view(request), self.desk.tab(str(request.session_hash), data.get("draft") or draft), data

    def _say(self, view: View, tab: Tab, said: Said) -> str:
        if not tab.conflict:
            return said.html()
        buttons = (
            f'<div class="line" data-draft="{tab.draft_id}"><button class="primary" data-action="copy">{view.t("keep_copy")}</button>'
            f'<button class="quiet" data-action="reload">{view.t("take_newer")}</button></div>'
        )
        return notice(view.t("conflict"), "error", buttons)

    def _steps(self, view: View, said: Said, steps: Iterator[Step], stopped: str) -> Generator[Updates, None, bool]:
        """Show how far something is; gives whether it came to its end. `stopped` is said when Stop was pressed."""
        try:
            for step in steps:
                yield {self.progress: header.progress(view, step), self.notice: ""}
        except Cancelled:
            said.kind, said.lines = "info", [view.say(stopped)]
            return False
        return True

    def _unchanged(self) -> Updates:
        return {self.notice: gr.skip()}

    def _show(self, view: View, tab: Tab, annotator: str, why_too: bool = True) -> Updates:
        shown = {
            self.board: workbench.render(view, tab),
            self.results: results.render(view, tab),
            self.labelling: labelling.render(view, tab, annotator),
        }
        return {**shown, self.why: why.render(view, tab)} if why_too else shown

    def _labels(self, view: View) -> Updates:
        """Labels of Gradio's components in the language that the person chose, which may not be the browser's."""
        return {
            self.workbench_tab: gr.Tab(label=view.say("tab_workbench")),
            self.results_tab: gr.Tab(label=view.say("tab_results")),
            self.label_tab: gr.Tab(label=view.say("tab_label")),
            self.search_tab: gr.Tab(label=view.say("tab_search")),
            self.collection_tab: gr.Tab(label=view.say("tab_collection")),
        }

    def _plots(self, view: View, tab: Tab, updates: Updates) -> None:
        """Add the plots of the tab's results to the updates."""
        document = tab.document
        found = document.results if not document.outdated else []
        updates[self.plots] = gr.Column(visible=bool(found))
        if not found:
            return
        names = [
            (view.methods[r.scores.method].card.title, r.scores.method)
            for r in found
            if r.scores.method in view.methods
        ]
        updates[self.matrix_of] = gr.Radio(
            names, value=found[0].scores.method, visible=len(names) > 1, label=view.say("label_matrix_of")
        )
        updates[self.matrix] = _matrix(view, document, found[0])
        pictures = [*(sha for row in document.rows() for sha in row.pictures), *document.queries]
        points = plots.embedding_map(view, document, self._embed(pictures), pictures)
        updates[self.map] = gr.Plot(points, label=view.say("label_map"))

    def _embed(self, pictures: list[str]) -> Any:
        embedder = next(method for method in self.methods.values() if hasattr(method, "embed"))
        return embedder.embed([self.workspace.picture(sha) for sha in pictures])

    def _replace(self, view: View, tab: Tab, data: dict[str, Any], annotator: str) -> Updates:
        """Open a new draft: empty, a copy, or an example. The old one stays in the store."""
        if data["action"] == "new":
            document = Document()
        elif data["action"] == "example":
            document = examples.build(data["example"], view.language, self.workspace.add_picture)
        else:
            workbench.write_fields(view, tab.document, data["fields"], "")
            document = Document.from_json(tab.document.to_json())
            document.episode_id, document.undo = "", []
        tab = self.desk.start(tab.id, document)
        shown = self._show(view, tab, annotator)
        self._plots(view, tab, shown)
        return {**shown, self.draft: tab.draft_id, self.notice: ""}

    def _open(self, tab: Tab, data: dict[str, Any]) -> Tab:
        """Open a saved episode as a new draft, or go on with a draft."""
        if data["action"] == "continue":
            return self.desk.open(tab.id, data["id"])
        labelled = self.workspace.episode(data["episode"])
        return self.desk.start(tab.id, Document.from_labelled(labelled, data["episode"]))

    def _save(self, view: View, tab: Tab, annotator: str) -> Updates:
        with tab.lock:
            document = tab.document
            labelled = document.labelled(self.workspace.picture)
            labelled.episode.check()
            document.episode_id = self.workspace.save_episode(labelled, document.episode_id or None)
            document.unsaved = False
            self.desk.save(tab)
        said = notice(view.t("saved", place=self.workspace.folder.resolve(), id=document.episode_id), "done")
        return {
            self.labelling: labelling.render(view, tab, annotator),
            self.collection: collection.render(view, tab),
            self.notice: said,
        }


def _matrix(view: View, document: Document, result: Result) -> gr.Plot:
    """Queries against classes; against every support picture, for methods that compare pairs by a distance."""
    if "distances" in view.methods[result.scores.method].card.explains and result.scores.pairs is not None:
        return gr.Plot(plots.distance_matrix(view, document, result), label=view.say("label_distances"))
    return gr.Plot(plots.similarity_matrix(view, document, result), label=view.say("label_matrix"))
