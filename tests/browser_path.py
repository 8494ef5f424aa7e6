"""Finds the Chromium that the browser tests drive."""

from __future__ import annotations

import shutil
from pathlib import Path


def chromium() -> str:
    """Path of a Chromium or Chrome.

    Raises:
        RuntimeError: when there is none, saying what to install.
    """
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if (
            found
            and "snap" not in Path(found).resolve().parts
            and "/snap/" not in Path(found).read_bytes()[:4096].decode("latin-1")
        ):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    raise RuntimeError(
        "The browser tests need Chromium. Install it: `sudo apt-get install chromium` (Debian),"
        " or `.venv/bin/python -m playwright install --with-deps chromium`."
    )
