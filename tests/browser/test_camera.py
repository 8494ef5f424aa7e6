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

from tests.browser.conftest import FLAGS, Workbench, open_workbench, wait_for, watched
from tests.browser.files import queries
from tests.browser_path import chromium

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
SIZE = (640, 360)
GRAB = """(video) => {
  const [width, height] = [video.videoWidth, video.videoHeight];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


def film(folder: Path) -> Path:
    """Frames for the camera whose left half is dark and whose right half is bright, each with a grey line at a
    height of its own, in the format YUV4MPEG2."""
    width, height = SIZE
    frames = np.full((height // 4, height, width), 40, dtype=np.uint8)
    frames[:, :, width // 2 :] = 200
    for n, frame in enumerate(frames):
        frame[4 * n : 4 * n + 4] = 120
    path = folder / "halves.y4m"
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F15:1 Ip A1:1 C420\n" % SIZE)
        for frame in frames:
            file.write(b"FRAME\n" + frame.tobytes() + bytes([128]) * (width * height // 2))
    return path


@pytest.fixture(scope="module")
def with_camera(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    frames = f"--use-file-for-fake-video-capture={film(tmp_path_factory.mktemp('film'))}"
    started = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *CAMERA, frames])
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
        first.locator("input[type=text]").fill("halves")
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
        assert {image.size for image in stored} == {SIZE}
        for image in [seen, *stored]:
            assert small(image)[:, :32].mean() < 80 < 160 < small(image)[:, 32:].mean()

        page.get_by_role("button", name="Live camera").click()
        answer = page.locator(".live-answer")
        expect(answer).to_contain_text(re.compile(r"(halves|something else) \d+ %.*Prototype · \d+ ms"))
        page.evaluate("""() => {
          window.answers = 0;
          new MutationObserver(() => (window.answers += 1)).observe(document.querySelector(".live-answer"),
            { childList: true, subtree: true, characterData: true });
        }""")
        wait_for(page, "window.answers > 2")
        kept = colours.store.statistics().pictures
        page.locator("[data-action=close-camera]").click()
        expect(page.locator("video")).to_have_count(0)
        assert colours.store.statistics().pictures == kept
