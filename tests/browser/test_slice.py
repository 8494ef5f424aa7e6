"""The main job from end to end: upload, predict, look at why, label, save, reload, reopen, export."""

from __future__ import annotations

import zipfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect
from skimage import data

from tests.browser.conftest import Workbench


def crops(folder: Path, name: str, corners: list[tuple[int, int]]) -> list[str]:
    """Parts of one of scikit-image's surface photographs, as files."""
    surface = Image.fromarray(getattr(data, name)())
    files = []
    for x, y in corners:
        file = folder / f"{name}-{x}-{y}.png"
        surface.crop((x, y, x + 160, y + 160)).save(file)
        files.append(str(file))
    return files


def test_from_upload_to_export(page: Page, workbench: Workbench, tmp_path: Path) -> None:
    for position, name in enumerate(("brick", "grass")):
        row = page.locator(".class-row").nth(position)
        row.locator("input[type=text]").fill(name)
        row.locator("input[type=file]").set_input_files(crops(tmp_path, name, [(0, 0), (300, 0)]))
        expect(row.locator(".thumb")).to_have_count(2)
    queries = crops(tmp_path, "brick", [(0, 300), (300, 300)]) + crops(tmp_path, "grass", [(0, 300)])
    page.locator(".side input[type=file]").set_input_files(queries)
    expect(page.locator(".side .thumb")).to_have_count(3)

    page.get_by_label("Prototype", exact=False).first.check()
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator("#results tbody tr")).to_have_count(3)
    expect(page.locator("#results tbody tr").first.locator(".cell").first).to_contain_text("brick")

    page.locator("#results tbody tr").nth(2).locator(".cell").first.click()
    expect(page.locator("#why h2")).to_contain_text("grass")
    expect(page.locator("#why .heat").first).to_be_visible()

    page.get_by_role("tab", name="Label and save").click()
    for labelled in (1, 2, 3):
        page.keyboard.press("Enter")
        expect(page.locator("#labelling")).to_contain_text(f"{labelled} of 3 labelled")
    expect(page.locator("#labelling .report").first).to_contain_text("3 of 3 right")
    page.get_by_role("button", name="Save episode").click()
    expect(page.locator(".notice")).to_contain_text(str(workbench.workspace))

    page.reload()
    expect(page.locator(".side .thumb")).to_have_count(3)
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator(".hero")).to_be_visible()

    page.get_by_role("tab", name="Collection").click()
    page.get_by_role("button", name="Reopen").first.click()
    expect(page.locator(".class-row").first.locator("input[type=text]")).to_have_value("brick")
    expect(page.locator(".side .thumb")).to_have_count(3)
    page.get_by_role("tab", name="Label and save").click()
    expect(page.locator("#labelling .report").first).to_contain_text("3 of 3 right")

    page.get_by_role("tab", name="Collection").click()
    page.get_by_role("button", name="Export", exact=False).click()
    with page.expect_download() as started:
        page.locator(".notice a[download]").click()
    saved = tmp_path / "export.zip"
    started.value.save_as(saved)
    names = zipfile.ZipFile(saved).namelist()
    assert sum("support" in name and name.endswith(".png") for name in names) == 4
    assert sum("query" in name and name.endswith(".png") for name in names) == 3
