"""The wheel holds all that the program needs; installed, it opens from any folder. The pinned versions agree."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fsl_demo import __version__
from fsl_demo.core import shipped

ROOT = Path(__file__).parents[1]
RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
UNPINNED = re.compile(r"pip|nvidia-.*|cuda-.*|triton")  # as in the Makefile


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `pip install .` builds it, with what is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel alone; what it depends on is installed here anyway."""
    folder = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True, timeout=120)
    return folder


def fsl_demo(installed: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(installed / "bin" / "fsl-demo"), *arguments]


def environment(installed: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(installed), "PYTHONUNBUFFERED": "1"}


@pytest.mark.slow
@pytest.mark.process
def test_the_wheel_holds_code_pages_checkpoints_and_examples_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    code = {file for file in (ROOT / "fsl_demo").rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    expected = {file.relative_to(ROOT).as_posix() for file in code}
    for file in [*shipped.CHECKPOINTS.rglob("*"), shipped.EXAMPLES]:
        if file.is_file():
            expected.add(f"fsl_demo/shipped/{file.relative_to(ROOT).as_posix()}")
    assert names == expected
    assert {"fsl_demo/ui/locales/en.toml", "fsl_demo/ui/static/main.js"} <= names


@pytest.mark.slow
@pytest.mark.process
def test_the_wheel_depends_on_the_direct_requirements(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("METADATA")]
        head = metadata.PathDistribution(zipfile.Path(archive, name).parent)  # type: ignore[arg-type]
        assert head.version == __version__
        needed = set(map(Requirement, head.requires or ()))
        extras = {name: direct(f"requirements-{name}.txt") for name in ("export", "lora", "openvino", "parquet", "ray")}
        assert {each for each in needed if each.marker is None} == direct(RUNTIME)
        assert {str(each) for each in needed if each.marker is not None} == {
            f'{each}; extra == "{name}"' for name, requirements in extras.items() for each in requirements
        }


@pytest.mark.slow
@pytest.mark.process
def test_installed_the_checkpoints_and_examples_are_found(installed: Path, tmp_path: Path) -> None:
    code = "from fsl_demo.core import shipped as s; print(s.EXAMPLES, *s.CHECKPOINTS.glob('*/card.json'), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(installed), stdout=subprocess.PIPE, text=True
    )
    files = [shipped.EXAMPLES, *shipped.CHECKPOINTS.glob("*/card.json")]
    expected = {str(installed / "fsl_demo" / "shipped" / file.relative_to(ROOT)) for file in files}
    assert set(done.stdout.splitlines()) == expected


@pytest.mark.slow
@pytest.mark.process
def test_installed_the_page_opens_from_another_folder(installed: Path, tmp_path: Path) -> None:
    command = fsl_demo(installed, "--port", "0")
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(installed), stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert address, line
            recipe = json.loads(shipped.EXAMPLES.read_text(encoding="utf-8"))[0]["id"]
            for path in ("", "workbench/static/main.js", "workbench/texts.js", f"workbench/examples/{recipe}/0.jpg"):
                assert httpx.get(f"{address[0]}/{path}", timeout=60).status_code == 200, path
            assert (tmp_path / "workspace" / "fsl_demo.db").exists()
        finally:
            running.kill()


def direct(file: str) -> set[Requirement]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {Requirement(line) for line in lines if line and not line.startswith(("#", "-"))}


def constraints() -> dict[str, list[Requirement]]:
    """By package; a version that differs from Python to Python has a line each."""
    pinned: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            pinned.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return pinned


def brought(requirement: Requirement, seen: set[tuple[str, str]]) -> None:
    """Add what this requirement brings here, with what that brings in turn, as (package, extra)."""
    for extra in ("", *sorted(requirement.extras)):
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                brought(needed, seen)


def test_the_constraints_pin_the_direct_requirements_as_they_stand() -> None:
    pinned = constraints()
    for requirement in direct(RUNTIME) | direct(DEVELOPMENT):
        specifiers = {line.specifier for line in pinned[canonicalize_name(requirement.name)]}
        assert specifiers == {requirement.specifier}, requirement


def test_the_constraints_pin_everything_that_the_requirements_bring_here() -> None:
    seen: set[tuple[str, str]] = set()
    for requirement in direct(RUNTIME) | direct(DEVELOPMENT):
        brought(requirement, seen)
    names = {name for name, _ in seen}
    assert len(names) > 60
    assert [name for name in names - set(constraints()) if not UNPINNED.fullmatch(name)] == []
