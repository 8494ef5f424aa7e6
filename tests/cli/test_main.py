"""The command line as a whole: its help, its exit codes, its streams."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsl_demo import __version__
from fsl_demo.__main__ import script
from fsl_demo.cli import parser, reporting
from fsl_demo.core.errors import UserError
from fsl_demo.store import Workspace
from tests.cli.conftest import Call, part

ROOT = Path(__file__).parents[2]


def parsers(top: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every verb, and the actions of verbs, by name."""
    yield name, top
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb, inner in action.choices.items():
                yield from parsers(inner, f"{name} {verb}".strip())


EVERY = dict(parsers(parser()))


def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fsl_demo", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", EVERY)
def test_every_verb_and_option_has_help(name: str, call: Call) -> None:
    for action in EVERY[name]._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), action
        for listed in action._choices_actions if isinstance(action, argparse._SubParsersAction) else ():
            assert listed.help, listed
    assert EVERY[name].description
    outcome = call(*name.split(), "--help")
    assert outcome.code == 0
    assert outcome.out.startswith("usage: python -m fsl_demo")


@pytest.mark.parametrize("verb", sorted({name.split(" ")[0] for name in EVERY if name}))
def test_the_documentation_names_the_verb(verb: str) -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert re.search(rf"(`|python -m fsl_demo ){verb}\b", page)


@pytest.mark.process
def test_help_needs_no_torch_and_no_gradio() -> None:
    code = (
        "import sys; from fsl_demo.cli import parser; parser().format_help();"
        "print(sorted({'torch', 'gradio', 'transformers', 'pandas', 'sqlite_utils'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("arguments", [[], ["--port", "7861"], ["--workspace", "pets"]])
def test_fsl_demo_opens_the_page_without_a_verb(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr("fsl_demo.ui.launch.main", lambda given, program: asked.append(given) or 0)
    monkeypatch.setattr(sys, "argv", ["fsl-demo", *arguments])
    assert script() == 0
    assert asked == [arguments]


@pytest.mark.parametrize("arguments", [["--help"], ["--port", "none"], ["predict"]])
def test_fsl_demo_is_called_so_in_its_usage(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/fsl-demo", *arguments])
    with pytest.raises(SystemExit):
        script()
    assert "usage: fsl-demo " in "".join(capsys.readouterr())


def test_version(call: Call) -> None:
    assert call("--version").out.strip() == __version__


@pytest.mark.slow
@pytest.mark.process
def test_a_real_process(call: Call, support: Path, queries: Path, tmp_path: Path) -> None:
    """No picture is embedded twice in a workspace, and another process says the same."""
    arguments = ("predict", "--support", support, "--queries", queries, "--methods", "prototype", "--format", "csv")
    first = call(*arguments, "--workspace", tmp_path)
    assert first.code == 0, first.err
    assert (
        first.out.splitlines()[0] == "file,answer,probability,unlike,prototype,prototype.probability,prototype.unlike"
    )
    assert first.err.count("embedding (3)") == 1
    second = run(*arguments, "--workspace", tmp_path)
    assert second.returncode == 0, second.stderr
    assert second.stdout == first.out
    assert "embedding" not in second.stderr


def test_an_interrupted_command_ends_with_130(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fsl_demo.services.reading.task", interrupted)
    assert call("predict", "--queries", tmp_path).code == 130


@pytest.mark.process
def test_a_reader_who_stops_reading_is_no_error(tmp_path: Path) -> None:
    Workspace(tmp_path)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "fsl_demo", "episodes", "list", "--format", "json", "--workspace", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.usefixtures("shared")
@pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
def test_a_file_name_need_not_be_text(support: Path, tmp_path: Path, call: Call) -> None:
    part("brick", 0, 0).save(tmp_path / "fine.png")
    (tmp_path / "fine.png").rename(tmp_path / os.fsdecode(b"\xff.png"))
    (tmp_path / "words.png").write_text("no picture", encoding="utf-8")
    outcome = call("predict", "--support", support, "--queries", tmp_path, "--methods", "prototype", "--format", "json")
    assert outcome.code == 1, outcome.err
    assert r'"file": "\udcff.png"' in outcome.out


def test_progress_rewrites_its_line_on_a_terminal_and_adds_lines_to_a_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = reporting.Terminal()
    for done in range(3):
        log.progress("embed", done, 2)
    assert capsys.readouterr().err == "embedding (2)\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    terminal = reporting.Terminal()
    for done in range(3):
        terminal.progress("embed", done, 2)
    terminal.fault(UserError("no_queries"))
    outcome = capsys.readouterr().err
    assert "embedding 1/2" in outcome
    assert outcome.count("\n") == 1
    assert outcome.endswith("fsl_demo: There is no query yet. Add at least one picture to classify.\n")
    assert terminal.faults == 1


def test_where_the_memory_does_not_suffice_a_sentence_says_so(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(reporting, "print_table", full)
    outcome = call("methods")
    assert outcome.code == 1 and outcome.err.startswith("fsl_demo: There is not enough memory for this (cpu).")


def test_tables_align_wide_letters(capsys: pytest.CaptureFixture[str]) -> None:
    reporting.print_table(["a", "b"], [["貓", 1], ["dog", 2], ["e\u0301", 3]])
    assert capsys.readouterr().out == "a    b\n貓   1\ndog  2\ne\u0301    3\n"
