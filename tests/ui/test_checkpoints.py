"""The open page sees a new checkpoint, a new version and a fault, without a restart."""

import shutil
from pathlib import Path

import pytest

from fsl_demo import checkpoints
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import layout
from fsl_demo.methods.siamese import Siamese
from tests.checkpoints.test_current import again
from tests.checkpoints.tiny import rewrite
from tests.ui.conftest import Browser

DIGITS = "siamese_digits"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app's own folder of checkpoints, with one of digits."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(layout.FOLDER / DIGITS, folder / DIGITS)
    monkeypatch.setattr(layout, "FOLDER", folder)
    return folder


@pytest.fixture
def trained(folder: Path, filled: Browser) -> Browser:
    """A page with `Siamese` on that folder, and nothing else ticked."""
    filled.page.registry.methods["siamese"] = Siamese(Networks(FeatureCache()))
    filled.page.refresh(filled.open_draft)
    filled.look()
    for method in ("prototype", "asif"):
        filled.edit("tick_method", method=method, ticked=False)
    filled.edit("tick_method", method="siamese", ticked=True)
    return filled


def used(browser: Browser) -> str:
    """The hash that the last prediction names."""
    assert browser.predict()["state"] == "done"
    (result,) = (result for result in browser.document.results if result.scores.method == "siamese")
    return result.scores.checkpoint


def test_a_new_checkpoint_can_be_chosen_and_predicts(trained: Browser) -> None:
    assert "mine" not in trained.parts["methods"]
    again("mine", 2.0)
    trained.edit("set_setting", method="siamese", name="none_below", value="0.5")
    assert '<option value="mine" >mine</option>' in trained.parts["methods"]
    trained.edit("set_setting", method="siamese", name="variant", value="mine")
    assert trained.document.settings["siamese"]["variant"] == "mine"
    assert used(trained) == checkpoints.hash_in_use("mine")


def test_a_new_version_predicts_and_is_rolled_back(trained: Browser) -> None:
    trained.edit("set_setting", method="siamese", name="variant", value="digits")
    first = used(trained)
    again(DIGITS, 2.0)
    assert used(trained) == checkpoints.hash_in_use(DIGITS) != first
    checkpoints.roll_back(DIGITS)
    assert used(trained) == first


def test_a_faulty_checkpoint_leaves_the_page_and_the_others_alone(trained: Browser, folder: Path) -> None:
    again("mine", 2.0)
    (folder / "mine" / "model.safetensors").write_bytes(b"")
    again("other", 3.0)
    rewrite(folder / "other", seed="0")
    trained.edit("set_setting", method="siamese", name="none_below", value="0.5")
    assert 'value="other"' not in trained.parts["methods"]
    trained.edit("set_setting", method="siamese", name="variant", value="digits")
    assert used(trained) == checkpoints.hash_in_use(DIGITS)
    trained.edit("set_setting", method="siamese", name="variant", value="mine")
    trained.predict()
    assert "The weights of mine are not the ones that its card names" in trained.notice


@pytest.mark.parametrize("name", ["<img src=x onerror=evil()>", '"><script>evil()<', "' onfocus=evil() '"])
def test_a_name_that_is_markup_stays_a_name(trained: Browser, folder: Path, name: str) -> None:
    shutil.copytree(folder / DIGITS, folder / name)
    again("mine", 2.0)
    rewrite(folder / "mine", data=name, machine=name)
    trained.edit("set_setting", method="siamese", name="variant", value=name)
    trained.edit("rename", key=trained.document.classes[0].key, name=name)
    trained.job("predict")
    shown = trained.html + trained.panel("details", query=trained.document.queries[0])
    for raw in ("<img src=x", "<script>", "' onfocus"):
        assert raw not in shown
    assert "onfocus" in shown or "evil()" in shown
