"""The folder of a classifier: whole or not at all, sound by its own test, and without this program."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import fsl_demo
from fsl_demo.core import durable
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.core.portable import Portable
from fsl_demo.inference.calibration import softmax
from fsl_demo.portable import classify, folder, reading, web
from fsl_demo.services.export_classifier import exported
from tests.backbones.loaded import crops
from tests.core.picture_files import encoded
from tests.portable.test_model import episode, exports, known, similarities


@cache
def contents(of: Episode | None = None, method: str = "siamese") -> Mapping[str, bytes]:
    able = exports(method)
    settings = able.Settings(variant="characters")
    return exported(known(), able, episode=of or episode(), settings=settings, progress=quiet)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("taken") / "animals"
    folder.write_folder(place, contents())
    return place


def run(place: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A script of the folder, where `fsl_demo` and torch cannot be imported."""
    code = (
        "import sys, runpy; sys.modules.update(dict.fromkeys(('fsl_demo', 'torch', 'pillow_heif')));"
        f" sys.path.insert(0, {str(place)!r}); sys.argv = {[script, *arguments]!r};"
        f" runpy.run_path({str(place / script)!r}, run_name='__main__')"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=place.parent)


@pytest.mark.process
def test_the_self_test_finds_all_as_expected(written: Path) -> None:
    ran = run(written, "selftest.py")
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "All answers are as expected."), ran.stderr


@pytest.mark.process
def test_the_self_test_finds_a_model_that_is_not_the_one(tmp_path: Path) -> None:
    other = contents(Episode(episode().classes, episode(shots=2).support, ()))
    folder.write_folder(tmp_path / "mixed", {**contents(), folder.MODEL: other[folder.MODEL]})
    ran = run(tmp_path / "mixed", "selftest.py")
    assert ran.returncode == 1
    assert f"NOT as expected: {folder.MODEL}" in ran.stderr


@pytest.mark.process
def test_the_command_answers_and_names_what_it_cannot_read(written: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    ran = run(written, "classify.py", str(written / "examples/1.png"), str(tmp_path / "broken.png"))
    assert "1.png: cat" in ran.stdout
    assert "“broken.png” is damaged" in ran.stderr
    assert ran.returncode == 1


def test_the_folder_says_what_it_is(written: Path) -> None:
    described = json.loads((written / "classifier.json").read_bytes())
    assert described["classes"] == ["cat", "coffee", "rocket"]
    assert described["package"]["version"] == fsl_demo.__version__
    (checkpoint,) = described["checkpoints"]
    assert checkpoint["name"] == "siamese_characters"
    assert checkpoint["sha256"] in (written / "LICENCE.txt").read_text()
    assert {example["label"] for example in described["examples"]} == set(described["classes"])


def test_the_package_reads_the_folder(written: Path) -> None:
    query = episode().queries[1]
    answer = fsl_demo.load(written).predict(query.image())
    scores = (
        exports("siamese").fit(episode(), exports("siamese").Settings(variant="characters")).predict([query], quiet)
    )
    assert answer.label == episode().classes[scores.best(0)].name
    assert answer.unlike == scores.unlike(0)
    np.testing.assert_allclose(list(answer.probabilities.values()), scores.probabilities[0], atol=1e-4)
    from_bytes = fsl_demo.load(str(written)).predict(encoded(query.image(), "PNG"))
    assert from_bytes == answer


@pytest.mark.process
def test_importing_the_package_or_its_load_imports_no_torch() -> None:
    code = "import sys, fsl_demo; fsl_demo.load; print('torch' in sys.modules, 'onnxruntime' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]


def test_what_is_no_folder_of_a_classifier_is_said(tmp_path: Path, written: Path) -> None:
    with pytest.raises(UserError) as missing:
        fsl_demo.load(tmp_path)
    assert missing.value.code == "portable_missing"
    for text in ("no json", "[]", '{"format": 2}'):
        (tmp_path / "classifier.json").write_text(text)
        with pytest.raises(UserError) as bad:
            fsl_demo.load(tmp_path)
        assert bad.value.code == "portable_bad"
    (tmp_path / "classifier.json").write_bytes((written / "classifier.json").read_bytes())
    (tmp_path / "classifier.onnx").write_bytes(b"no model")
    with pytest.raises(UserError) as model:
        fsl_demo.load(tmp_path).predict(written / "examples/1.png")
    assert model.value.code == "portable_bad"


def test_names_of_any_script_are_kept(tmp_path: Path) -> None:
    names = ("貓", "../кот", "قطة\"'`|*")
    specs = tuple(ClassSpec(name) for name in names)
    files = contents(Episode(specs, episode().support, ()))
    folder.write_folder(tmp_path / "猫", files)
    assert fsl_demo.load(tmp_path / "猫").classes == names


class Colours(torch.nn.Module):
    """Similarities to 200 classes, from the mean colour."""

    def __init__(self) -> None:
        super().__init__()
        self.directions = torch.nn.Parameter(torch.randn(3, 200, generator=torch.Generator().manual_seed(0)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((1, 2)) / 255 @ self.directions


def test_two_hundred_classes_fit(tmp_path: Path) -> None:
    names = [f"class {number}" for number in range(200)]
    network = Colours()
    portable = Portable(("rgb32",), network, (), temperature=3.0, none_below=math.nan, weights="colours")
    pictures = episode().queries
    given = similarities(portable, pictures)
    scores = Scores(
        "colours",
        checkpoint="colours",
        settings={},
        seconds=0.0,
        similarities=given,
        probabilities=softmax(3 * given),
        none_below=math.nan,
    )
    many = Episode(tuple(map(ClassSpec, names)))
    card = exports("siamese").card
    folder.write_folder(
        tmp_path / "many", folder.files(folder.Taken(card, many, portable, examples=pictures, scores=scores))
    )
    answer = fsl_demo.load(tmp_path / "many").predict(pictures[0].image())
    assert (answer.label, answer.unlike) == (names[scores.best(0)], None)
    assert list(answer.probabilities) == names


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("there", "link"):
        with pytest.raises(UserError) as refused:
            folder.write_folder(tmp_path / name, contents())
        assert refused.value.code == "export_exists"
    assert list((tmp_path / "there").iterdir()) == []


def test_a_folder_that_cannot_be_finished_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = durable.writing, [3]

    def full(path: Path) -> object:
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device")
        return real(path)

    monkeypatch.setattr(durable, "writing", full)
    with pytest.raises(UserError) as refused:
        folder.write_folder(tmp_path / "animals", contents())
    assert refused.value.code == "disk_full"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.process
@pytest.mark.parametrize(("write", "moments"), [(folder.write_folder, 30), (folder.write_zip, 3)])
def test_a_process_that_is_killed_leaves_all_or_nothing(
    tmp_path: Path, write: Callable[[Path, folder.Files], None], moments: int
) -> None:
    """At any moment: before a file, a folder or a name is safe on the disk, and after."""
    for moment in range(moments):
        place = tmp_path / f"{moment}.taken"
        child = os.fork()
        if not child:
            killed_at(moment)
            write(place, contents())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert place.exists() or os.WIFSIGNALED(status)
        if place.is_dir():
            assert {str(file.relative_to(place)) for file in place.rglob("*.*")} == set(contents())
            assert (place / folder.MODEL).read_bytes() == contents()[folder.MODEL]
        elif place.exists():
            assert zipfile.ZipFile(place).testzip() is None


def killed_at(moment: int) -> None:
    """End this process as a power cut would, at the moment-th time that something is made safe."""
    left = [moment]
    real = os.fsync

    def sync(descriptor: int) -> None:
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        real(descriptor)

    os.fsync = sync


def test_without_its_runtime_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(UserError) as missing:
        web.files(tmp_path)
    assert missing.value.code == "web_missing"
    assert "onnxruntime-web@1.30.0" in str(missing.value)
    for name in web.RUNTIME:
        (tmp_path / name).write_bytes(b"of another version")
    with pytest.raises(UserError) as other:
        web.files(tmp_path)
    assert other.value.code == "web_differs"


def test_the_page_says_the_same_in_all_its_languages() -> None:
    texts = json.loads((reading.FILES / "web" / "texts.json").read_text(encoding="utf-8"))
    english = texts.pop("en")
    script = "".join(file.read_text(encoding="utf-8") for file in (reading.FILES / "web").iterdir())
    assert texts
    for other in texts.values():
        assert {key: parameters(text) for key, text in other.items()} == {
            key: parameters(text) for key, text in english.items()
        }
    asked = set(re.findall(r'(?:data-text=|say\()"(\w+)"', script))
    assert asked == set(english)


def parameters(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_a_zip_holds_the_same_files(tmp_path: Path) -> None:
    folder.write_zip(tmp_path / "animals.zip", contents())
    with zipfile.ZipFile(tmp_path / "animals.zip") as archive:
        assert {name: archive.read(f"animals/{name}") for name in contents()} == dict(contents())


def test_nothing_tells_of_this_machine_or_of_the_files(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    image = crops("cat")[0].image()
    (tmp_path / "private name.jpg").write_bytes(encoded(image, "JPEG", exif=exif))
    told = ingest(tmp_path / "private name.jpg")
    support = (Example(told, 0), *(example for example in episode().support if example.class_index))
    everything = b"".join(contents(Episode(episode().classes, support, ())).values())
    for secret in (b"a secret place", b"private name", str(tmp_path).encode(), str(Path.home()).encode() + b"/"):
        assert secret not in everything


def test_a_model_that_answers_otherwise_is_not_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "NEAR", -1.0)
    with pytest.raises(UserError) as refused:
        contents.__wrapped__()
    assert refused.value.code == "export_differs"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("can-transductive", "reason_export_transductive"),
        ("clip", "reason_export_weights"),
        ("two-stream", "reason_export_network"),
    ],
)
def test_a_method_that_cannot_says_why(name: str, reason: str) -> None:
    method = known().method(name)
    with pytest.raises(UserError) as refused:
        exported(known(), method, episode=episode(), settings=method.Settings(), progress=quiet)
    assert refused.value.code == "export_method"
    assert refused.value.params["reason"] == UserError(reason) or str(UserError(reason)) in str(refused.value)
    assert "prototype" in str(refused.value)


def test_an_empty_class_is_named() -> None:
    empty = Episode((*episode().classes, ClassSpec("dog")), episode().support)
    with pytest.raises(UserError) as refused:
        contents(empty)
    assert (refused.value.code, refused.value.params["name"]) == ("class_empty", "dog")


def test_pictures_are_read_as_here(tmp_path: Path) -> None:
    grey = np.asarray(crops("cat")[0].image().convert("L")).astype(np.uint16) * 257
    clear = crops("rocket")[0].image().convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    cmyk = crops("coffee")[0].image().convert("CMYK")
    for data in (
        encoded(Image.fromarray(grey), "PNG"),
        encoded(clear, "WEBP", lossless=True),
        encoded(clear, "TIFF"),
        encoded(clear.convert("P"), "GIF"),
        encoded(cmyk, "JPEG"),
    ):
        np.testing.assert_array_equal(classify.pixels(data), np.asarray(ingest(data, "picture").image()))
    np.testing.assert_array_equal(classify.pixels(clear), np.asarray(ingest(encoded(clear, "PNG"), "picture").image()))
