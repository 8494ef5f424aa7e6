"""`docs/results.md` is what its command makes, and figures elsewhere are the ones that stand there."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from experiments import results
from fsl_demo.cli import parser
from tests.docs.documents import ROOT

PAGE = results.PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_command_makes() -> None:
    assert results.page() == PAGE


def test_commands_are_understood() -> None:
    """Verbs and options are those of today."""
    commands = re.findall(r"^\d+\. `python -m fsl_demo (.+)`$", PAGE, re.MULTILINE)
    assert len(commands) > 20
    for command in commands:
        parser().parse_args(shlex.split(command))


@pytest.mark.parametrize("document", ["README.md", "fsl_demo/ui/measured.toml"])
def test_figures_elsewhere_are_in_the_results(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    if document.endswith(".toml"):
        figures = [figure["value"] for method in tomllib.loads(text).values() for figure in method]
    else:
        figures = re.findall(r"\d+\.\d+ %", text)
    assert figures
    for figure in figures:
        assert figure.replace("–", " to ") in PAGE, figure


def test_what_evaluate_wrote_becomes_rows(tmp_path: Path) -> None:
    figures = {"method": "prototype", "accuracy": 0.92, "low": 0.915, "high": 0.925, "ece": 0.034, "difference": None}
    second = {**figures, "method": "asif", "difference": 0.02, "difference_low": 0.01, "difference_high": 0.03}
    report = {"way": 5, "shot": 1, "episodes": 600, "figures": [figures, second]}
    by_names = {"way": 50, "shot": 0, "episodes": 1, "figures": [figures]}
    documents = [report, by_names]
    run = {"command": "python -m fsl_demo evaluate --data data/photos", "data": "data/photos", "documents": documents}
    (tmp_path / "evaluated").mkdir()
    (tmp_path / "evaluated" / "run.json").write_text(json.dumps(run), encoding="utf-8")
    section = {"title": "A", "tables": [{"evaluated": ["run.json"]}]}
    (tmp_path / "a.json").write_text(json.dumps(section), encoding="utf-8")
    page = results.page(tmp_path, tmp_path)
    assert "| `photos` | 5-way 1-shot, 600 episodes | `prototype` | 92.0 % (91.5 to 92.5) |  | 0.034 | 1 |" in page
    assert "| `asif` | 92.0 % (91.5 to 92.5) | +2.0 (+1.0 to +3.0) | 0.034 | 1 |" in page
    assert "| `photos` | 50-way zero-shot, 1 episode | `prototype` | 92.0 %" in page
    assert "1. `python -m fsl_demo evaluate --data data/photos`" in page
