"""The Improve tab: fine-tune on a frozen collection, the curve, the receipt, into use and back, history."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fsl_demo import checkpoints
from fsl_demo.checkpoints import layout
from fsl_demo.core.collections import FrozenCollection
from fsl_demo.methods.clip.method import ClipMethod
from fsl_demo.services.finetuning import FinetuneOptions, bundle, requested
from fsl_demo.training.tasks import finetune_classes
from fsl_demo.ui import finetuning
from tests import tuned
from tests.backbones import tiny_clip
from tests.frozen import frozen
from tests.tuned import DIGITS
from tests.ui.conftest import Browser, Page, restarted


@pytest.fixture
def collection(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FrozenCollection:
    monkeypatch.setattr(layout, "FOLDER", tuned.shipped(tmp_path / "checkpoints"))
    monkeypatch.setattr(finetuning, "Networks", lambda *_: tuned.networks())
    monkeypatch.setattr(finetuning, "ROOT", tmp_path)
    monkeypatch.setattr(finetune_classes, "EPOCHS", 2)
    tuned.warm()
    return tuned.stored(page.workspace)


ASKED = {"method": "siamese", "collection": "mine@1", "start": f"{DIGITS}@1"}


def test_without_a_frozen_collection_it_says_what_to_do(browser: Browser) -> None:
    assert "Fine-tuning takes a frozen collection" in browser.panel("improve")


def test_from_the_button_to_the_receipt_into_use_and_back(
    browser: Browser, collection: FrozenCollection, client: TestClient
) -> None:
    form = browser.panel("improve", method="siamese")
    assert "mine@1" in form and f"{DIGITS}@1 · in use" in form and 'data-job="finetune"' in form
    assert browser.job("finetune", **ASKED)["state"] == "done" and checkpoints.entry(DIGITS).in_use == 1
    browser.look()
    curve = browser.parts["data:curve"]
    assert [row["epoch"] for row in curve["rows"]] == [1, 2] and curve["epochs"] == 2 and curve["rate"] > 0
    assert curve["judged"]
    shown = browser.panel("improve", method="siamese")
    assert (f"{DIGITS}@2" in shown and "Stay with" in shown) or "is better" in shown
    assert f'data-action="use-version" data-name="{DIGITS}" data-version="2"' in shown
    (link,) = [part.split('"')[0] for part in shown.split('href="')[1:]]
    receipt = client.get(link)
    assert receipt.status_code == 200 and f"{DIGITS}@1 against {DIGITS}@2" in receipt.text
    chinese = client.get(link, headers={"Cookie": "fsl_language=zh-TW"}).text
    assert f"{DIGITS}@1 與 {DIGITS}@2 的比較" in chinese and '<html lang="zh-TW">' in chinese
    assert chinese.count("data:image/jpeg") == receipt.text.count("data:image/jpeg")
    assert not re.search(r">[^<{]*\b(before|after|right|answers|pictures)\b", chinese)
    assert client.get("/workbench/receipts/nothing").status_code == 404
    browser.edit("use_version", name=DIGITS, version=2)
    assert checkpoints.entry(DIGITS).in_use == 2 and "version 2 is in use" in browser.notice
    assert 'data-action="roll-back"' in browser.panel("improve", method="siamese")
    browser.edit("roll_back", name=DIGITS)
    assert checkpoints.entry(DIGITS).in_use == 1 and "version 1 is in use" in browser.notice
    browser.edit("use_version", name=DIGITS, version=9)
    assert checkpoints.entry(DIGITS).in_use == 1 and "no version 9" in browser.notice


def test_a_collection_that_was_never_frozen_can_be_frozen_there(browser: Browser, page: Page) -> None:
    page.workspace.collections.create("fresh")
    shown = browser.panel("improve", collection="fresh")
    assert 'data-job="freeze" data-collection="fresh"' in shown and 'data-job="finetune"' not in shown


def test_a_run_that_was_broken_off_is_offered_after_a_restart_and_goes_on(
    browser: Browser, collection: FrozenCollection
) -> None:
    stopped = browser.start("finetune", **ASKED)
    assert stopped is not None
    stopped.stop()
    assert browser.ended(stopped)["state"] == "stopped" and checkpoints.entry(DIGITS).in_use == 1
    again = restarted(browser)
    offered = again.panel("improve", method="siamese")
    assert "Broken off" in offered and f'data-start="{DIGITS}@1">Go on' in offered
    assert again.job("finetune", **ASKED)["state"] == "done"
    assert "Broken off" not in again.panel("improve", method="siamese")


def test_too_few_pictures_are_said_at_once(browser: Browser, page: Page, collection: FrozenCollection) -> None:
    tuned.stored(page.workspace, frozen(tuned.digits(), (18, 0, 0), name="few"))
    assert browser.start("finetune", **{**ASKED, "collection": "few@1"}) is None
    assert "too few pictures to fine-tune on" in browser.notice and "3 and 0" in browser.notice
    assert browser.start("finetune", **{**ASKED, "method": "can"}) is None
    assert "of another method: siamese" in browser.notice


@pytest.mark.parametrize("known", [True, False])
def test_a_checkpoint_that_was_made_elsewhere_comes_back_by_a_drop(
    browser: Browser, page: Page, collection: FrozenCollection, client: TestClient, tmp_path: Path, known: bool
) -> None:
    there = tuned.fresh(tmp_path / "there", layout.FOLDER)
    start = checkpoints.load(DIGITS)
    arrays = {**start.arrays, "temperature": start.arrays["temperature"] * 2}
    digest = collection.digest if known else "0" * 64
    card = start.card.as_dict() | {"start": {"name": DIGITS, "sha256": start.sha256}}
    card |= {"collection": {"name": "mine", "number": 1, "digest": digest}}
    number = checkpoints.write_version(DIGITS, arrays=arrays, card=card, folder=there, used=False)
    file = tmp_path / "done.zip"
    bundle.write_result(there / DIGITS, version=number, receipts=tmp_path, path=file)
    address = f"/workbench/checkpoints?draft={browser.draft}"
    assert client.post(address, content=file.read_bytes(), headers={"X-Path": "done.zip"}).status_code == 204
    shown = browser.ended(next(job for job in page.jobs.of(browser.draft) if job.kind == "bring_back"))
    assert shown["state"] == "done" and checkpoints.entry(DIGITS).in_use == 1
    assert ("is not here, so there is no receipt" in browser.notice) is not known
    assert (f'data-name="{DIGITS}" data-version="2"' in browser.panel("improve", method="siamese")) is known
    assert client.post(address, content=b"nonsense", headers={"X-Path": "bad.zip"}).status_code == 204
    (job,) = [job for job in page.jobs.of(browser.draft) if job.kind == "bring_back"]
    assert browser.ended(job)["state"] == "failed" and "bad" in browser.notice


def test_history_shows_which_answers_came_from_which_version(
    filled: Browser, page: Page, collection: FrozenCollection
) -> None:
    start = checkpoints.load(DIGITS)
    number = checkpoints.write_version(
        DIGITS,
        arrays={**start.arrays, "temperature": start.arrays["temperature"] * 2},
        card=start.card.as_dict(),
        folder=layout.FOLDER,
        used=True,
    )
    assert number == 2
    filled.predict()
    (result, *_) = filled.document.results
    object.__setattr__(result.scores, "checkpoint", f"{'0' * 16}+{start.sha256[:16]}")
    filled.edit("set_title", title="Answered before")
    filled.edit("save")
    shown = filled.panel("improve", method="siamese")
    before = shown[shown.index(f"{DIGITS}@1</td>") :]
    assert "Answered before" in before
    assert "Answered before" not in shown[shown.index(f"{DIGITS}@2") : shown.index(f"{DIGITS}@1</td>")]


def test_a_damaged_receipt_does_not_break_the_tab(
    browser: Browser, page: Page, collection: FrozenCollection, client: TestClient
) -> None:
    request = requested("siamese", collection, start=DIGITS, options=FinetuneOptions())
    folder = page.workspace.folder / "finetunings" / request.id
    folder.mkdir(parents=True)
    (folder / "request.json").write_text(request.model_dump_json())
    (folder / "receipt.json").write_text('{"verdict": ')
    assert client.get(f"/workbench/receipts/{request.id}").status_code == 404
    (folder.parent / "other").mkdir()
    (folder.parent / "other/request.json").write_text("[]")
    assert "mine@1" in browser.panel("improve") and not browser.notices


def test_clip_begins_with_weights_that_are_here(
    page: Page, browser: Browser, collection: FrozenCollection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.registry.methods["clip"] = ClipMethod(tuned.networks())
    assert "laion2b" not in browser.panel("improve", method="clip")
    tiny_clip.register(monkeypatch)
    name = f"tiny:{tiny_clip.save('tiny', tmp_path / 'mine.safetensors')}"
    browser.edit("set_setting", method="clip", name="model", value=name)
    assert f'data-start="{name}"' in browser.panel("improve", method="clip")
