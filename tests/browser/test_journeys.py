"""A few journeys through the page, as a person takes them."""

from __future__ import annotations

import base64
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect
from skimage import data

from tests.browser.conftest import Workbench, open_workbench


def open_example(page: Page, name: str) -> None:
    page.locator(f"[data-example={name}]").click()
    expect(page.locator(".side .thumb").first).to_be_visible()


def predict(page: Page) -> None:
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator("#results tbody tr").first).to_be_visible()


def test_an_example_with_the_proposed_methods_and_a_query_that_joins_the_support_set(page: Page) -> None:
    open_example(page, "textures")
    predict(page)
    expect(page.locator("#results thead th")).to_contain_text(["Query", "Prototype", "ASIF", "Cross attention"])
    expect(page.locator("#results tbody tr")).to_have_count(9)
    expect(page.locator("#matrix .js-plotly-plot")).to_be_visible()
    expect(page.locator("#map .js-plotly-plot")).to_be_visible()

    page.locator("#results tbody tr").nth(4).locator(".cell").nth(1).click()
    expect(page.locator("#why h2")).to_contain_text("ASIF")
    expect(page.locator("#why .heat")).to_have_count(2)
    expect(page.locator("#why .words li").first).to_be_visible()
    page.locator("#why [data-opacity]").fill("1")
    expect(page.locator("#why .heat").first).to_have_css("opacity", "1")
    with page.expect_download() as started:
        page.locator("#why [data-save]").first.click()
    assert started.value.suggested_filename.endswith(".png")

    page.get_by_role("tab", name="Label and save").click()
    page.locator("#labelling .queue button").first.click()
    page.keyboard.press("1")
    expect(page.locator("#labelling")).to_contain_text("1 of 9 labelled")
    page.locator("#labelling .queue .done").click()
    expect(page.locator("#labelling [data-action=join]")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#labelling")).to_contain_text("0 of 8 labelled")

    page.get_by_role("tab", name="Workbench").click()
    expect(page.locator(".class-row").first.locator(".thumb")).to_have_count(4)
    expect(page.locator(".go .warn")).to_be_visible()
    predict(page)
    expect(page.locator("#results tbody tr")).to_have_count(8)
    page.get_by_role("tab", name="Label and save").click()
    page.keyboard.press("Control+z")
    expect(page.locator("#labelling")).to_contain_text("1 of 9 labelled")


def test_zero_shot_from_text_alone(page: Page) -> None:
    open_example(page, "animals")
    expect(page.get_by_label("Prototype")).not_to_be_checked()
    predict(page)
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(4)
    for row, animal in enumerate(("cheetah", "cheetah", "lion", "cat")):
        expect(rows.nth(row).locator(".answer")).to_contain_text([animal, animal])
    page.get_by_role("tab", name="Workbench").click()
    page.get_by_label("Prototype").check()
    predict(page)
    expect(page.locator(".notice")).to_contain_text("has no pictures, and Prototype learns from pictures only")


def test_the_page_in_traditional_chinese(browser: Browser, workbench: Workbench) -> None:
    context = browser.new_context(locale="zh-TW", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    open_workbench(page, workbench)
    expect(page.get_by_role("tab", name="工作台")).to_be_visible()
    expect(page.locator(".hero h2")).to_have_text("每張圖片屬於哪一類？")
    page.locator(".go .primary").click()
    expect(page.locator(".notice")).to_contain_text("只有一個類別無從選擇")
    page.locator("[data-language=en]").click()
    expect(page.get_by_role("tab", name="Workbench")).to_be_visible()
    expect(page.locator(".hero h2")).to_have_text("Which class is each picture?")
    context.close()


def test_a_killed_process_loses_nothing(page: Page, workbench: Workbench, tmp_path: Path) -> None:
    file = tmp_path / "cat.png"
    Image.fromarray(data.chelsea()[:200, :200]).save(file)
    page.locator(".class-row").first.locator("input[type=text]").fill("cat")
    page.locator(".side input[type=file]").set_input_files(file)
    expect(page.locator(".side .thumb")).to_have_count(1)
    workbench.kill()
    workbench.start()
    page.reload()
    expect(page.locator(".class-row").first.locator("input[type=text]")).to_have_value("cat")
    expect(page.locator(".side .thumb")).to_have_count(1)


def test_a_second_tab_is_told_and_can_go_on_as_a_copy(page: Page, workbench: Workbench) -> None:
    second = page.context.new_page()
    open_workbench(second, workbench)
    second.locator(".class-row").first.locator("input[type=text]").fill("from the second tab")
    second.get_by_role("button", name="Add class").click()
    expect(second.locator(".class-row")).to_have_count(3)
    page.get_by_role("button", name="Add class").click()
    expect(page.locator(".notice")).to_contain_text("Another tab has saved a newer state")
    page.get_by_role("button", name="Continue as a copy").click()
    expect(page.locator(".notice")).to_have_count(0)
    page.get_by_role("button", name="Add class").click()
    expect(page.locator(".class-row")).to_have_count(4)
    page.get_by_role("tab", name="Collection").click()
    expect(page.locator(".drafts")).to_contain_text("from the second tab")


def test_a_folder_of_class_folders_fills_the_rows(page: Page, tmp_path: Path) -> None:
    for name in ("brick", "gravel", "grass"):
        surface = Image.fromarray(getattr(data, name)())
        (tmp_path / "surfaces" / name).mkdir(parents=True)
        for i in range(3):
            surface.crop((i * 150, 0, i * 150 + 150, 150)).save(tmp_path / "surfaces" / name / f"{i}.png")
    page.locator("#pick-classes-upload_folder").set_input_files(tmp_path / "surfaces")
    rows = page.locator(".class-row")
    expect(rows).to_have_count(3)
    expect(page.locator(".support .thumb")).to_have_count(9)
    names = {rows.nth(n).locator("input[type=text]").input_value() for n in range(3)}
    assert names == {"brick", "gravel", "grass"}
    rows.first.locator(".thumb").first.hover()
    rows.first.locator(".thumb select").first.select_option("queries")
    expect(page.locator(".side .thumb")).to_have_count(1)
    predict(page)
    expect(page.locator("#results tbody tr")).to_have_count(1)


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
        place = page.locator(".class-row").first if kind == "drop" else page.locator(".side")
        expect(place.locator(".thumb")).to_have_count(1)


def test_stop_ends_a_prediction(page: Page, tmp_path: Path) -> None:
    for index in range(60):
        part = Image.fromarray(data.coffee()[index : index + 200, index : index + 200])
        part.resize((1200, 1200)).save(tmp_path / f"{index}.jpg")
    page.locator(".class-row").first.locator("input[type=text]").fill("cup")
    page.locator(".class-row").last.locator("input[type=text]").fill("spoon")
    page.locator(".side input[type=file]").set_input_files(sorted(tmp_path.glob("*.jpg")))
    expect(page.locator(".side .thumb")).to_have_count(60)
    page.keyboard.press("Control+Enter")
    page.locator("#progress [data-action=stop]").click()
    expect(page.locator(".notice")).to_contain_text("Stopped")
    expect(page.locator("#progress .progress")).to_have_count(0)
    expect(page.locator(".side .thumb")).to_have_count(60)
