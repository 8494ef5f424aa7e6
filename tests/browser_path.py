"""Finds the Chromium that the browser tests drive; `python -m tests.browser_path` installs one if it can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HELP = (
    "The browser tests need Chromium. Install it: `sudo apt-get install chromium` (Debian), or"
    " `sudo .venv/bin/python -m playwright install --with-deps chromium` (Ubuntu)."
)
PLAYWRIGHT = [sys.executable, "-m", "playwright", "install"]
PLAYWRIGHTS_OWN = (
    "from playwright.sync_api import sync_playwright as start\n"
    "with start() as playwright: print(playwright.chromium.executable_path)"
)


def chromium() -> str:
    """Path of a Chromium or Chrome that starts.

    Raises:
        RuntimeError: when there is none, saying what to install.
    """
    for name in NAMES:
        path = shutil.which(name)
        if path and _starts(path):
            return path
    # in a process of its own: the caller may have a Playwright open, and a second one in a thread is refused
    own = subprocess.run([sys.executable, "-c", PLAYWRIGHTS_OWN], capture_output=True, text=True).stdout.strip()
    if own and _starts(own):
        return own
    raise RuntimeError(HELP)


def install() -> None:
    """Try apt, then Playwright. What fails is left to the tests, which then fail with what to install."""
    root: list[str] | None = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if root and (not shutil.which("sudo") or not _succeeds([*root, "true"])):
        root = None
    attempts = [[*PLAYWRIGHT, "chromium"]]
    if root is not None:
        apt = [*root, "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
        attempts = [[*apt, "update"], [*apt, "install", "-y", "chromium"], [*PLAYWRIGHT, "--with-deps", "chromium"]]
    for command in attempts:
        if _is_there():
            return
        _succeeds(command)


def _is_there() -> bool:
    try:
        return bool(chromium())
    except RuntimeError:
        return False


def _starts(program: str) -> bool:
    """Ubuntu's `chromium-browser` is a script that only says to install a snap; it answers with an error."""
    return _succeeds([program, "--version"], seconds=30)


def _succeeds(command: list[str], seconds: int = 900) -> bool:
    quiet = subprocess.DEVNULL
    try:
        return not subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, timeout=seconds).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    install()
    print(f"browser: {chromium()}" if _is_there() else HELP, file=sys.stderr)
