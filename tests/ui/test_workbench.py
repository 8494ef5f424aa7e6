"""The Workbench's other parts: methods and their settings, faces, plots, frames of a camera."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import FitsQuickly
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.settings import Settings, choice, slider
from fsl_demo.inference import faces
from fsl_demo.ui import live, marks, warming
from fsl_demo.ui.page import Page
from tests.colours import painted
from tests.ui.conftest import Browser, Colour, Paint, Registry


@dataclass(frozen=True)
class OddSettings(Settings):
    made_up: float | None = slider(None, low=0.0, high=2.0, step=0.1, help="what it is")
    variant: str | None = choice(("faces", "<mine>"))


class Odd(Colour):
    Settings = OddSettings  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__("<odd>")
        self.card = MethodCard(
            "odd",
            "<Odd>",
            paper="-",
            checkpoint="-",
            needs_pictures=True,
            reads_text=False,
            transductive=False,
            explains=("query",),
            cost=1,
            kinds=(),
        )


@pytest.fixture
def odd(filled: Browser) -> Browser:
    filled.page.registry.methods["odd"] = Odd()
    filled.page.refresh(filled.open_draft)
    filled.look()
    return filled


def test_a_setting_without_a_text_has_the_fields_name(odd: Browser) -> None:
    shown = odd.parts["methods"]
    assert "<span>made_up</span>" in shown and 'max="2.0"' in shown
    assert '<option value="&lt;mine&gt;" >&lt;mine&gt;</option>' in shown and ">faces</option>" in shown
    assert "<Odd>" not in shown and "&lt;Odd&gt;" in shown
    assert "Experiments" in shown  # it is for no kind of pictures


def test_settings_are_set_and_left_to_the_method_again(odd: Browser) -> None:
    odd.edit("set_setting", method="odd", name="made_up", value="1.5")
    odd.edit("set_setting", method="odd", name="variant", value="faces")
    assert odd.document.settings == {"odd": {"made_up": 1.5, "variant": "faces"}}
    assert "<output>1.50</output>" in odd.parts["methods"]
    assert '<option value="faces" selected>' in odd.parts["methods"]
    odd.edit("set_setting", method="odd", name="variant", value="no such")
    assert "“odd.variant” cannot be no such. It is one of: faces, <mine>." in odd.notice
    odd.edit("set_setting", method="odd", name="variant", value="")
    odd.edit("set_setting", method="odd", name="made_up", value="")
    assert odd.document.settings == {}
    odd.edit("set_setting", method="odd", name="no such", value="1")
    assert "“odd.no such” cannot be 1" in odd.notice
    odd.edit("set_setting", method="gone", name="x", value="1")
    assert "There is no method “gone”" in odd.notice


def test_ticked_methods_are_kept_in_their_order_and_counted(odd: Browser) -> None:
    odd.edit("tick_method", method="odd", ticked=True)
    odd.edit("tick_method", method="prototype", ticked=False)
    odd.edit("tick_method", method="prototype", ticked=True)
    assert odd.document.methods == ["prototype", "asif", "odd"]
    assert "· ticked: 1" in odd.parts["methods"]
    odd.edit("tick_method", method="gone", ticked=True)
    assert odd.document.methods == ["prototype", "asif", "odd"]


def test_without_pictures_the_methods_that_read_text_are_proposed(browser: Browser, filled: Browser) -> None:
    assert filled.parts["data:proposed"] == ["prototype", "asif"]
    filled.open("new")
    assert filled.parts["data:proposed"] == ["asif"]


# --- faces ---------------------------------------------------------------------------------------------------------


def test_faces_take_the_place_of_their_pictures_in_one_step(filled: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def crop(picture: Picture) -> Picture | None:
        return None if picture.name in ("b1.png", "q2.png") else from_image(painted((1, 2, 3)), f"face-{picture.name}")

    filled.label(filled.document.queries[0], filled.document.classes[0].key)
    first, box = filled.document.classes[0].pictures[0], (0.0, 0.0, 0.5, 1.0)
    filled.open_draft.edit(lambda document: marks.add(document.boxes, first, [box]))
    before = json.loads(json.dumps(filled.document.to_json()))
    monkeypatch.setattr(faces, "crop", crop)
    shown = filled.job("crop_faces")
    assert shown["state"] == "done"
    assert "No face was found in “b1.png”" in filled.notice and "“q2.png”" in filled.notice
    assert "(1 boxes) does not fit them any more" in filled.notice and not filled.document.boxes
    assert len(filled.document.classes[0].pictures) == 1  # the same face twice
    assert len(filled.document.queries) == 2 and filled.document.queries[0] in filled.document.labels
    assert filled.document.paths[filled.document.queries[1]] == ["q2.png"]
    filled.undo()
    assert json.loads(json.dumps(filled.document.to_json())) == before


# --- plots ---------------------------------------------------------------------------------------------------------


def test_plots_show_every_picture_and_are_safe(filled: Browser, paint: Paint) -> None:
    filled.edit("rename", key=filled.document.classes[0].key, name="<b>red</b> " + "x" * 60)
    filled.predict()
    plots = json.loads(filled.panel("plots", method="prototype"))
    assert plots["title"] == "Similarity of each query to each class"
    (matrix,) = plots["matrix"]["data"]
    axes = plots["matrix"]["layout"]
    assert axes["xaxis"]["type"] == axes["yaxis"]["type"] == "category"  # a class called 2024-05-01 is no date
    assert len(matrix["y"]) == 3 and len(matrix["x"]) == 2 and "<" not in str(matrix["x"])
    assert [len(trace["text"]) for trace in plots["map"]["data"]] == [2, 2, 3]
    assert filled.panel("plots", method="gone") == filled.panel("plots", method="prototype")


def test_plots_of_a_class_that_was_removed_and_before_a_prediction(filled: Browser) -> None:
    assert filled.panel("plots", method="prototype") == "" and "no query yet" in filled.notice
    filled.predict()
    filled.edit("remove_class", key=filled.document.classes[0].key)
    assert "(removed class)" in filled.panel("plots", method="prototype")


# --- the camera ----------------------------------------------------------------------------------------------------


def test_frames_are_answered_by_the_fastest_method_fitted_once(filled: Browser, paint: Paint) -> None:
    slow, fast = filled.page.registry.methods["prototype"], filled.page.registry.methods["asif"]
    slow.card = MethodCard(
        "prototype",
        "Slow",
        paper="-",
        checkpoint="-",
        needs_pictures=True,
        reads_text=False,
        transductive=False,
        explains=(),
        cost=99,
    )
    fits = []
    inner = fast.fit
    fast.fit = lambda *arguments: fits.append(1) or inner(*arguments)  # type: ignore[func-returns-value, method-assign]
    camera = live.Live(filled.page)
    frame = paint("frame.png", (5, 5, 205)).read_bytes()
    for _ in range(3):
        answer = camera.answer(filled.context, frame)
    assert answer["answer"] == filled.document.classes[1].key and answer["method"] == "Asif" and len(fits) == 1
    filled.edit("rename", key=filled.document.classes[0].key, name="crimson")
    camera.answer(filled.context, frame)
    assert len(fits) == 2
    filled.page.registry.methods.clear()
    with pytest.raises(UserError, match="No method is chosen"):
        live.Live(Page(filled.page.workspace, Registry())).answer(filled.context, frame)


def test_a_method_that_can_answer_quickly_does_so_for_frames(filled: Browser, paint: Paint) -> None:
    method = filled.page.registry.methods["asif"]

    class Quick(FitsQuickly[Any]):
        card, Settings = method.card, method.Settings
        fitted: ClassVar[list[str]] = []

        def fit(self, *_: Any) -> Any:
            raise AssertionError

        def fit_quick(self, *arguments: Any) -> Any:
            self.fitted.append("quickly")
            return method.fit(*arguments)

    filled.page.registry.methods |= {"prototype": Quick(), "asif": Quick()}
    live.Live(filled.page).answer(filled.context, paint("frame.png", (5, 5, 205)).read_bytes())
    assert Quick.fitted == ["quickly"]


def test_frames_are_kept_nowhere(page: Page) -> None:
    unkept = live.Unkept(page.workspace)
    unkept.put_vectors("space", {"key": np.zeros(3, np.float32)})
    assert unkept.get_vectors("space", ["key"]) == {}
    page.workspace.put_vectors("space", {"key": np.ones(3, np.float32)})
    assert unkept.get_vectors("space", ["key"])["key"].tolist() == [1, 1, 1]
    assert set(live.frame_methods(Networks(FeatureCache()), page.workspace)) >= {"prototype", "asif"}


def test_networks_are_loaded_ahead_and_a_failure_is_harmless(page: Page, tmp_path: Path) -> None:
    warming.start(page).join(30)
    method: Any = page.registry.methods["prototype"]
    method.fit = lambda *_: 1 / 0
    warming.start(page).join(30)
    assert not page.workspace.statistics().pictures
