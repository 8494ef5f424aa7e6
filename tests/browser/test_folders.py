"""Folders of class folders, as a person picks them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Workbench, open_workbench
from tests.ui.test_same_classes_everywhere import A, B, C, D, as_folder


def test_a_folder_fills_the_classes_and_what_is_left_out_is_told(
    context: BrowserContext, colours: Workbench, tmp_path: Path
) -> None:
    layout = {"train/cat/1.png": A, "train/cat/more/2.png": B, "train/cat/3.png": A, "train/dog/1.png": C}
    folder = as_folder(tmp_path / "set", {**layout, "train/dog/4.png": B, "test/5.png": D, "notes.txt": b"x"})
    page = context.new_page()
    open_workbench(page, colours)
    page.locator("#pick-classes-upload_folder").set_input_files(folder)
    expect(page.locator(".support .thumb")).to_have_count(3)
    names = [field.input_value() for field in page.locator("input[data-edit='rename']").all()]
    assert names[:2] == ["cat", "dog"]
    told = page.locator(".job")
    for sentence in (
        "“test” (1 pictures) was left out, because “train” beside it is read.",
        "“3.png” shows the same pixels as “1.png” and counts once.",
        "“4.png” of “dog” shows the same pixels as “2.png” of “cat”, and was left out.",
    ):
        expect(told).to_contain_text(sentence)
