"""What is printed: JSON that is valid everywhere, tables that a terminal only shows, cells that are no formulas."""

from __future__ import annotations

import io
import json
import math
import sys
from typing import Any

import pytest

from fsl_demo.__main__ import main
from fsl_demo.cli import reporting
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import plain_cell, safe_cell, visible

NASTY = (
    "\x1b[2J",
    "\x9b31m",
    "\x07",
    "a\nb",
    "a\rb",
    "a\tb",
    "\u202eevil",
    "\u2028",
    "\udc80",
    "\ud83d",
    "\x7f",
    "\x00",
)
FINE = ("cat", "貓", "naïve", "🦊", "👨\u200d👩\u200d👧", "می\u200cخواهم", "全角\u3000空白", "a b")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252", "cp932", "utf-16"])
def test_json_is_valid_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="strict", write_through=True))
    value = {text: [text, {"n": number}] for text in (*NASTY, *FINE) for number in (1, 0.5)}
    reporting.print_json(value)
    text = raw.getvalue().decode(encoding)
    assert json.loads(text) == value
    assert all(letter == "\n" or visible(letter) == letter for letter in text)


def test_json_has_no_number_that_json_has_not() -> None:
    def refuse(name: str) -> Any:
        raise AssertionError(name)

    text = reporting.json_text({"a": math.nan, "b": (math.inf, [-math.inf, 1.5])})
    assert json.loads(text, parse_constant=refuse) == {"a": None, "b": [None, [None, 1.5]]}


@pytest.mark.parametrize("text", NASTY)
def test_a_terminal_shows_what_it_would_obey(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    reporting.print_table([text, "b"], [["x", f"1{text}2"]])
    reporting.print_line(text)
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 3 and all(letter.isprintable() for line in out.splitlines() for letter in line)
    assert "\\" in out


@pytest.mark.parametrize("text", FINE)
def test_letters_of_every_script_stay(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    reporting.print_table(["name"], [[text]])
    assert capsys.readouterr().out == f"name\n{text}\n"


def test_errors_are_shown_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = reporting.Terminal()
    terminal.fault(UserError("picture_empty", file="\x1b[2J.png"))
    assert main(["episodes", "list", "--workspace", "no\x1b[2Jfolder"]) == 1
    err = capsys.readouterr().err
    assert "\x1b" not in err and err.count("\\x1b[2J") == 2


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫", "\t", "\r", "\n"]
)
@pytest.mark.parametrize("before", ["", "'", "''", " ", "\u3000", "' "])
def test_formulas_are_guarded_and_come_back(start: str, before: str) -> None:
    cell = f"{before}{start}cmd()"
    assert safe_cell(cell) == f"'{cell}" or before.strip("'")[:1] in (" ", "\u3000")
    assert plain_cell(safe_cell(cell)) == cell


@pytest.mark.parametrize("cell", ["", "'", "''", "cat", "'cat", "1-2", "a=b", " x", "貓", "'＊"])
def test_other_cells_stay(cell: str) -> None:
    assert safe_cell(cell) == cell == plain_cell(cell)
