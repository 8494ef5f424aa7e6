"""The camera: frames become pictures of a class as the camera sees them, and are answered as they come."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.conftest import FLAGS, Workbench, open_workbench, watched
from tests.browser.files import queries
from tests.browser_path import chromium

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
GRAB = """(video) => {
  const [width, height] = [video.videoWidth, video.videoHeight];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


@pytest.fixture(scope="module")
def with_camera(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *CAMERA])
    yield started
    started.close()


def small(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB").resize((64, 48)), dtype=np.float32)


def grab(page: Page) -> Image.Image:
    """What the camera sees, not mirrored."""
    return Image.open(io.BytesIO(base64.b64decode(page.locator("video").evaluate(GRAB))))


def test_frames_into_a_class_and_live_answers(with_camera: Browser, colours: Workbench, tmp_path: Path) -> None:
    with watched(with_camera) as context:
        page = context.new_page()
        open_workbench(page, colours)
        first, second = page.locator(".class-row").first, page.locator(".class-row").last
        first.locator("input[type=text]").fill("pac-man")
        second.locator("input[type=text]").fill("something else")
        second.locator("input[type=file]").set_input_files(queries(tmp_path / "other", 3, 3))
        expect(second.locator(".thumb")).to_have_count(3)

        first.get_by_role("button", name="Camera").click()
        hold = first.get_by_role("button", name="Hold to record")
        expect(page.locator("video")).to_have_class("mirrored")
        expect(page.locator("video")).to_have_js_property("readyState", 4)
        hold.hover()
        page.mouse.down()
        expect(first.locator("[data-frames]")).to_have_text(re.compile(r"^\d\d+ frames"))
        seen = grab(page)
        page.mouse.up()
        expect(page.get_by_text(re.compile(r"Pictures added: \d\d+\."))).to_be_visible()
        thumbs = first.locator(".thumb")
        expect(thumbs.nth(9)).to_be_visible()
        shas = [thumbs.nth(n).get_attribute("data-sha") for n in range(9, thumbs.count())]
        stored = [colours.store.picture(str(sha)).image() for sha in shas]
        assert {image.size for image in stored} == {(640, 360)}
        plain, mirrored = small(seen), small(seen)[:, ::-1]
        for_plain = min(np.abs(small(image) - plain).mean() for image in stored)
        for_mirrored = min(np.abs(small(image) - mirrored).mean() for image in stored)
        assert for_plain < for_mirrored / 2, (for_plain, for_mirrored)

        page.get_by_role("button", name="Live camera").click()
        answer = page.locator(".live-answer")
        expect(answer).to_contain_text(re.compile(r"(pac-man|something else) \d+ %.*Prototype · \d+ ms"))
        page.evaluate("""() => {
          window.answers = 0;
          new MutationObserver(() => (window.answers += 1)).observe(document.querySelector(".live-answer"),
            { childList: true, subtree: true, characterData: true });
        }""")
        page.wait_for_function("window.answers > 2")
        kept = colours.store.statistics().pictures
        page.locator("[data-action=close-camera]").click()
        expect(page.locator("video")).to_have_count(0)
        assert colours.store.statistics().pictures == kept
