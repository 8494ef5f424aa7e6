"""`explain`: overlays on disk, and words for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Call

pytestmark = pytest.mark.usefixtures("shared")


def test_it_draws_the_query_and_a_support_picture(call: Call, support: Path, queries: Path, tmp_path: Path) -> None:
    query = queries / "brick 1.png"
    outcome = call("explain", "--support", support, "--query", query, "--out", tmp_path / "new" / "why")
    assert outcome.code == 0
    answer = outcome.json()
    assert (answer["query"], answer["method"], answer["class"]) == ("brick 1.png", "prototype", "brick")
    assert set(answer["answer"]["scores"]) == {"brick", "grass", "gravel"}
    assert [layer["role"] for layer in answer["layers"]] == ["query", "support"]
    for layer in answer["layers"]:
        drawn = Image.open(layer["file"])
        assert drawn.size == (120, 120)
        assert drawn.mode == "RGB"
    assert not np.array_equal(np.asarray(drawn), np.asarray(Image.open(query).convert("RGB")))


def test_another_class_and_method(call: Call, support: Path, queries: Path, descriptions: Path, tmp_path: Path) -> None:
    outcome = call(
        *("explain", "--support", support, "--describe", descriptions, "--query", queries / "brick 1.png"),
        *("--method", "asif", "--class", " GRASS", "--out", tmp_path),
    )
    assert outcome.code == 0
    answer = outcome.json()
    assert (answer["method"], answer["class"]) == ("asif", "grass")
    words = answer["layers"][0]["words"]
    assert words
    assert words == sorted(words, key=lambda word: -word["similarity"])


def test_opacity_0_is_the_picture_itself(call: Call, support: Path, queries: Path, tmp_path: Path) -> None:
    query = queries / "brick 1.png"
    outcome = call("explain", "--support", support, "--query", query, "--out", tmp_path, "--opacity", "0")
    drawn = Image.open(outcome.json()["layers"][0]["file"])
    assert np.array_equal(np.asarray(drawn), np.asarray(Image.open(query).convert("RGB")))


def test_what_is_wrong_is_said(call: Call, support: Path, queries: Path, tmp_path: Path) -> None:
    query, out = queries / "brick 1.png", ("--out", tmp_path / "out")
    for arguments, expected in (
        (("--support", support, "--query", query, "--class", "sand", *out), "There are: brick, grass, gravel"),
        (("--support", support, "--query", query, "--method", "magic", *out), "no method “magic”"),
        (("--support", support, "--query", tmp_path / "none.png", *out), "“none.png” cannot be read"),
        (("--query", query, *out), "Add a second class"),
    ):
        outcome = call("explain", *arguments)
        assert (outcome.code, outcome.out) == (1, ""), arguments
        assert expected in outcome.err
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").touch()
    outcome = call("explain", "--support", support, "--query", query, "--out", tmp_path / "file")
    assert outcome.code == 1
    assert "cannot be written" in outcome.err
    assert call("explain", "--support", support, "--query", query, *out, "--opacity", "2").code == 2
