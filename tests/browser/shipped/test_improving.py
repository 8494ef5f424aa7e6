"""From pictures with faults to a classifier that leaves: doctor, review, freezing, fine-tuning, receipt, export."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import BrowserContext, expect
from skimage import data

from tests.browser.conftest import Workbench, go, open_workbench
from tests.browser.shipped.test_journeys import predict

TEXTURES = {"brick": data.brick, "grass": data.grass, "gravel": data.gravel}
SIDE, EACH = 100, 20
LONG = 120_000
"""Milliseconds that a job may take where others share the machine."""
ALONE = (
    "import sys, runpy; sys.modules.update(dict.fromkeys(('fsl_demo', 'torch', 'timm')));"
    " runpy.run_path({!r}, run_name='__main__')"
)
"""Runs a script where only what it is said to need can be imported."""


@pytest.fixture(scope="module")
def textures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return textured(tmp_path_factory.mktemp("textures"))


def textured(folder: Path) -> Path:
    """60 pictures in class folders: one is labelled wrongly, two are copies of others."""
    for name, load in TEXTURES.items():
        (folder / name).mkdir()
        picture = Image.fromarray(load()).convert("RGB")
        for n in range(EACH if name == "grass" else EACH - 1):
            left, top = n % 5 * SIDE, n // 5 * SIDE
            picture.crop((left, top, left + SIDE, top + SIDE)).save(folder / name / f"{name} {n}.png")
    brick, gravel = (Image.open(folder / name / f"{name} 7.png") for name in ("brick", "gravel"))
    ImageOps.mirror(brick).save(folder / "brick" / "mirrored.png")
    gravel.crop((4, 4, SIDE - 4, SIDE - 4)).save(folder / "gravel" / "cropped.jpg", quality=40)
    (folder / "grass" / "grass 3.png").rename(folder / "gravel" / "grass 3.png")
    return folder


def test_from_faults_to_a_classifier_that_leaves(
    context: BrowserContext, workbench: Workbench, textures: Path, tmp_path: Path
) -> None:
    page = context.new_page()
    open_workbench(page, workbench)

    # the doctor finds what is wrong with the examples, and mends it
    page.locator("#pick-classes-upload_folder").set_input_files(textures)
    expect(page.locator(".support .thumb")).to_have_count(60)
    page.get_by_label("Part by part").first.uncheck()  # the slowest by far
    page.locator("[data-job=diagnose]").click()
    expect(page.locator(".finding[data-kind=duplicates]")).to_have_count(2, timeout=LONG)
    wrong = page.locator(".finding[data-kind=wrong_label]")
    expect(wrong).to_have_count(1)
    wrong.get_by_role("button", name="Move to “grass”").click()
    expect(page.locator(".class-row", has=page.locator("input[value=grass]")).locator(".thumb")).to_have_count(20)

    # as a collection they are reviewed by keys
    go(page, "Collection")
    page.locator("#new-collection").fill("surfaces")
    page.locator("[data-action=new-collection]").click()
    named = page.locator("#named")
    named.locator("#pick-named-folder").set_input_files(textures)
    expect(named.get_by_role("button", name="All 60")).to_be_visible()
    named.locator("[data-for='collections.review']").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Tab")
    page.locator("[data-review=order]").select_option("suspect")
    picture, accept = page.locator("#review-picture img"), page.locator("[data-action=review-accept]")
    expect(picture).to_have_attribute("alt", "grass 3.png")
    expect(accept).to_contain_text("grass")
    page.get_by_role("button", name="“gravel” is right").click()
    finished = page.locator("#review-picture")
    expect(finished).to_contain_text("No label is suspected")
    page.keyboard.press("u")
    expect(picture).to_have_attribute("alt", "grass 3.png")
    page.keyboard.press("Enter")
    expect(finished).to_contain_text("No label is suspected")
    finished.get_by_role("button", name="without my word").click()
    expect(accept).to_be_visible()
    for _ in range(29):
        before = picture.get_attribute("alt")
        page.keyboard.press("Enter")
        expect(picture).not_to_have_attribute("alt", str(before))
        expect(accept).to_be_visible()
    progress = page.locator("#review-progress")
    expect(progress).to_contain_text("29 of 59 done")
    for _ in range(3):
        page.keyboard.press("u")
    expect(progress).to_contain_text("26 of 59 done")
    expect(page.locator("#saving")).to_have_attribute("data-waiting", "0")

    # frozen, they teach a new version, whose receipt says whether it is better
    go(page, "Improve")
    page.locator("#improve-collection").select_option("surfaces")
    page.locator("#improvements [data-job=freeze][data-collection=surfaces]").click()
    expect(page.locator("#jobs .job.freeze")).to_contain_text("Frozen as version 1.")
    page.locator("#improvements [data-job=finetune][data-collection='surfaces@1']").click()
    expect(page.locator("#curve .main-svg").first).to_be_visible()
    expect(page.locator("#curve [role=status]")).to_contain_text(re.compile(r"Epoch \d+ of \d+"))
    receipt = page.locator("section.receipt")
    expect(receipt.locator(".verdict")).to_contain_text("picture_space@2", timeout=LONG)
    receipt.get_by_role("button", name="Use picture_space@2").click()
    expect(receipt).to_contain_text("✓ in use")
    receipt.locator("[data-action=roll-back]").click()
    expect(receipt.get_by_role("button", name="Use picture_space@2")).to_be_visible()
    with context.expect_page() as opened:
        receipt.get_by_role("link", name="Receipt").click()
    expect(opened.value.locator("h1, h2").first).to_contain_text("picture_space@1 against picture_space@2")
    opened.value.close()

    # the classifier leaves, and says by itself that it answers rightly
    go(page, "Workbench")
    page.locator("#pick-queries-add_queries").set_input_files(textures / "brick" / "brick 1.png")
    expect(page.locator("#queries-grid .thumb")).to_have_count(1)
    predict(page)
    go(page, "Results")
    with page.expect_download() as started:
        page.locator("[data-action=take]").click()
        page.locator(".job.take_classifier a").click()
    with zipfile.ZipFile(started.value.path()) as archive:
        archive.extractall(tmp_path / "taken")
    (script,) = (tmp_path / "taken").rglob("selftest.py")
    command = [sys.executable, "-c", ALONE.format(str(script))]
    ran = subprocess.run(command, cwd=script.parent, capture_output=True, text=True)
    assert ran.stdout.splitlines()[-1] == "All answers are as expected.", ran.stderr
