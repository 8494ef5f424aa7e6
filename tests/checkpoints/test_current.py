"""The running program follows the version in use, sees a new checkpoint, and reads nothing before it is asked."""

import gc
import os
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from fsl_demo import checkpoints, methods
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import layout
from fsl_demo.core.capabilities import SearchesText
from fsl_demo.core.errors import UserError
from fsl_demo.core.registry import Registry
from fsl_demo.core.settings import Choice
from fsl_demo.methods.siamese import Siamese
from fsl_demo.services import search
from tests.checkpoints.tiny import NAME, rewrite, save


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app's own folder of checkpoints, with one of digits."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(layout.FOLDER / "siamese_digits", folder / "siamese_digits")
    monkeypatch.setattr(layout, "FOLDER", folder)
    return folder


def again(name: str, times: float = 1.0) -> None:
    """Save the digits' network under a name, with some of its weights multiplied."""
    stored = checkpoints.load("siamese_digits")
    first, *others = stored.arrays
    arrays = {first: stored.arrays[first] * stored.arrays[first].dtype.type(times)}
    checkpoints.save(name, arrays | {key: stored.arrays[key] for key in others}, stored.card.as_dict())


def test_what_is_made_of_a_checkpoint_follows_the_version_in_use(tmp_path: Path) -> None:
    save(tmp_path, 1.0)
    made: list[float] = []

    def make(checkpoint: checkpoints.Checkpoint) -> float:
        made.append(float(checkpoint.arrays["weights"][0, 0]))
        return made[-1]

    current = checkpoints.Current(make, NAME, folder=tmp_path)
    assert [current(), current()] == [1.0, 1.0] and made == [1.0]
    save(tmp_path, 2.0)
    assert [current(), current()] == [2.0, 2.0] and made == [1.0, 2.0]
    checkpoints.roll_back(NAME, tmp_path)
    assert current() == 1.0
    rewrite(tmp_path / NAME, seed="0")
    with pytest.raises(UserError, match="seed"):
        current()


def test_a_network_of_another_version_takes_the_place_of_the_first(folder: Path) -> None:
    networks = Networks(FeatureCache())
    first = networks.trained("siamese_digits")
    assert networks.trained("siamese_digits") is first
    again("siamese_digits", 2.0)
    second = networks.trained("siamese_digits")
    assert second.checkpoint.version == 2 and second.weights != first.weights
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None  # the old one is let go
    checkpoints.use("siamese_digits", 1)
    assert networks.trained("siamese_digits").checkpoint.version == 1


def test_a_new_checkpoint_is_a_variant_without_a_restart(folder: Path) -> None:
    (variant,) = [control for control in Siamese.Settings.controls() if control.name == "variant"]
    assert isinstance(variant, Choice)
    assert "mine" not in variant.known()
    again("mine")
    assert variant.known()[-1] == "mine" and variant.parse("mine") == "mine"
    rewrite(folder / "mine", seed="0")
    assert "mine" not in variant.known()


def test_within_one_look_the_folder_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda place: read.append(str(place)) or scan(place))
    with checkpoints.one_look():
        first = checkpoints.catalogue(folder)
        count = len(read)
        assert checkpoints.catalogue(folder) is first and len(read) == count > 0
    assert checkpoints.catalogue(folder) == first and len(read) > count


def test_the_catalogue_reads_a_card_again_only_when_it_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda file: (read.append(file.name), original(file))[1])
    before = checkpoints.in_use()
    assert checkpoints.in_use() == before and read == ["card.json"]
    again("mine")
    read.clear()
    assert checkpoints.in_use() != before and read == ["card.json"]  # of the new one, and no weights


OPENED = """
import sys
opened = []
looks = ("open", "os.scandir", "os.listdir")
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event in looks else None)
import fsl_demo.methods, fsl_demo.captioners, fsl_demo.cli
from fsl_demo.core import shipped
print([name for name in opened if name.startswith(str(shipped.CHECKPOINTS))])
"""


@pytest.mark.process
def test_nothing_is_read_at_import() -> None:
    ran = subprocess.run([sys.executable, "-c", OPENED], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "[]"


def test_without_any_checkpoint_everything_is_built_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "FOLDER", tmp_path)
    registry = Registry(methods.build(Networks(FeatureCache())).values())
    assert search.spaces(registry) == {} and checkpoints.catalogue() == ()
    for method in registry.supporting(SearchesText):
        if method.card.id != "clip":
            with pytest.raises(UserError, match="not installed"):
                _ = method.joint
