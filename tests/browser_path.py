"""Finds the Chromium that the browser tests drive; `python -m tests.browser_path` installs one if it can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HELP = (
    "The browser tests need Chromium. Install it: `sudo apt-get install chromium` (Debian), or"
    " `.venv/bin/python -m playwright install --with-deps chromium`."
)


def chromium() -> str:
    """Path of a Chromium or Chrome.

    Raises:
        RuntimeError: when there is none, saying what to install.
    """
    for name in NAMES:
        found = shutil.which(name)
        if found and not _is_snap_stub(Path(found)):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    raise RuntimeError(HELP)


def _is_snap_stub(file: Path) -> bool:
    return file.resolve().name == "snap" or b"/snap/" in file.read_bytes()[:4096]


def _is_there() -> bool:
    try:
        return bool(chromium())
    except RuntimeError:
        return False


def install() -> None:
    """Try apt, then Playwright. What fails is left to the tests, which then fail with what to install."""
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    attempts = [
        [[*root, "apt-get", "update", "-qq"], [*root, "apt-get", "install", "-y", "-qq", "chromium", "fonts-noto-cjk"]],
        [[sys.executable, "-m", "playwright", "install", "chromium"]],
    ]
    for commands in attempts:
        if _is_there():
            return
        for command in commands:
            if shutil.which(command[0]):
                subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    install()
    print(f"browser: {chromium()}" if _is_there() else HELP, file=sys.stderr)
