"""A fine-tuning goes to another machine as one file and comes back as one; neither is trusted."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as serialise

from fsl_demo import checkpoints
from fsl_demo.checkpoints import layout
from fsl_demo.core.errors import UserError
from fsl_demo.services.finetuning import bundle, carry_out
from fsl_demo.training.events import silent
from tests import tuned
from tests.checkpoints.tiny import replace_weights, save
from tests.tuned import DIGITS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tuned.shipped(tmp_path / "checkpoints")
    monkeypatch.setattr(layout, "FOLDER", folder)
    return folder


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    file = tmp_path / "mine.zip"
    bundle.write(tuned.request(epochs=1), tuned.collection(), file)
    return file


def rewritten(file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same zip with other entries."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file


def test_there_and_back(tmp_path: Path, home: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = carry_out(
        tuned.request(epochs=1),
        tuned.collection(),
        folder=tmp_path / "here",
        networks=tuned.networks(),
        on_event=silent,
        root=tmp_path,
    )
    monkeypatch.setattr(layout, "FOLDER", tmp_path / "nothing")
    with bundle.opened(bundled, tmp_path / "there") as opened:
        assert opened.collection.pictures == tuned.collection().pictures
        assert (str(opened.collection), opened.collection.digest) == ("mine@1", tuned.collection().digest)
        there = carry_out(
            opened.request,
            opened.collection,
            folder=tmp_path / "run",
            networks=tuned.networks(),
            on_event=silent,
            root=tmp_path,
        )
    assert here is not None and there is not None
    assert there.version == here.version and there.receipt.figures == here.receipt.figures
    out = tmp_path / "done.zip"
    bundle.write_result(tmp_path / "there" / DIGITS, version=2, receipts=tmp_path / "run", path=out)
    assert {"receipt.json", "receipt.html"} < set(zipfile.ZipFile(out).namelist())
    monkeypatch.setattr(layout, "FOLDER", tuned.fresh(tmp_path / "again", home))
    assert bundle.add(out) == (DIGITS, 2) == bundle.add(out)
    assert checkpoints.entry(DIGITS).in_use == 1
    assert checkpoints.load(f"{DIGITS}@2").sha256 == here.version.sha256


def changed_request(entries: dict[str, bytes]) -> None:
    manifest = json.loads(entries[bundle.MANIFEST])
    manifest["pictures"][0]["part"] = "test"
    entries[bundle.MANIFEST] = json.dumps(manifest).encode()


def outside(entries: dict[str, bytes]) -> None:
    manifest = json.loads(entries[bundle.MANIFEST])
    manifest["pictures"][0]["file"] = "../../etc/passwd"
    entries[bundle.MANIFEST] = json.dumps(manifest).encode()


def other_picture(entries: dict[str, bytes]) -> None:
    first, second, *_ = (name for name in entries if name.startswith("pictures/"))
    entries[first] = entries[second]


def no_picture(entries: dict[str, bytes]) -> None:
    del entries[next(name for name in entries if name.startswith("pictures/"))]


def other_weights(entries: dict[str, bytes]) -> None:
    entries[f"checkpoints/{DIGITS}/model.safetensors"] = b"0" * 100


def no_json(entries: dict[str, bytes]) -> None:
    entries[bundle.MANIFEST] = b"{"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (changed_request, "bundle_none"),
        (outside, "bundle_none"),
        (other_picture, "bundle_none"),
        (no_picture, "bundle_none"),
        (no_json, "bundle_none"),
        (lambda entries: entries.pop(bundle.MANIFEST), "bundle_none"),
        (other_weights, "weights_differ"),
    ],
)
def test_a_bundle_that_is_not_what_it_says_is_refused(
    tmp_path: Path, bundled: Path, change: Callable[[dict[str, bytes]], None], code: str
) -> None:
    with pytest.raises(UserError) as refused, bundle.opened(rewritten(bundled, change), tmp_path / "there"):
        pass
    assert refused.value.code == code


def result(folder: Path, name: str = DIGITS, **card: object) -> Path:
    """A folder with a checkpoint made elsewhere."""
    start = checkpoints.load(DIGITS)
    arrays = {**start.arrays, "temperature": start.arrays["temperature"] * 2}
    own = {**start.card.as_dict(), "name": name, **card}
    checkpoints.save("made", arrays, card=own, folder=folder)
    return folder / "made"


def test_another_checkpoint_of_the_same_name_is_not_mixed_up(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        bundle.add(result(tmp_path / "elsewhere"))
    assert refused.value.code == "checkpoint_taken" and len(checkpoints.entry(DIGITS).versions) == 1
    assert bundle.add(result(tmp_path / "renamed", name="other")) == ("other", 1)


def test_whatever_is_wrong_with_a_checkpoint_is_said_and_nothing_is_taken(tmp_path: Path) -> None:
    place = result(tmp_path / "elsewhere", name="other")
    (place / "model.safetensors").write_bytes(b"x" * (place / "model.safetensors").stat().st_size)
    with pytest.raises(UserError, match="not the ones"):
        bundle.add(place)
    outside = result(tmp_path / "outside", name="../other")
    with pytest.raises(UserError) as refused:
        bundle.add(outside)
    assert refused.value.code == "checkpoint_name"
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError) as refused:
        bundle.add(tmp_path / "empty")
    assert refused.value.code == "checkpoint_none"
    nan = tmp_path / "nan"
    save(nan, value=1.0, name="fine")
    weights = np.full((2, 3), np.nan, np.float32)
    replace_weights(nan / "fine", serialise({"weights": weights}))
    with pytest.raises(UserError, match="not finite"):
        bundle.add(nan / "fine")
    assert {entry.name for entry in checkpoints.catalogue()} == {DIGITS}
