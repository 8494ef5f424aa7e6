"""The console transcripts of the documents are what the commands print.

A `console` block has lines `$ command`, each followed by what it prints on standard output; `...` stands for anything.
`$ cat FILE` makes the file from what follows. The blocks of one document are one session, in one folder.
"""

from __future__ import annotations

import doctest
import io
import runpy
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from fsl_demo.__main__ import main
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from tests.cli.conftest import known_methods as known_methods
from tests.docs.documents import DOCUMENTS, ROOT, blocks

CHECKER = doctest.OutputChecker()


def steps(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a transcript, each with what it should print."""
    command, output = "", ""
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            if command:
                yield command, output
            command, output = line[2:].strip(), ""
        else:
            output += line
    yield command, output


def session(document: Path) -> str:
    return "".join(block.text for block in blocks(document.read_text(encoding="utf-8")) if block.language == "console")


def printed(command: str) -> str:
    """What a command prints, run in this process.

    Raises:
        ValueError: for a command that transcripts do not have.
    """
    program, *arguments = shlex.split(command)
    output = io.StringIO()
    with redirect_stdout(output):
        if program == "python" and arguments[:2] == ["-m", "fsl_demo"]:
            assert main(arguments[2:]) == 0
        elif program == "python" and len(arguments) == 1:
            runpy.run_path(arguments[0])
        else:
            raise ValueError(f"not a command of a transcript: {command}")
    return output.getvalue()


@pytest.mark.parametrize("name", [str(file.relative_to(ROOT)) for file in DOCUMENTS if session(file)])
def test_a_transcript_is_what_the_commands_print(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known_methods: Registry
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reading, "registry", lambda *_: known_methods)
    for command, expected in steps(session(ROOT / name)):
        if command.startswith("cat "):
            Path(command.removeprefix("cat ")).write_text(expected, encoding="utf-8")
        else:
            got = printed(command)
            assert CHECKER.check_output(expected, got, doctest.ELLIPSIS), f"$ {command}\n{got}"


def test_there_are_transcripts() -> None:
    assert session(ROOT / "docs" / "command-line.md")
