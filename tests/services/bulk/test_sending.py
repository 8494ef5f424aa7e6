"""What was fitted goes to another process without networks and pixels, and answers there as it did here."""

from __future__ import annotations

import threading
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import HasWeights
from fsl_demo.core.episodes import Episode, Progress, quiet
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.core.settings import Settings
from fsl_demo.inference.originals import Originals
from fsl_demo.services.bulk.predict import FittedRecipe, Predict, PredictRecipe
from fsl_demo.services.bulk.sending import packed, unpacked
from fsl_demo.services.registry import Installed
from tests.nearest import Nearest
from tests.services.bulk.colour_run import episode, pictures


class Weighed(Nearest, HasWeights):
    """`Nearest` with weights."""

    hashed = "first"

    def weights(self, settings: Settings) -> str:
        return self.hashed


class Learned:
    """What was fitted with a method and its networks."""

    def __init__(self, method: Weighed, networks: Networks, learned: Picture) -> None:
        self.method, self.originals, self.means = method, Originals(networks), np.eye(2)
        self.picture, self.nothing = learned, None


def installed(weights: str = "first") -> Installed:
    method = Weighed("weighed")
    method.hashed = weights
    made = Installed([method])
    made.networks = Networks(FeatureCache())
    return made


def test_methods_and_networks_are_those_of_the_other_process_and_pixels_stay() -> None:
    here, there = installed(), installed()
    picture = episode().support[0].picture
    sent = packed(Learned(here.methods["weighed"], here.networks, picture), here)  # type: ignore[arg-type]
    came: Learned = unpacked(sent, there)
    assert came.method is there.methods["weighed"] and came.originals._towers.networks is there.networks
    np.testing.assert_array_equal(came.means, np.eye(2))
    assert came.picture == picture and came.nothing is None
    with pytest.raises(ValueError, match="not sent"):
        came.picture.image()
    with pytest.raises(UserError) as refused:
        unpacked(sent, installed("others"))
    assert refused.value.code == "ray_differ"


def test_a_task_answers_as_where_it_was_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[UserError] = []

    def make(recipe: PredictRecipe, registry: Installed, progress: Progress, report: Report) -> Predict:
        report(Notice("picture_twice", file="2.png", first="1.png"))
        return made(recipe, registry, progress=progress, report=report)

    made = PredictRecipe.make
    monkeypatch.setattr(PredictRecipe, "make", make)
    here, there = (replace_methods(installed()) for _ in range(2))
    recipe = PredictRecipe.of(replace(episode(), queries=()), methods=["nearest"])
    fitted = recipe.fitted(here, quiet, told.append)
    assert isinstance(fitted, FittedRecipe) and [error.code for error in told] == ["picture_twice"]
    task = fitted.make(there, quiet, told.append)
    folder = pictures(tmp_path / "pictures", 5)
    queries = [ingest(path) for path in sorted(folder.rglob("*.png"))]
    assert task.answer([queries]) == recipe.make(here, quiet, lambda error: None).answer([queries])
    assert task.depends["methods"][0]["id"] == "nearest" and len(told) == 1


class Apart(Nearest):
    """Its classifiers are not itself."""

    def fit(self, episode: Episode, settings: Settings, progress: Progress = quiet) -> Nearest:
        fitted: Nearest = Nearest.fit(copy(self), episode, settings=settings, progress=progress)
        return fitted


def replace_methods(made: Installed) -> Installed:
    made.methods = {"nearest": Apart()}
    return made


def test_what_cannot_be_sent_is_fitted_by_each_worker() -> None:
    here = replace_methods(installed())
    here.methods["nearest"].lock = threading.Lock()  # type: ignore[attr-defined]
    recipe = PredictRecipe.of(episode(), methods=["nearest"])
    assert recipe.fitted(here, quiet, lambda error: None) is recipe
