"""The study of the dictionary's two denominators."""

import json
from pathlib import Path

import pytest

from experiments import dictionary_loss
from experiments.dictionary_loss import Run, curves, summary
from fsl_demo.training.dictionary_figures import DictionaryFigures
from fsl_demo.training.objectives import semantic_dictionary as objective
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.tasks.semantic_dictionary import DictionaryData, SemanticDictionaryTask
from tests.training.dictionary import SMALL, data, held


def run(denominator: str, seed: int, language: float) -> Run:
    figures = [DictionaryFigures(0.5, 0.2, apart=0.9, language=value) for value in (0.1, language)]
    return Run(denominator, seed, figures)  # type: ignore[arg-type]


def test_differences_are_paired_by_seed() -> None:
    pairs = [(0.8, 0.3), (0.9, 0.4), (0.7, 0.2)]
    runs = [
        run(kind, seed, pair[kind == "distance"])
        for seed, pair in enumerate(pairs)
        for kind in ("similarity", "distance")
    ]
    row = summary(runs)["language"]
    assert row["similarity"] == pytest.approx(0.8) and row["distance"] == pytest.approx(0.3)
    assert [row[name] for name in ("difference", "low", "high")] == pytest.approx([-0.5] * 3)
    assert curves(runs)["texts' cosine, distance"] == pytest.approx([0.1, 0.3])


def test_the_study_trains_both_with_the_same_beginnings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(objective, name, value)
    words, rights, features = data()
    own = DictionaryData(
        words,
        rights=rights,
        vectors=features,
        mapped=None,
        held=held(words, rights, features),
        pictures=(1, 1),  # type: ignore[arg-type]
    )
    monkeypatch.setattr(SemanticDictionaryTask, "read", lambda *_: own)
    monkeypatch.setattr(dictionary_loss, "SCHEDULE", Schedule(epochs=2, rate=1e-2, decay=0.0))
    monkeypatch.setattr(dictionary_loss, "SEEDS", range(2))
    monkeypatch.setattr("sys.argv", ["dictionary_loss", "--out", str(tmp_path)])
    dictionary_loss.main()
    written = json.loads((tmp_path / "dictionary_loss.json").read_text())
    assert [(run["denominator"], run["seed"], len(run["epochs"])) for run in written["runs"]] == [
        ("similarity", 0, 2),
        ("distance", 0, 2),
        ("similarity", 1, 2),
        ("distance", 1, 2),
    ]
    assert written["rows"]["language"]["difference"] < 0
    assert (tmp_path / "dictionary_loss.svg").read_text().startswith("<svg")
