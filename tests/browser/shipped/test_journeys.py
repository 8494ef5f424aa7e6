"""A few journeys through the page with the real methods, as a person takes them."""

from __future__ import annotations

import base64
import zipfile
from collections import Counter
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect
from skimage import data

from tests.browser.conftest import Workbench, go, open_workbench, wait_for, watched

GROUPS = "#results-list .group-head"
WEIGHTS = 120_000
"""Milliseconds for answers for which weights may have to be read, on a machine that is busy."""

TABS = ["工作台", "結果", "標記與儲存", "搜尋", "收藏", "審閱", "改進"]


def open_example(page: Page, name: str) -> None:
    page.locator(f"[data-example={name}]").click()
    expect(page.locator("#queries-grid .thumb").first).to_be_visible()


def predict(page: Page) -> None:
    """Predict, and go to the results once they are there."""
    go(page, "Workbench")
    page.locator(".go .primary").click()
    show_results(page)


def show_results(page: Page) -> None:
    expect(page.locator(".job[data-kind=predict]")).to_contain_text("Results are ready", timeout=WEIGHTS)
    page.locator(".job").get_by_role("button", name="Show").click()
    expect(page.locator("#results-list .card-of, #results-list .compare").first).to_be_visible()


def name_field(page: Page, number: int) -> str:
    return page.locator(".class-row").nth(number).locator("input[type=text]").input_value()


def test_an_example_with_the_proposed_methods_and_a_query_that_joins_the_support_set(page: Page) -> None:
    open_example(page, "textures")
    predict(page)
    page.get_by_role("button", name="Compare").click()
    head = page.locator(".compare.head")
    for title in ("Prototype", "ASIF", "Cross attention"):
        expect(head).to_contain_text(title)
    expect(page.locator(".compare:not(.head)")).to_have_count(9)

    page.locator(".cell[data-method=asif]").nth(4).click()
    why = page.locator("#details")
    expect(why.locator("h3").first).to_contain_text("ASIF")
    expect(why.locator(".heat").first).to_be_visible()
    expect(why.locator(".words li").first).to_be_visible()
    why.locator("[data-opacity]").fill("1")
    expect(why.locator(".heat").first).to_have_css("opacity", "1")
    with page.expect_download() as started:
        why.locator("[data-action=save-overlay]").first.click()
    assert started.value.suggested_filename.endswith(".png")
    why.get_by_role("button", name="Close").click()
    page.locator("#plots summary").click()
    for plot in ("#matrix", "#map"):
        expect(page.locator(f"{plot} .main-svg").first).to_be_visible()

    go(page, "Label")
    bar = page.locator("#label-bar")
    page.locator("#label-queue button").first.click()
    page.keyboard.press("1")
    expect(bar).to_contain_text("1 of 9 labelled")
    page.locator("#label-queue .done").click()
    expect(page.locator("#question [data-action=join]")).to_be_visible()
    page.keyboard.press("+")
    expect(bar).to_contain_text("0 of 8 labelled")

    go(page, "Workbench")
    expect(page.locator(".class-row").first.locator(".thumb")).to_have_count(4)
    expect(page.locator(".go .warn")).to_be_visible()
    predict(page)
    expect(page.locator(".compare:not(.head)")).to_have_count(8)
    go(page, "Label")
    page.keyboard.press("Control+z")
    expect(bar).to_contain_text("1 of 9 labelled")


def test_zero_shot_from_text_alone(page: Page) -> None:
    open_example(page, "animals")
    others = page.locator("#methods-others")
    others.locator("summary").first.click()
    expect(others.get_by_label("Nearest average")).not_to_be_checked()
    predict(page)
    expect(page.locator("#results-bar")).to_contain_text("4 of 4 pictures")
    for name, count in {"cat": "1", "cheetah": "2", "lion": "1"}.items():
        expect(page.locator(GROUPS, has_text=name)).to_contain_text(count)
    go(page, "Workbench")
    others.get_by_label("Nearest average").check()
    page.locator(".go .primary").click()
    expect(page.locator(".job")).to_contain_text("has no pictures, and Prototype learns from pictures only")


def test_the_page_in_traditional_chinese(browser: Browser, workbench: Workbench) -> None:
    with watched(browser, locale="zh-TW") as context:
        page = context.new_page()
        open_workbench(page, workbench)
        expect(page.get_by_role("tab")).to_have_text(TABS)
        expect(page.locator(".hero h2")).to_have_text("每張圖片屬於哪一類？")
        expect(page.locator("html")).to_have_attribute("lang", "zh-TW")
        page.locator(".go .primary").click()
        expect(page.locator(".notice")).to_contain_text("只有一個類別無從選擇")
        page.locator("[data-example=shapes], [data-example=digits]").first.click()
        expect(page.locator("#queries-grid .thumb").first).to_be_visible()
        for tab in (*TABS[1:], TABS[0]):
            go(page, tab)
            page.keyboard.press("?")
            expect(page.locator("#keys-help")).to_be_visible()
            page.keyboard.press("Escape")
            assert not english(page), tab
        page.locator("[data-action=language][data-code=en]").click()
        expect(page.get_by_role("tab", name="Workbench")).to_be_visible()
        expect(page.locator("h2", has_text="Support set")).to_be_visible()
        page.locator("[data-action=language]", has_text="繁中").click()
        expect(page.get_by_role("tab", name="工作台")).to_be_visible()


def english(page: Page) -> list[str]:
    """Words of the English page that are on the Chinese one: texts of the interface that were not translated."""
    wanted = (
        "Predict",
        "Queries",
        "Undo",
        "Search",
        "Save",
        "Label",
        "Stop",
        "Support",
        "Class ",
        "Results",
        "Methods",
    )
    text = page.locator("body").inner_text().replace("Label Studio", "")
    return [word for word in wanted if word in text]


def test_a_button_is_still_there_when_the_mouse_is_let_go(page: Page, workbench: Workbench) -> None:
    second = page.context.new_page()
    open_workbench(second, workbench)
    page.bring_to_front()
    page.locator(".class-row").first.locator("input[type=text]").fill("typed, not sent yet")
    page.get_by_role("button", name="Add class").hover()
    page.mouse.down()
    second.get_by_role("button", name="Add class").click()
    classes = "async (n) => (await import('/workbench/static/state.js')).data('classes', []).length === n"
    wait_for(page, classes, 3)
    expect(page.locator(".class-row")).to_have_count(2)
    page.mouse.up()
    expect(page.locator(".class-row")).to_have_count(4)
    expect(second.locator(".class-row")).to_have_count(4)
    expect(second.locator(".class-row").first.locator("input[type=text]")).to_have_value("typed, not sent yet")

    page.mouse.down(button="right")  # a menu may keep the end of it to itself
    second.get_by_role("button", name="Add class").click()
    expect(page.locator(".class-row")).to_have_count(5)


def test_two_tabs_see_each_others_changes(page: Page, workbench: Workbench) -> None:
    second = page.context.new_page()
    open_workbench(second, workbench)
    second.locator(".class-row").first.locator("input[type=text]").fill("from the second tab")
    second.get_by_role("button", name="Add class").click()
    expect(page.locator(".class-row")).to_have_count(3)
    expect(page.locator(".class-row").first.locator("input[type=text]")).to_have_value("from the second tab")
    page.get_by_role("button", name="Add class").click()
    page.locator(".class-row").nth(1).locator("input[type=text]").fill("from the first")
    expect(second.locator(".class-row")).to_have_count(4)
    expect(second.locator(".class-row").nth(1).locator("input[type=text]")).to_have_value("from the first")
    expect(second.locator(".class-row").first.locator("input[type=text]")).to_have_value("from the second tab")
    expect(page.locator(".notice")).to_have_count(0)


def test_a_folder_of_class_folders_fills_the_rows(page: Page, tmp_path: Path) -> None:
    for name in ("brick", "gravel", "grass"):
        surface = Image.fromarray(getattr(data, name)())
        (tmp_path / "surfaces" / name).mkdir(parents=True)
        for i in range(3):
            surface.crop((i * 150, 0, i * 150 + 150, 150)).save(tmp_path / "surfaces" / name / f"{i}.png")
    page.locator("#pick-classes-upload_folder").set_input_files(tmp_path / "surfaces")
    rows = page.locator(".class-row")
    expect(page.locator(".support .thumb")).to_have_count(9)
    expect(rows).to_have_count(3)
    assert {name_field(page, n) for n in range(3)} == {"brick", "gravel", "grass"}
    rows.first.locator(".thumb").first.hover()
    rows.first.locator(".thumb [data-action=move]").first.click()
    page.get_by_role("menuitem", name="Queries").click()
    expect(page.locator("#queries-grid .thumb")).to_have_count(1)
    expect(page.locator(".support .thumb")).to_have_count(8)


DROP_OR_PASTE = """([selector, kind, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], kind + ".png", { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === "drop"
    ? new DragEvent("drop", { ...options, dataTransfer: transfer })
    : new ClipboardEvent("paste", { ...options, clipboardData: transfer });
  document.querySelector(selector).dispatchEvent(event);
}"""


def test_pictures_can_be_dropped_and_pasted(page: Page, tmp_path: Path) -> None:
    for kind, corner in (("drop", 0), ("paste", 100)):
        file = tmp_path / f"{kind}.png"
        Image.fromarray(data.chelsea()[corner : corner + 90, :90]).save(file)
        encoded = base64.b64encode(file.read_bytes()).decode()
        page.evaluate(DROP_OR_PASTE, [".class-row input[type=text]", kind, encoded])
        place = page.locator(".class-row").first if kind == "drop" else page.locator("#queries-grid")
        expect(place.locator(".thumb")).to_have_count(1)
    query, row = page.locator("#queries-grid .thumb"), page.locator(".class-row").last
    query.drag_to(row)
    expect(row.locator(".thumb")).to_have_count(1)
    expect(query).to_have_count(0)


def crops(folder: Path, name: str, corners: list[tuple[int, int]]) -> list[Path]:
    """Parts of one of scikit-image's surface photographs, as files."""
    surface = Image.fromarray(getattr(data, name)())
    files = [folder / f"{name}-{x}-{y}.png" for x, y in corners]
    for file, (x, y) in zip(files, corners, strict=True):
        surface.crop((x, y, x + 160, y + 160)).save(file)
    return files


def test_from_upload_to_export(page: Page, workbench: Workbench, tmp_path: Path) -> None:
    for position, name in enumerate(("brick", "grass")):
        row = page.locator(".class-row").nth(position)
        row.locator("input[type=text]").fill(name)
        row.locator("input[type=file]").set_input_files(crops(tmp_path, name, [(0, 0), (300, 0)]))
        expect(row.locator(".thumb")).to_have_count(2)
    queries = crops(tmp_path, "brick", [(0, 300), (300, 300)]) + crops(tmp_path, "grass", [(0, 300)])
    page.locator("#pick-queries-add_queries").set_input_files(queries)
    expect(page.locator("#queries-grid .thumb")).to_have_count(3)

    page.keyboard.press("Control+Enter")
    show_results(page)
    for name, count in {"brick": "2", "grass": "1"}.items():
        expect(page.locator(GROUPS, has_text=name)).to_contain_text(count)
    page.locator(".card-of .pick", has_text="grass").click()
    expect(page.locator("#details h3").first).to_contain_text("grass")
    expect(page.locator("#details .heat").first).to_be_visible()

    go(page, "Label")
    for labelled in (1, 2, 3):
        page.keyboard.press("Enter")
        expect(page.locator("#label-bar")).to_contain_text(f"{labelled} of 3 labelled")
    expect(page.locator("#label .report").first).to_contain_text("3 of 3 right")
    page.keyboard.press("Control+s")
    expect(page.locator(".notice")).to_contain_text(str(workbench.workspace))

    page.reload()
    expect(page.locator("#queries-grid .thumb")).to_have_count(3)
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator(".hero")).to_be_visible()

    go(page, "Collection")
    page.get_by_role("button", name="Reopen").first.click()
    expect(page.locator("#queries-grid .thumb")).to_have_count(3)
    assert name_field(page, 0) == "brick"
    go(page, "Label")
    expect(page.locator("#label .report").first).to_contain_text("3 of 3 right")

    go(page, "Collection")
    page.locator("#episodes [data-tick]").first.check()
    with page.expect_download() as started:
        page.get_by_role("button", name="Export").click()
    saved = tmp_path / "export.zip"
    started.value.save_as(saved)
    pictures = [Path(name) for name in zipfile.ZipFile(saved).namelist() if name.endswith(".png")]
    assert Counter(str(picture.parent) for picture in pictures) == {"brick": 2 + 2, "grass": 2 + 1}
