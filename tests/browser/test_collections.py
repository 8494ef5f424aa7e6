"""A named collection as a person makes it: from a search, from a zip of class folders; undone, frozen, exported."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Served, go, open_workbench
from tests.browser.files import class_zip
from tests.colours import painted


def test_from_a_search_and_class_folders_to_an_export(context: BrowserContext, alone: Served, tmp_path: Path) -> None:
    for name, rgb in {"red": (220, 10, 10), "blue": (10, 10, 220)}.items():
        painted(rgb, 1).save(tmp_path / f"{name}.png")
    page = context.new_page()
    open_workbench(page, alone)
    go(page, "Search")
    page.locator("#pick-collection-add_pictures").set_input_files(sorted(tmp_path.glob("*.png")))
    page.get_by_label("Select: red.png").check()
    page.get_by_label("Collection", exact=True).fill("plants")
    page.get_by_role("button", name="Add to a collection").click()
    expect(page.locator(".notice")).to_contain_text("Added to “plants”: 1.")

    go(page, "Collection")
    named = page.locator("#named")
    row = named.locator("tr[data-named=plants]")
    expect(row).to_contain_text("1 pictures, 1 unlabelled, 0 disputed")
    row.get_by_role("button", name="Open: plants").click()
    expect(named.locator(".tile")).to_have_count(1)
    named.locator("#pick-named").set_input_files(class_zip(tmp_path / "more.zip", ways=2, shots=3))
    expect(named.locator(".tile")).to_have_count(7)
    named.get_by_role("button", name="Unlabelled 1").click()
    expect(named.locator(".tile")).to_have_count(1)
    named.get_by_label("Select: red.png").check()
    named.get_by_role("button", name="Take out the ticked ones").click()
    expect(named.locator(".warn")).to_contain_text("Taken out: 1.")
    expect(named.get_by_role("button", name="All 6")).to_be_visible()
    named.get_by_role("button", name="Undo").click()
    expect(named.get_by_role("button", name="All 7")).to_be_visible()

    named.get_by_role("button", name="Freeze").click()
    expect(named.locator("tr[data-version='1']")).to_contain_text("plants@1")
    expect(page.locator("#jobs .job.freeze")).to_contain_text("Frozen as version 1.")
    expect(page.locator("#jobs .job.freeze")).to_contain_text("Pictures without a label (1, the first is “red.png”)")
    with page.expect_download() as download:
        named.get_by_role("button", name="Export: plants@1").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {
            "train",
            "validation",
            "test",
            "collection.json",
        }

    named.get_by_label("Collection", exact=True).fill("herbs")
    page.keyboard.press("Enter")
    expect(named.locator("tr[data-version='1']")).to_contain_text("herbs@1")
    named.get_by_role("button", name="← Collections").click()
    named.get_by_role("button", name="Fine-tune: herbs").click()
    expect(page.locator("#improvements")).to_contain_text("herbs")
    go(page, "Collection")
    named.get_by_role("button", name="Delete: herbs").click()
    expect(named).to_contain_text("No collection yet")
    named.get_by_role("button", name="Undo").click()
    expect(named.locator("tr[data-named=herbs]")).to_contain_text("7 pictures, 1 unlabelled, 0 disputed")
