"""Episodes that name what is not installed are listed, shown, exported and imported; verbs say what there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsl_demo.core.episodes import Caption, ClassSpec, Described, Episode, Example, LabelledEpisode, Run, Scores
from fsl_demo.core.pictures import from_image
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS
from tests.cli.conftest import Call
from tests.colours import painted
from tests.dictated import Dictated
from tests.nearest import Nearest


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Registry([Nearest()], [Dictated()])
    monkeypatch.setattr(reading, "registry", lambda *_: known)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with an episode of a method, a variant, settings and a captioner that are not here."""
    red, blue, query = (
        from_image(painted(rgb), name) for rgb, name in (((200, 0, 0), "r"), ((0, 0, 200), "b"), ((210, 9, 9), "q"))
    )
    scores = Scores(
        method="gone",
        checkpoint="0" * 64,
        settings={"variant": "birds", "depth": {"of": ["a", "list"]}},
        seconds=0.5,
        similarities=np.array([[0.9, 0.1]], np.float32),
        probabilities=np.array([[0.8, 0.2]], np.float32),
        none_below=float("nan"),
        note={"variant": "birds", "reason": "unheard of"},
    )
    episode = Episode((ClassSpec("red"), ClassSpec("blue")), (Example(red, 0), Example(blue, 1)), (query,))
    workspace = Workspace(tmp_path / "workspace")
    workspace.save_episode(LabelledEpisode(episode, "Stranger", (Run(scores),)))
    workspace.put_captions(
        {query.sha256: Described("absent", "w", (Caption("a red square", -1.0, fit=0.3, doubtful=False),))}
    )
    return workspace.folder


def test_the_episode_is_listed_and_shown(call: Call, folder: Path) -> None:
    (row,) = call("episodes", "list", "--workspace", folder, "--format", "json").json()
    assert row["methods"] == ["gone"]
    assert call("episodes", "list", "--workspace", folder, "--method", "gone").out.count("Stranger") == 1
    shown = call("episodes", "show", row["id"], "--workspace", folder, "--format", "json").json()
    assert shown["queries"][0]["predictions"]["gone"]["label"] == "red"
    assert "red 80%" in call("episodes", "show", row["id"], "--workspace", folder).out
    assert "a red square" in call("search", "--words", "red", "--workspace", folder).out


@pytest.mark.parametrize("name", FORMATS)
def test_it_goes_out_and_comes_in(call: Call, folder: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / f"out{FORMATS[name].suffix}"
    outcome = call("episodes", "export", "--workspace", folder, "--format", name, "--out", file)
    assert outcome.code == 0, outcome.err
    outcome = call("episodes", "import", file, "--workspace", folder)
    assert outcome.code == 0, outcome.err
    shown = call("episodes", "show", outcome.out.strip(), "--workspace", folder, "--format", "json").json()
    assert shown["queries"][0]["predictions"].get("gone", {"label": "red"})["label"] == "red"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("predict", "--support", "{s}", "--queries", "{s}", "--methods", "gone"),
            "“gone”. There are: nearest",
        ),
        (("explain", "--support", "{s}", "--query", "{q}", "--out", "{o}", "--methods", "gone"), "no method “gone”"),
        (("explain", "--support", "{s}", "--query", "{q}", "--out", "{o}", "--method", "gone"), "no method “gone”"),
        (("evaluate", "--data", "{s}", "--methods", "gone"), "no method “gone”"),
        (("evaluate", "--data", "{s}", "--methods", "gone:blend=1"), "no method “gone”"),
        (("sort", "{s}", "--support", "{s}", "--into", "{o}", "--methods", "gone"), "no method “gone”"),
        (("caption", "{s}", "--captioner", "gone"), "no captioner “gone”. There are: dictated"),
        (("predict", "--support", "{s}", "--queries", "{s}", "--set", "gone.x=1"), "no method “gone”"),
        (("predict", "--support", "{s}", "--queries", "{s}", "--set", "nearest.x=1"), "nearest has: none_below"),
        (
            ("predict", "--support", "{s}", "--queries", "{s}", "--set", "nearest.none_below=nan"),
            "from -2 to 1",
        ),
    ],
)
def test_verbs_say_what_there_is(call: Call, tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    for number, (name, rgb) in enumerate({"red": (200, 0, 0), "blue": (0, 0, 200)}.items()):
        place = tmp_path / "support" / name
        place.mkdir(parents=True)
        painted(rgb, number).save(place / "1.png")
    places = {"s": tmp_path / "support", "q": tmp_path / "support" / "red" / "1.png", "o": tmp_path / "out"}
    outcome = call(*(argument.format(**places) for argument in arguments))
    assert outcome.code == 1 and sentence in outcome.err, outcome.err
    assert "Traceback" not in outcome.err
