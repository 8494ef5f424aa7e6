"""What names something that is not installed still opens, shows what it knows, and says what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.core.episodes import Caption, Described
from fsl_demo.core.settings import Settings, choice, none_below, whole_number
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS, read
from fsl_demo.ui import tables
from fsl_demo.ui.page import Page
from tests.dictated import Dictated
from tests.ui.conftest import Browser, Colour, ReadingColour, Registry, restarted

INSTALLED = ["faces", "digits"]


@dataclass(frozen=True)
class ManySettings(Settings):
    variant: str | None = choice(lambda: INSTALLED)
    neighbours: int = whole_number(3, low=1, high=9, label="Neighbours")
    none_below: float | None = none_below()


class Many(Colour):
    Settings = ManySettings  # type: ignore[assignment]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    registry = Registry([Many(), ReadingColour("asif")], [Dictated()])
    return Page(Workspace(tmp_path / "workspace"), registry)


SETTINGS: dict[str, Any] = {
    "prototype": {"variant": "birds", "neighbours": 2.7, "vanished": [1, {"a": 2}], "none_below": 0.25},
    "gone": {"variant": "birds", "depth": {"of": ["a", "list"]}},
}


@pytest.fixture
def stranger(filled: Browser) -> Browser:
    """A saved episode of another machine: methods, settings, a variant and a captioner that are not here."""
    filled.edit("tick_method", method="asif", ticked=False)
    assert filled.predict()["state"] == "done"
    (known,) = filled.document.results
    scores = replace(
        known.scores,
        method="gone",
        checkpoint="0" * 64,
        settings=SETTINGS["gone"],
        note={"variant": "birds", "reason": "unheard of", "accuracy": {"birds": 1.0}},
    )
    changed = replace(known.scores, settings=SETTINGS["prototype"], note={"mixed": "somehow"})

    def change(document: Any) -> None:
        document.results = [replace(known, scores=changed), replace(known, scores=scores)]
        document.methods, document.captioner = ["prototype", "gone"], "absent"
        document.settings = dict(SETTINGS)
        document.scored = document.evidence()

    filled.open_draft.edit(change)
    description = Described("absent", "weights", (Caption("a red square", -1.0, fit=0.3, doubtful=False),))
    filled.page.workspace.put_captions({filled.document.queries[0]: description})
    filled.edit("save")
    return filled


@pytest.fixture(params=["draft", "episode", "copy", "results of long ago"])
def opened(request: pytest.FixtureRequest, stranger: Browser) -> Browser:
    """By every way in: the draft after a restart, the saved episode, a duplicate, an older draft's second results."""
    again = restarted(stranger)
    if request.param == "episode":
        again.open("reopen", episode=stranger.document.episode_id)
    if request.param == "copy":
        again.open("duplicate")
    if request.param == "results of long ago":
        document = again.document
        document.previous = [
            replace(run, scores=replace(run.scores, settings={"depth": 1}, note={})) for run in document.results
        ]
        again.page.refresh(again.open_draft)
        again.look()
    assert not again.notices
    return again


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_every_tab_is_on_view(opened: Browser, language: str) -> None:
    there = Browser(opened.page, f"tab-{language}", language=language, draft=opened.draft)
    assert [column["id"] for column in there.parts["data:columns"]] == ["prototype", "gone"]
    assert there.parts["data:columns"][1]["title"] == "gone"
    assert there.row(there.document.queries[0])["methods"].keys() == {"prototype", "gone"}
    assert "gone" in there.parts["methods"] and "birds" in there.parts["methods"]


def test_the_panel_of_settings_says_what_is_missing(opened: Browser) -> None:
    shown = opened.parts["methods"]
    assert "“gone” is not installed here" in shown
    assert "“prototype.variant” cannot be birds. It is one of: faces, digits." in shown
    assert "birds (not installed)</option>" in shown
    assert "“prototype.neighbours” cannot be 2.7. It is a whole number from 1 to 9." in shown
    assert "“prototype.vanished” cannot be [1, {&#39;a&#39;: 2}]. prototype has: " in shown
    assert "none_below” cannot" not in shown  # 0.25 is a value that it can have


def test_details_of_every_query_and_method(opened: Browser) -> None:
    for query in opened.document.queries:
        for method in ("gone", "prototype", "never heard of", ""):
            shown = opened.panel("details", query=query, method=method)
            assert shown and not opened.notices, opened.notice
    shown = opened.panel("details", query=opened.document.queries[0], method="gone")
    assert "“gone” is not installed here" in shown and "birds" in shown and "red" in shown
    shown = opened.panel("details", query=opened.document.queries[0], method="prototype")
    assert "cannot be" in shown  # why there is no map


def test_plots_label_collection_and_comparison(opened: Browser) -> None:
    assert '"matrix"' in opened.panel("plots", method="gone") and not opened.notices
    assert "gone" in opened.panel("episodes") and not opened.notices
    opened.label(opened.document.queries[0], opened.document.classes[0].key)
    assert "1 of 1 right" in opened.html and "gone" in opened.html
    assert b"gone" in tables.results_csv(opened.context)
    assert opened.panel("sentences", key=opened.document.classes[0].key) is not None and not opened.notices
    opened.edit("define", key=opened.document.classes[0].key, method="gone")
    assert not opened.notices


def test_what_moved_names_settings_that_nobody_knows(stranger: Browser) -> None:
    document = stranger.document
    document.previous = [
        replace(run, scores=replace(run.scores, settings={"depth": 1}, note={})) for run in document.results
    ]
    stranger.page.refresh(stranger.open_draft)
    stranger.look()
    assert "depth" in stranger.parts["moved"] and "vanished" in stranger.parts["moved"]


def test_captions_of_a_captioner_that_is_not_here(opened: Browser) -> None:
    first, second = opened.document.queries[:2]
    shown = opened.panel("caption_details", query=first)
    assert "a red square" in shown and "absent is not installed here" in shown and not opened.notices
    shown = opened.panel("caption_details", query=second)
    if opened.document.captioner:  # a saved episode does not know who was to describe
        assert "“absent” is not installed here. Dictated describes in its place." in shown
    opened.edit("choose_captioner", captioner="never heard of")
    assert opened.panel("caption_details", query=second)


def test_predicting_again_says_what_cannot_be(opened: Browser) -> None:
    assert opened.predict() == {}
    assert "prototype." in opened.notice and len(opened.document.results) == 2  # what was there stays
    opened.edit("set_setting", method="prototype", name="variant", value="")
    assert opened.predict() == {} and "cannot be 2.7" in opened.notice
    opened.edit("tick_method", method="asif", ticked=True)
    assert opened.start("predict") is not None and "cannot be 2.7" in opened.notice  # the other one answers
    opened.edit("tick_method", method="asif", ticked=False)
    opened.edit("set_setting", method="prototype", name="neighbours", value="5")
    assert opened.predict()["state"] == "done", opened.notice
    (result,) = opened.document.results
    assert result.scores.settings == {"variant": None, "neighbours": 5, "none_below": 0.25}


def test_a_checkpoint_that_comes_is_on_view_at_once(stranger: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "INSTALLED", ["faces", "birds"])
    stranger.page.refresh(stranger.open_draft)
    stranger.look()
    assert '<option value="birds" selected>birds</option>' in stranger.parts["methods"]
    assert "“prototype.variant”" not in stranger.parts["methods"]


def test_a_file_of_another_machine_comes_in_and_goes_out(stranger: Browser, tmp_path: Path) -> None:
    workspace, episode = stranger.page.workspace, stranger.document.episode_id
    labelled = workspace.episode(episode)
    for name, known in FORMATS.items():
        known.write([(episode, labelled)], tmp_path / f"{name}{known.suffix}")
    (again,) = read(tmp_path / "imagefolder.zip", workspace)
    assert [run.scores.settings for run in again.runs] == [run.scores.settings for run in labelled.runs]
    assert again.captions == labelled.captions
    stranger.open("reopen", episode=workspace.save_episode(again))
    assert "“gone” is not installed here" in stranger.parts["methods"] and not stranger.notices
