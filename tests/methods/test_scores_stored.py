"""What every installed method says of an episode can be written as JSON and stored: plain numbers, no numpy scalars."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsl_demo import methods
from fsl_demo.core.capabilities import ScoresEpisodes
from fsl_demo.core.episodes import LabelledEpisode, Run, Scores
from fsl_demo.services.documents import predict_document
from fsl_demo.store import Workspace
from tests.backbones import tiny_clip
from tests.backbones.loaded import networks
from tests.methods.test_score_episodes import episodes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return methods.build(networks())


def plain_values(scores: Scores) -> dict[str, Any]:
    """All but the arrays, which are stored as such; a number that is not known by its name, as it is not itself."""
    plain = {name: value for name, value in vars(scores).items() if not isinstance(value, np.ndarray)}
    return {name: "nan" if value != value else value for name, value in plain.items()}


@pytest.mark.parametrize("name", [make.card.id for make in methods.METHODS])
def test_scores_are_written_as_json_and_stored(
    known: dict[str, Any], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method, settings = known[name], known[name].Settings()
    if name == "clip":  # its weights are not shipped
        tiny_clip.register(monkeypatch)
        settings = method.Settings(f"tiny:{tiny_clip.save('tiny', tmp_path / 'tiny.safetensors')}")
    workspace = Workspace(tmp_path / "workspace")
    for shots in ((1, 1, 1), (2, 2, 2)):  # with two pictures a class, held-out ones calibrate
        (episode,) = episodes(shots, count=1)
        scores = method.fit(episode, settings).predict(episode.queries)
        json.dumps(predict_document(episode, [picture.name for picture in episode.queries], [scores]))
        stored = workspace.episode(
            workspace.save_episode(LabelledEpisode(episode, name, runs=(Run(scores),), labels={}))
        )
        values = plain_values(scores)
        assert json.loads(json.dumps(values)) == values == plain_values(stored.runs[0].scores)
        np.testing.assert_array_equal(stored.runs[0].scores.similarities, scores.similarities)
        if isinstance(method, ScoresEpisodes):
            (at_once,) = method.score_episodes([episode], settings)
            json.dumps(plain_values(at_once))
