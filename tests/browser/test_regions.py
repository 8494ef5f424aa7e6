"""What is where on pictures: boxes come from typed words alone, are corrected and drawn, and the answers move."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pycocotools.coco import COCO

from fsl_demo.core.pictures import from_image
from fsl_demo.core.regions import Box
from fsl_demo.store import DraftRevision
from fsl_demo.ui.document import ClassRow, Document
from tests.browser.conftest import Workbench, go, open_draft, open_workbench, watched
from tests.browser.test_keys import expect_saved
from tests.located import scene

BALL: Box = (0.5, 0.25, 0.75, 0.5)
DOG: Box = (0.0, 0.5, 0.25, 1.0)


def pictures(folder: Path) -> list[Path]:
    """Three queries with a red ball and a green dog, and one with nothing."""
    files = []
    for n, name in enumerate(("first", "second", "third", "nothing")):
        patches = () if name == "nothing" else (("red", BALL), ("green", DOG))
        files.append(folder / f"{name}.png")
        scene(*patches, seed=900_000 + n, side=240).save(files[-1])
    return files


def drag(page: Page, stage: Locator, box: Box) -> None:
    """From corner to corner, in fractions of the picture, once it is there."""
    expect(stage).to_have_attribute("style", re.compile("--aspect"))
    frame = stage.bounding_box()
    assert frame is not None
    (x1, y1), (x2, y2) = (
        (frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in (box[:2], box[2:])
    )
    page.mouse.move(x1, y1)
    page.mouse.down()
    page.mouse.move((x1 + x2) / 2, (y1 + y2) / 2)
    page.mouse.move(x2, y2)
    page.mouse.up()


def given(workbench: Workbench, draft: str) -> dict[str, list[dict[str, Any]]]:
    """What the store has of the draft's regions, by picture."""
    kept = workbench.store.drafts.find(draft)
    assert kept is not None
    return dict(kept.data["regions"])


def select(page: Page, name: str) -> Locator:
    """The details of a query, by its name."""
    page.locator(".card-of", has=page.get_by_alt_text(f"{name}.png")).locator(".pick").click()
    expect(page.locator("#details h2")).to_have_text(f"{name}.png")
    return page.locator("#regions")


def predict(page: Page) -> None:
    go(page, "Workbench")
    page.locator(".go .primary").click()
    page.locator(".job[data-kind=predict] [data-action=go]").click()
    expect(page.locator("#results-list .card-of").first).to_be_visible()


def test_from_two_words_to_boxes_that_learn(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    for n, name in enumerate(("a dog", "a red ball")):
        field = page.locator(".class-row input[type=text]").nth(n)
        field.fill(name)
        field.press("Enter")
    for box in page.locator(".method input[type=checkbox]").all():
        box.set_checked("located" in str(box.get_attribute("data-method")))
    page.locator("#pick-queries-add_queries").set_input_files(pictures(tmp_path))
    expect(page.locator("#queries-grid .thumb")).to_have_count(4)
    predict(page)

    regions = select(page, "first")
    boxes, items = regions.locator(".stage .box"), regions.locator(".region-item")
    expect(boxes).to_have_count(2)
    expect(items.filter(has_text="a red ball")).to_have_count(1)
    select(page, "nothing")
    expect(regions).to_contain_text("Patches found nothing in this picture.")
    select(page, "first")
    expect(boxes).to_have_count(2)
    items.filter(has_text="a red ball").hover()
    expect(regions.locator(".box.hover .tag")).to_contain_text("a red ball")

    items.filter(has_text="a dog").click()  # the method knows no colour of a dog, and says so by its score
    expect(regions.locator(".contributions")).to_contain_text("green")
    regions.locator(".region-chosen .chip", has_text="a red ball").click()
    expect(items.first).to_have_attribute("aria-label", "a red ball, drawn")
    items.first.press("1")
    expect(items.first).to_have_attribute("aria-label", "a dog, drawn")
    expect(regions.locator(".region-chosen .chip.on")).to_have_text("a dog")
    expect(regions.locator(".swatch.hue-0")).to_have_count(1)
    expect(regions.locator(".swatch.hue-1")).to_have_count(1)
    items.filter(has_text="a red ball").click()
    page.keyboard.press("Enter")
    expect(regions.locator(".box.own")).to_have_count(2)
    expect(items.nth(1)).to_have_attribute("aria-label", "a red ball, accepted")
    expect_saved(page)
    draft = page.evaluate("sessionStorage.fsl_draft")
    (labels,) = given(colours, draft).values()
    assert [(region["name"], region["source"]) for region in labels] == [("a dog", "drawn"), ("a red ball", "accepted")]

    go(page, "Workbench")
    page.locator(".class-row").first.locator("input[type=file]").set_input_files(pictures(tmp_path)[1])
    page.locator(".class-row").first.locator(".thumb img").click()
    dialog = page.locator("#lightbox")
    expect(dialog).to_contain_text("Where is “a dog” in this picture?")
    expect(dialog).to_contain_text("No box yet: the whole picture counts.")
    drag(page, dialog.locator(".stage"), DOG)
    expect(dialog.locator(".box.own")).to_have_count(1)
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator(".class-row .where")).to_have_text("▢ 1")
    expect(page.locator(".go .warn")).to_be_visible()
    predict(page)
    expect(page.locator(".moved")).to_contain_text("Boxes on support pictures changed: 0 before, 1 now.")
    select(page, "third")
    expect(items.filter(has_text="a dog")).to_have_count(1)
    items.filter(has_text="a dog").click()
    expect(regions.locator(".region-neighbours figure")).to_have_count(1)

    go(page, "Label")
    page.get_by_role("button", name="Save episode").click()
    expect(page.locator(".notice")).to_contain_text("Saved")
    go(page, "Collection")
    page.locator("#export-format").select_option("coco")
    with page.expect_download() as download:
        page.locator("[data-action=export]").click()
    download.value.save_as(tmp_path / "coco.zip")
    dogs, balls = annotations(tmp_path / "coco.zip", tmp_path / "coco")
    assert dogs == [pytest.approx([0, 120, 60, 120], abs=3)] * 2  # one drawn on the support picture
    assert balls == [pytest.approx([120, 60, 60, 60], abs=1)]


def annotations(archive: Path, folder: Path) -> list[list[list[float]]]:
    """The boxes of dogs and of balls, in pixels, as pycocotools reads them."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    coco = COCO(str(next(folder.rglob("annotations.json"))))
    names = {category["name"]: category["id"] for category in coco.loadCats(coco.getCatIds())}
    return [
        [entry["bbox"] for entry in coco.loadAnns(coco.getAnnIds(catIds=[names[name]]))]
        for name in ("a dog", "a red ball")  # other tests may have saved episodes with other classes
    ]


def stored(workbench: Workbench, *regions: dict[str, Any]) -> str:
    """A draft with one query and two classes, on which a person has put regions."""
    workspace = workbench.store
    picture = workspace.add_picture(from_image(scene(("red", BALL), side=240, seed=910_000), "ball.png"))
    rows = [ClassRow("a dog", key="0" * 8), ClassRow("a red ball", key="1" * 8)]
    document = Document("Boxes", rows, [picture.sha256])
    data = {**document.to_json(), "regions": {picture.sha256: list(regions)}}
    return workspace.drafts.create(DraftRevision(data, document.results_json())).id


def region(box: Box, name: str) -> dict[str, Any]:
    return {"box": box, "name": name, "source": "drawn", "annotator": ""}


@pytest.fixture
def drawn(context: BrowserContext, colours: Workbench) -> tuple[Page, Locator, str]:
    """A query with one box of a person."""
    draft = stored(colours, region((0.2, 0.2, 0.4, 0.4), "a dog"))
    page = open_draft(context, colours, draft)
    go(page, "Results")
    return page, select(page, "ball"), draft


def only(workbench: Workbench, draft: str) -> list[dict[str, Any]]:
    (regions,) = given(workbench, draft).values()
    return regions


def test_by_keys_alone(drawn: tuple[Page, Locator, str], colours: Workbench) -> None:
    page, regions, draft = drawn
    box = regions.locator(".box")
    box.focus()
    page.keyboard.press(" ")
    expect(box).to_have_attribute("aria-pressed", "true")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    expect_saved(page)
    assert only(colours, draft)[0]["box"] == pytest.approx([0.22, 0.21, 0.43, 0.4])
    page.keyboard.press("2")
    expect(box).to_have_attribute("aria-label", "a red ball, drawn")
    page.keyboard.press("+")
    expect(box).to_have_count(2)
    expect(regions.locator(".box:focus")).to_have_attribute("aria-label", "no name yet, drawn")
    page.keyboard.type("a d")
    page.keyboard.press("Enter")
    expect(regions.locator(".box:focus")).to_have_attribute("aria-label", "a dog, drawn")
    page.keyboard.press("Delete")
    expect(box).to_have_count(1)
    page.keyboard.press("Escape")
    expect(regions.locator(".box.chosen")).to_have_count(0)
    expect(page.locator("#details")).to_be_visible()
    expect_saved(page)
    page.keyboard.press("Control+z")
    expect(box).to_have_count(2)
    for _ in range(3):  # the box, the other's name, and all moves at once
        page.keyboard.press("Control+z")
    expect(box).to_have_count(1)
    expect(box).to_have_attribute("aria-label", "a dog, drawn")
    expect_saved(page)
    assert only(colours, draft)[0]["box"] == [0.2, 0.2, 0.4, 0.4]
    assert page.evaluate("document.querySelector('#results-bar .grow').textContent").endswith("labelled: 0")


def test_by_mouse(drawn: tuple[Page, Locator, str], colours: Workbench) -> None:
    page, regions, draft = drawn
    stage = regions.locator(".stage")
    drag(page, stage, (0.6, 0.6, 0.9, 0.8))
    expect(regions.locator(".box.own")).to_have_count(2)
    name = regions.locator("[data-region-name]")
    name.fill("a ball of wool")
    name.press("Enter")
    expect(regions.locator(".box.chosen")).to_have_attribute("aria-label", "a ball of wool, drawn")
    drag(page, stage, (0.3, 0.3, 0.4, 0.35))  # the box of the dog moves
    expect(regions.locator(".box.chosen")).to_have_attribute("aria-label", "a dog, drawn")
    expect_saved(page)
    dog, wool = only(colours, draft)
    assert dog["box"] == pytest.approx([0.3, 0.25, 0.5, 0.45], abs=0.01)
    assert wool["box"] == pytest.approx([0.6, 0.6, 0.9, 0.8], abs=0.01) and wool["name"] == "a ball of wool"
    handle = regions.locator(".handle").last.evaluate("node => node.getBoundingClientRect().toJSON()")
    assert min(handle["width"], handle["height"]) >= 44
    page.mouse.move(handle["x"] + 22, handle["y"] + 22)
    page.mouse.down()
    page.mouse.move(handle["x"] + 60, handle["y"] + 60)
    page.keyboard.press("Escape")  # never mind
    page.mouse.up()
    expect(regions.locator(".box.chosen")).to_have_count(1)
    expect_saved(page)
    assert only(colours, draft)[0] == dog
    regions.get_by_role("button", name="Remove").click()
    expect(regions.locator(".box.own")).to_have_count(1)


def test_by_touch(browser: Browser, colours: Workbench) -> None:
    draft = stored(colours)
    with watched(browser, viewport={"width": 390, "height": 844}, has_touch=True) as context:
        page = open_draft(context, colours, draft)
        go(page, "Results")
        regions = select(page, "ball")
        expect(regions.locator(".stage")).to_have_attribute("style", re.compile("--aspect"))
        regions.get_by_role("button", name="Draw a box").tap()
        frame = regions.locator(".stage").bounding_box()
        assert frame is not None
        touch(page, *((frame["x"] + part * frame["width"], frame["y"] + part * frame["height"]) for part in (0.2, 0.6)))
        expect(regions.locator(".box.own.chosen")).to_have_count(1)
        chosen = regions.locator(".box.own.chosen")
        for _ in range(9):  # after a finger that moved, a browser may take a tap for what stops the scrolling
            regions.locator(".chip", has_text="a red ball").tap()
            if chosen.get_attribute("aria-label") == "a red ball, drawn":
                break
        expect(regions.locator(".box.own.chosen")).to_have_attribute("aria-label", "a red ball, drawn")
        expect_saved(page)
        assert only(colours, draft)[0]["box"] == pytest.approx([0.2, 0.2, 0.6, 0.6], abs=0.02)
        expect(regions.locator(".stage.drawing")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def touch(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A finger from one place to another."""
    session = page.context.new_cdp_session(page)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    for kind, places in (("touchStart", [start]), ("touchMove", [middle]), ("touchMove", [end]), ("touchEnd", [])):
        points = [{"x": x, "y": y} for x, y in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.detach()


def test_three_hundred_boxes_can_be_used(context: BrowserContext, colours: Workbench) -> None:
    places = [(n % 20 / 21, n // 20 / 20) for n in range(300)]
    many = [region((x, y, x + 0.08, y + 0.1), "a dog") for x, y in places]
    page = open_draft(context, colours, stored(colours, *many))
    go(page, "Results")
    regions = select(page, "ball")
    expect(regions.locator(".box")).to_have_count(300)
    assert regions.locator(".box[tabindex='0'], .region-item[tabindex='0']").count() == 2  # Tab does not go through all
    items = regions.locator(".region-item")
    items.first.click()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    expect(regions.locator(".box.chosen")).to_have_attribute("data-region", "own-1")
