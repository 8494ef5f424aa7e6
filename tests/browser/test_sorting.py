"""120 pictures, 6 classes, 2 examples each: from files to sorted folders."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import files, stored
from tests.browser.conftest import Workbench, open_workbench

WAYS, QUERIES, CORRECTED = 6, 120, 10
FOLDERS = {"Unsure (below 90 %)": "unsure", "Unlike your examples": "unlike"}
"""By the title of a group that is no class."""

GROUPS = """async () => {
  const list = document.getElementById("results-list");
  const frame = () => new Promise((resolve, reject) => {
    setTimeout(reject, 30000, new Error("the page draws no more"));
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  });
  const parts = new Map();
  for (let top = 0; top <= list.scrollHeight; top += 400) {
    list.scrollTop = top;
    await frame();
    for (const head of list.querySelectorAll(".group-head"))
      parts.set(parseInt(head.style.top), head.querySelector("h3").firstChild.textContent.trim());
    for (const row of list.querySelectorAll(".cards-row"))
      parts.set(parseInt(row.style.top), [...row.querySelectorAll("img")].map((picture) => picture.alt));
  }
  const groups = {};
  let title = "";
  for (const [, part] of [...parts].sort(([a], [b]) => a - b))
    if (typeof part === "string") groups[(title = part)] = [];
    else groups[title].push(...part);
  return groups;
}"""


def groups(page: Page) -> dict[str, list[str]]:
    """Names of the pictures that each group has on the page, whether they are in view or not, by folder."""
    groups: dict[str, list[str]] = page.evaluate(GROUPS)
    return {FOLDERS.get(title, title): sorted(names) for title, names in groups.items() if names}


def test_from_120_files_to_sorted_folders(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    page.locator("#pick-classes-upload_zip").set_input_files(files.class_zip(tmp_path / "plants.zip", WAYS, 2))
    expect(page.locator(".support .thumb")).to_have_count(2 * WAYS)
    page.locator("#pick-queries-add_queries").set_input_files(files.queries(tmp_path / "queries", WAYS, QUERIES))
    added = page.locator(".job.leaves", has_text=f"Pictures added: {QUERIES}.")
    expect(added).to_be_visible()
    added.evaluate("card => card.getAnimations().forEach((leaving) => leaving.finish())")
    expect(added).to_have_count(0)
    page.get_by_label("Worded").uncheck()
    page.get_by_role("button", name=f"Predict {QUERIES} pictures").click()
    page.locator(".job").get_by_role("button", name="Show").click()
    bar = page.locator("#results-bar")
    expect(bar).to_contain_text(f"{QUERIES} of {QUERIES} pictures")

    accept = page.get_by_role("button", name="above")
    count = int(accept.inner_text().split()[1])
    assert count > QUERIES / 2
    accept.click()
    expect(bar).to_contain_text(f"labelled: {count}")
    page.locator(".card-of .pick").first.click()
    selected, names = page.locator(".card-of.selected img"), []
    for n in range(CORRECTED):
        names.append(str(selected.get_attribute("alt")))
        page.keyboard.press(str(1 + (n % WAYS)))
        expect(selected).not_to_have_attribute("alt", names[-1])
    expect(page.locator("#saving")).to_have_attribute("data-waiting", "0")
    page.keyboard.press("Escape")

    shown = groups(page)
    assert sum(map(len, shown.values())) == QUERIES
    for n, name in enumerate(names):
        assert name in shown[stored.NAMES[n % WAYS]]
    with page.expect_download() as started:
        page.get_by_role("button", name="Sorted pictures").click()
    started.value.save_as(tmp_path / "sorted.zip")
    sorted_files: dict[str, list[str]] = {}
    with zipfile.ZipFile(tmp_path / "sorted.zip") as archive:
        for file in map(Path, archive.namelist()):
            if file.suffix == ".png":
                sorted_files.setdefault(file.parent.as_posix(), []).append(file.name)
    assert {folder: sorted(files) for folder, files in sorted_files.items()} == shown
