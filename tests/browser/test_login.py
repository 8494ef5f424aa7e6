"""Logging in and out, by keyboard, in two languages, and what axe finds on the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from fsl_demo.core.registry import Registry
from fsl_demo.store import Workspace
from fsl_demo.ui import server
from fsl_demo.ui.page import Page
from tests.browser.conftest import watched
from tests.browser.hued import Hued

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("accounts")
    workspace = Workspace(folder)
    workspace.accounts.add("Ada", "annotator", PASSWORD)
    page = Page(workspace, Registry([Hued("prototype", "Prototype", folder / "hold")]))
    with server.running(server.application(page, workspace.accounts), "127.0.0.1", 0) as address:
        yield address


def test_in_and_out_by_keyboard(browser: Browser, address: str) -> None:
    with watched(browser) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.get_by_label("Name")).to_be_focused()
        faults = [fault["id"] for fault in Axe().run(page).response["violations"]]
        assert not faults
        page.keyboard.type("ada")
        page.keyboard.press("Tab")
        page.keyboard.type("a wrong password")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("Name or password are wrong.")
        expect(page.get_by_label("Password")).to_be_focused()
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#workbench .class-row").first).to_be_visible()
        expect(page.locator("#account")).to_contain_text("Ada")
        expect(page.locator("#saving")).to_contain_text("Saved")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('fsl_'))") == []
        page.goto(address)
        expect(page.get_by_label("Password")).to_be_visible()


def test_in_another_language(browser: Browser, address: str) -> None:
    with watched(browser, locale="zh-TW") as context:
        page = context.new_page()
        page.goto(address)
        expect(page.get_by_label("密碼")).to_be_visible()
        page.get_by_role("button", name="EN").click()
        expect(page.get_by_label("Password")).to_be_visible()
