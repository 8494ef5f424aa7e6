"""Class folders of real surfaces, queries, and a way to call the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from skimage import data

from fsl_demo.__main__ import main
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Method
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading, registry

SURFACES = ("brick", "grass", "gravel")


@dataclass(frozen=True)
class Outcome:
    """What a command came to: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def csv(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))


Call = Callable[..., Outcome]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """`main` on these arguments; what is refused as not understood gives its exit code, too."""

    def run(*arguments: str | Path) -> Outcome:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def known_methods() -> Registry:
    return registry.build(Networks(FeatureCache()))


@pytest.fixture
def shared(
    known_methods: Registry, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Method]:
    """The networks load once for all tests that ask for this; evaluation results are kept in a folder of the test's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(reading, "registry", lambda *_: known_methods)
    return known_methods.methods


def part(surface: str, x: int, y: int) -> Image.Image:
    """A part of one of scikit-image's surface photographs."""
    return Image.fromarray(getattr(data, surface)()).crop((x, y, x + 120, y + 120))


@pytest.fixture(scope="session")
def support(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of three pictures."""
    folder = tmp_path_factory.mktemp("support")
    for surface in SURFACES:
        (folder / surface).mkdir()
        for number in range(3):
            part(surface, 130 * number, 0).save(folder / surface / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One query of each class, in folders of different depth."""
    folder = tmp_path_factory.mktemp("queries")
    for depth, surface in enumerate(SURFACES):
        place = folder.joinpath(*["deeper"] * depth)
        place.mkdir(exist_ok=True)
        part(surface, 260, 260).save(place / f"{surface} 1.png")
    return folder


@pytest.fixture
def descriptions(tmp_path: Path) -> Path:
    file = tmp_path / "surfaces.csv"
    file.write_text("class,description\nbrick,a brick wall\nbrick,red bricks\ngrass,a green lawn\n", encoding="utf-8")
    return file
