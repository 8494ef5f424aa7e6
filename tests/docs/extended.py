"""What the recipes of `docs/extending.md` add, asserted in a copy of the repository that has them.

`test_extending.py` runs this file there; pytest does not collect it by itself.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import fsl_demo
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.core.episodes import Label, LabelledEpisode, Run, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from fsl_demo.store import Workspace
from fsl_demo.ui import settings, shell
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import Document
from fsl_demo.ui.page import Page
from fsl_demo.ui.texts import languages
from tests.cli.conftest import SURFACES, Call
from tests.cli.conftest import call as call
from tests.cli.conftest import known_methods as known_methods
from tests.cli.conftest import queries as queries
from tests.cli.conftest import shared as shared
from tests.cli.conftest import support as support

pytestmark = pytest.mark.usefixtures("shared")


def test_this_is_the_copy() -> None:
    assert Path(fsl_demo.__file__).is_relative_to(Path.cwd())


def test_the_method_is_listed_with_its_setting_and_so_are_captioner_and_detector(call: Call) -> None:
    listed = call("methods", "--format", "json").json()
    cards = {(card["kind"], card["id"]): card for card in listed}
    assert [setting["name"] for setting in cards["method", "knn"]["settings"]] == ["neighbours", "none_below"]
    assert ("captioner", "names") in cards and ("detector", "ink") in cards


def test_the_command_line_predicts_explains_and_evaluates(
    call: Call, support: Path, queries: Path, tmp_path: Path
) -> None:
    task = ("--support", support, "--methods", "knn", "--set", "knn.neighbours=2")
    outcome = call("predict", *task, "--queries", queries, "--format", "csv")
    assert {Path(row["file"]).stem: row["answer"] for row in outcome.csv()} == {f"{name} 1": name for name in SURFACES}
    refused = call("predict", *task[:-1], "knn.neighbours=2.7", "--queries", queries)
    assert refused.code == 1 and "2.7" in refused.err
    query = queries / "brick 1.png"
    outcome = call("explain", "--support", support, "--query", query, "--method", "knn", "--out", tmp_path)
    assert [layer["role"] for layer in outcome.json()["layers"]] == ["query", "support"]
    assert len(list(tmp_path.glob("*.png"))) == 2
    options = ("--way", "3", "--shot", "1", "--queries", "2", "--episodes", "3", "--methods", "prototype,knn")
    outcome = call("evaluate", "--data", support, *options)
    assert "| knn |" in outcome.out


def test_the_captioner_and_the_detector(call: Call, queries: Path, known_methods: Registry) -> None:
    described = call("caption", queries / "brick 1.png", "--captioner", "names", "--format", "json").json()
    assert described[0]["captioner"] == "names" and described[0]["captions"][0]["text"].startswith("a ")
    picture = reading.queries(queries / "brick 1.png", quiet, print)["brick 1.png"]
    assert len(known_methods.captioners["names"].words(picture, "a stone wall")) == 3
    (regions,) = known_methods.detectors["ink"].detect([picture])
    assert regions[0].words == (("ink", 1.0),)


def labelled(known: Registry, support: Path, queries: Path) -> LabelledEpisode:
    """An episode with an answer of the method and a label."""
    episode = reading.task(support, {}, progress=quiet, report=print)
    pictures = tuple(reading.queries(queries, quiet, print).values())
    method = known.method("knn")
    scores = method.fit(episode, method.Settings()).predict(pictures, quiet)
    whole = type(episode)(episode.classes, episode.support, pictures)
    return LabelledEpisode(whole, "Surfaces", runs=(Run(scores),), labels={0: Label(0)})


def test_the_page_has_the_setting_the_tab_and_the_language(
    known_methods: Registry, support: Path, queries: Path, tmp_path: Path
) -> None:
    page = Page(Workspace(tmp_path), known_methods)
    document = Document()
    document.classes[0].name = "brick & stone"
    draft = page.drafts.start(document)
    context = Context(page, draft, languages()["fr"])
    settings.write(context, "knn", name="neighbours", value="5")
    assert draft.document.settings["knn"] == {"neighbours": 5}
    with pytest.raises(UserError):
        settings.write(context, "knn", name="neighbours", value="2.7")
    (control, _) = settings.controls(context, known_methods.method("knn"))
    assert (control["label"], control["kind"], control["value"]) == ("Neighbours", "whole_number", 5)
    parts = page.board(draft, languages()["fr"]).since("")["parts"]
    assert "Nearest neighbours" in parts["methods"] and "Neighbours" in parts["methods"]
    assert parts["counts"] == "<table><tr><td>brick &amp; stone</td><td>0</td></tr></table>"
    assert "Prédire" in parts["go"]
    labels = shell.i18n().translations["fr"]
    assert (labels["tab_results"], labels["Counts"]) == ("Résultats", "Counts")
    assert 'data-part="counts"' in shell.places()["counts"]
    assert "'elem_id': 'counts'" in str(shell.blocks(page).get_config_file())


def test_the_export_has_the_answers_of_the_method(
    call: Call, known_methods: Registry, support: Path, queries: Path, tmp_path: Path
) -> None:
    Workspace(tmp_path).save_episode(labelled(known_methods, support, queries))
    file = tmp_path / "labels.jsonl"
    assert call("episodes", "export", "--format", "jsonl", "--out", file, "--workspace", tmp_path).code == 0
    (row,) = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert (row["label"], row["answers"]) == ("brick", {"knn": "brick"})


def test_the_verb(call: Call, support: Path) -> None:
    assert call("classes", support).out.split() == ["class", "pictures", "brick", "3", "grass", "3", "gravel", "3"]


def drawn(folder: Path, each: int) -> list[tuple[str, Path]]:
    """So many turned triangles, squares and hexagons, by class."""
    random, pictures = np.random.default_rng(0), []
    for shape, sides in (("triangle", 3), ("square", 4), ("hexagon", 6)):
        (folder / shape).mkdir(parents=True)
        for number in range(each):
            image = Image.new("L", (40, 40), "white")
            circle = (17 + number % 7, 17 + number // 7, 14)  # no two pictures are alike
            ImageDraw.Draw(image).regular_polygon(circle, sides, rotation=int(random.integers(90)), fill="black")
            file = folder / shape / f"{number}.png"
            image.save(file)
            pictures.append((shape, file))
    return pictures


def test_the_training_task_makes_a_checkpoint_that_loads(call: Call, tmp_path: Path) -> None:
    assert "prototypical" in call("train", "--help").out
    drawn(tmp_path / "shapes", each=8)
    places = ("--runs", tmp_path / "runs", "--out", tmp_path / "made")
    outcome = call("train", "prototypical", "--data", tmp_path / "shapes", "--epochs", "1", *places)
    assert outcome.code == 0 and "epoch 1/1  loss" in outcome.err, outcome.err
    made = Path(outcome.out.strip())
    network = TrainedNetwork(made)
    assert made.name == "prototypical_shapes" and network.load().channels == network.channels == 64
    refused = call("train", "prototypical", "--data", tmp_path / "shapes", "--backbone", "conv4", *places)
    assert refused.code == 1 and "prototypical" in refused.err


def test_the_data_set_is_evaluated_and_trained_on(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "herbarium"
    parts = ("train", "train", "train", "train", "validation", "validation", "test", "test")
    rows = [
        f"{file.relative_to(folder).as_posix()},{shape},{part}"
        for (shape, file), part in zip(drawn(folder, each=8), parts * 3, strict=True)
    ]
    (folder / "labels.csv").write_text("\n".join(["file,class,part", *rows]), encoding="utf-8")
    options = ("--way", "3", "--shot", "1", "--queries", "1", "--episodes", "3", "--methods", "prototype")
    outcome = call("evaluate", "--data", "herbarium", "--root", tmp_path, *options, "--format", "json")
    assert outcome.code == 0, outcome.err
    assert outcome.json()[0]["figures"][0]["method"] == "prototype"
    places = ("--root", tmp_path, "--runs", tmp_path / "runs", "--out", tmp_path / "made")
    outcome = call("train", "prototypical", "--data", "herbarium", "--epochs", "1", *places)
    assert outcome.code == 0 and outcome.out.strip().endswith("prototypical_herbarium"), outcome.err
    (folder / "labels.csv").unlink()
    refused = call("evaluate", "--data", "herbarium", "--root", tmp_path, *options)
    assert refused.code == 1 and "herbarium" in refused.err
