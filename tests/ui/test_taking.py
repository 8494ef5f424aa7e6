"""The classifier of the page's support set leaves as a zip."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import fsl_demo
from fsl_demo.backbones.preprocessing import SMALL
from fsl_demo.core.capabilities import Exports
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.inference.calibration import softmax
from fsl_demo.portable import web
from tests.ui.conftest import Browser, Colour, ColourSettings


class Means(torch.nn.Module):
    """Products of a picture's mean colour with those of the classes."""

    def __init__(self, means: np.ndarray) -> None:
        super().__init__()
        self.means = torch.nn.Parameter(torch.from_numpy(means.T.copy()))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((1, 2)) / 255 @ self.means


class TakenColour(Colour, Exports[ColourSettings]):
    """A `Colour` whose classifiers can be taken away."""

    def portable(self, episode: Episode, settings: ColourSettings, progress: Progress = quiet) -> Portable:
        means = np.zeros((len(episode.classes), 3), np.float32)
        for example in episode.support:
            means[example.class_index] += prepared([example.picture]).mean((0, 1, 2)) / 255
        return Portable((SMALL.id,), Means(means), (), temperature=9.0, none_below=0.1, weights="-")

    def fit(self, episode: Episode, settings: ColourSettings, progress: Progress = quiet) -> Any:
        network = self.portable(episode, settings).network

        def predict(queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
            similarities = network(torch.from_numpy(prepared(queries))).detach().numpy()
            return Scores(
                self.card.id,
                checkpoint="-",
                settings={},
                seconds=0.0,
                similarities=similarities,
                probabilities=softmax(9.0 * similarities),
                none_below=0.1,
            )

        return SimpleNamespace(predict=predict)


def prepared(pictures: Sequence[Picture]) -> np.ndarray:
    return np.stack([SMALL.prepare(picture) for picture in pictures]).astype(np.float32)


def taken(browser: Browser, tmp_path: Path) -> fsl_demo.portable.classify.Classifier:
    shown = browser.job("take_classifier", method="taken")
    assert (shown["state"], "2 classes" in shown["text"]) == ("done", True), browser.notice
    with zipfile.ZipFile(browser.page.exports() / shown["file"]) as archive:
        archive.extractall(tmp_path)
    return fsl_demo.load(tmp_path / Path(shown["file"]).stem)


def test_the_zip_answers_as_the_method_on_the_page(filled: Browser, tmp_path: Path) -> None:
    method = filled.page.registry.methods["taken"] = TakenColour("taken")
    classifier = taken(filled, tmp_path)
    assert classifier.classes == ("red", "blue")
    episode = filled.document.episode(filled.context.picture)
    scores = method.fit(episode, ColourSettings()).predict(episode.queries)
    for number, query in enumerate(episode.queries):
        answer = classifier.predict(query.image())
        assert answer.label == episode.classes[scores.best(number)].name
        np.testing.assert_allclose(list(answer.probabilities.values()), scores.probabilities[number], atol=1e-4)


def test_the_page_offers_methods_that_can(filled: Browser) -> None:
    assert filled.parts["data:able"] == []
    filled.page.registry.methods["taken"] = TakenColour("taken")
    filled.edit("set_title", title="looked at again")
    assert filled.parts["data:able"] == [{"id": "taken", "title": "Taken"}]


def test_the_zip_is_a_web_page_where_the_program_has_what_it_takes(
    filled: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    filled.page.registry.methods["taken"] = TakenColour("taken")
    assert filled.job("take_classifier", method="taken", web=True) == {}
    assert "started without onnxruntime-web@" in filled.notice and filled.parts["data:web"] is False
    monkeypatch.setattr(web, "RUNTIME", {"run.wasm": hashlib.sha256(b"runs").hexdigest()})
    (tmp_path / "run.wasm").write_bytes(b"runs")
    filled.page.web = tmp_path
    filled.edit("set_title", title="looked at again")
    assert filled.parts["data:web"] is True
    shown = filled.job("take_classifier", method="taken", web=True)
    with zipfile.ZipFile(filled.page.exports() / shown["file"]) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
    assert {"index.html", "page/page.js", "page/deep.js", "runtime/run.wasm", "classifier.onnx"} <= names


def test_a_method_that_cannot_says_why_and_nothing_is_begun(filled: Browser) -> None:
    assert filled.job("take_classifier", method="prototype") == {}
    assert "Prototype cannot be taken away" in filled.notice
    assert filled.job("take_classifier", method="nobody") == {}
    assert "There is no method “nobody”" in filled.notice


def test_a_class_without_pictures_is_named(filled: Browser) -> None:
    filled.page.registry.methods["taken"] = TakenColour("taken")
    first = filled.document.classes[0]
    filled.edit("remove_class", key=first.key)
    assert filled.job("take_classifier", method="taken") == {}
    assert "One class is not a choice" in filled.notice
