"""Training and evaluation run where only their own packages are, such as on a rented GPU machine."""

import os
import subprocess
import sys
from pathlib import Path

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
"""
HEIC = """
import sys
sys.modules["pillow_heif"] = None
from pathlib import Path
from fsl_demo.errors import UserError
from fsl_demo.pictures import ingest
for path in sys.argv[1:]:
    try:
        print(ingest(Path(path)).width)
    except UserError as error:
        print(error.code)
"""


def run(script: str, *arguments: str) -> list[str]:
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_neither_page_nor_store_nor_example_pictures_are_needed() -> None:
    imported = run(SCRIPT)
    for module in ("training.loop", "evaluation.verification", "datasets.lfw", "losses.focal", "methods.siamese"):
        assert f"fsl_demo.{module}" in imported


def test_without_its_package_heic_is_unknown_and_the_rest_is_read(tmp_path: Path) -> None:
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    image = Image.new("RGB", (12, 8), "red")
    files = [tmp_path / f"red.{suffix}" for suffix in ("heic", "jpg", "png", "webp", "gif", "tif", "bmp", "pgm")]
    for file in files:
        (image.convert("L") if file.suffix == ".pgm" else image).save(file)
    (tmp_path / "notes.png").write_text("no picture")
    assert run(HEIC, *map(str, files), str(tmp_path / "notes.png")) == [
        "picture_unknown",
        *["12"] * 7,
        "picture_unknown",
    ]
