"""Training and evaluation run where only their own packages are, such as on a rented GPU machine."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
BLOCKED = ("gradio", "plotly", "sqlite_utils", "open_clip", "pandas", "sklearn", "skimage", "pillow_heif")
PACKAGES = ("training", "evaluation", "datasets", "losses", "layers", "methods")
SCRIPT = f"""
import importlib, pkgutil, sys
for name in {BLOCKED}:
    sys.modules[name] = None
for package in {PACKAGES}:
    folder = importlib.import_module("fsl_demo." + package)
    for module in pkgutil.walk_packages(folder.__path__, folder.__name__ + "."):
        importlib.import_module(module.name)
        print(module.name)
from fsl_demo.__main__ import main
commands = [[]]
for argument in sys.argv[1:]:
    commands.append([]) if argument == "then" else commands[-1].append(argument)
for command in commands:
    print("then")
    assert main(command) == 0
"""
HEIC = """
import sys
sys.modules["pillow_heif"] = None
from pathlib import Path
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures.decoding import decode
for path in sys.argv[1:]:
    try:
        print(decode(Path(path).read_bytes()).size[0])
    except UserError as error:
        print(error.code)
"""


def run(script: str, *arguments: str) -> list[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of six pictures each."""
    folder, random = tmp_path_factory.mktemp("digits"), np.random.default_rng(0)
    for digit in ("1", "7"):
        (folder / digit).mkdir()
        for i in range(6):
            Image.fromarray(random.integers(0, 255, (28, 28), np.uint8)).save(folder / digit / f"{i}.png")
    return folder


@pytest.mark.slow
@pytest.mark.process
def test_neither_page_nor_store_nor_example_pictures_are_needed(digits: Path, tmp_path: Path) -> None:
    places = ("--out", str(tmp_path), "--runs", str(tmp_path / "runs"), "--name", "mine", "--epochs", "1")
    train = ("train", "siamese", "--data", str(digits), "--from", "siamese_digits", *places)
    few = ("--data", str(digits), "--way", "2", "--shot", "1", "--queries", "1", "--episodes", "4")
    lines = run(SCRIPT, *train, "then", "evaluate", str(tmp_path / "mine"), "--methods", "prototype", *few)
    trained = lines.index("then")
    evaluated = lines.index("then", trained + 1)
    for module in ("training.loop", "evaluation.verification", "datasets.lfw", "losses.focal", "methods.siamese"):
        assert f"fsl_demo.{module}" in lines[:trained]
    assert lines[trained + 1 : evaluated] == [str(tmp_path / "mine")]
    assert "mine" in lines[evaluated:]


@pytest.mark.process
def test_without_its_package_heic_is_called_so_and_the_rest_is_read(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    image = Image.new("RGB", (12, 8), "red")
    files = [tmp_path / f"red.{suffix}" for suffix in ("heic", "jpg", "png", "webp", "gif", "tif", "bmp", "pgm")]
    for file in files:
        (image.convert("L") if file.suffix == ".pgm" else image).save(file)
    (tmp_path / "notes.png").write_text("no picture")
    assert run(HEIC, *map(str, files), str(tmp_path / "notes.png")) == [
        "picture_kind_unread",
        *["12"] * 7,
        "picture_unknown",
    ]
