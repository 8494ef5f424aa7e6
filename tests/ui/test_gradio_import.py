"""Gradio is imported in one place, and writes no stubs there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gradio import component_meta

import fsl_demo
from fsl_demo.ui.gradio_import import _without_stubs, gradio

IMPORTED = re.compile(r"^\s*(import gradio\b(?!_)|from gradio\b(?!_))", re.MULTILINE)


def test_it_is_imported_in_one_place() -> None:
    files = Path(fsl_demo.__file__).parent.rglob("*.py")
    assert [file.name for file in files if IMPORTED.search(file.read_text("utf-8"))] == ["gradio_import.py"]


def test_it_writes_no_stub_of_its_components(monkeypatch: pytest.MonkeyPatch) -> None:
    sought = []
    monkeypatch.setattr(component_meta, "extract_class_source_code", lambda code, name: sought.append(name) or ("", 0))
    with _without_stubs():
        component_meta.create_or_modify_pyi(gradio.Button, "Button", [])
    assert not sought
    with pytest.raises(ValueError, match="class source"):
        component_meta.create_or_modify_pyi(gradio.Button, "Button", [])
    assert sought == ["Button"]
