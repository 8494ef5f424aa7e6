"""What `deploy/` says, carried out as far as it can be without a container engine."""

from __future__ import annotations

import configparser
import json
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import ROOT
from tests.ui.conftest import until

DEPLOY = ROOT / "deploy"


def instructions() -> list[tuple[str, str]]:
    """Of the Containerfile: each instruction and what it says."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def instruction(name: str) -> str:
    (text,) = (text for other, text in instructions() if other == name)
    return text


def copied() -> list[str]:
    """What the image has of the clone."""
    words = [shlex.split(text) for name, text in instructions() if name == "COPY"]
    return [word for line in words for word in line[:-1] if not word.startswith("--")]


def test_what_is_copied_is_there_and_is_not_left_out() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines and allowed == set(copied())
    assert all((ROOT / name).exists() for name in copied())
    (install,) = (text for name, text in instructions() if name == "RUN" and "pip install" in text)
    wanted = shlex.split(install)
    assert all(wanted[place + 1] in copied() for place, word in enumerate(wanted) if word in ("-r", "-c"))
    assert instruction("FROM").endswith(":3.11-slim") and instruction("USER") == "workbench"


@pytest.mark.slow
@pytest.mark.process
def test_what_is_copied_serves_is_well_and_ends(tmp_path: Path) -> None:
    image, workspace = tmp_path / "app", tmp_path / "workspace"
    image.mkdir()
    for name in copied():
        (image / name).symlink_to(ROOT / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    entry, (_, _, check) = (
        json.loads(instruction("ENTRYPOINT")),
        json.loads(instruction("HEALTHCHECK").partition("CMD ")[2]),
    )
    places = {"python": sys.executable, "/workspace": str(workspace), "7860": str(port)}
    command = [places.get(word, word) for word in entry]
    check = check.replace("7860", str(port))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=image, preexec_fn=_interruptible, **quiet) as server:
        try:
            until(lambda: server.poll() is not None or _answers(port), "the server")
            assert subprocess.run([sys.executable, "-c", check]).returncode == 0
            server.send_signal(signal.Signals[instruction("STOPSIGNAL")])
            assert server.wait(30) == 0
        finally:
            server.kill()
    assert subprocess.run([sys.executable, "-c", check], stderr=subprocess.DEVNULL).returncode != 0


def _interruptible() -> None:
    """A shell that runs the tests in the background has this signal ignored by all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_unit_starts_the_program_with_options_that_it_has() -> None:
    from fsl_demo.ui import launch

    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "fsl-demo.service", encoding="utf-8")
    python, program, *options = shlex.split(unit["Service"]["ExecStart"])
    assert (python, program) == (f"{unit['Service']['WorkingDirectory']}/.venv/bin/python", "app.py")
    chosen = launch.parser().parse_args(options)
    assert str(chosen.workspace) == f"/var/lib/{unit['Service']['StateDirectory']}"
    assert unit["Service"]["KillSignal"] == "SIGINT"
