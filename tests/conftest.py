"""Every test runs in a process that is set up like the product's own; whatever is in `browser/` is marked so."""

from __future__ import annotations

import gc
from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from fsl_demo import runtime
from tests import remembered, unsynced

runtime.prepare("cpu")
remembered.remember()
unsynced.unsync()
gc.disable()  # until all is imported, which stays
BROWSER = "tests/browser/"


class Files(LoadScopeScheduling):
    """A worker takes a file at a time, and of `browser/` a folder, so that its server starts once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return str(PurePosixPath(file).parent) if file.startswith(BROWSER) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Files:
    return Files(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(BROWSER):
            item.add_marker("browser")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not item.nodeid.startswith(BROWSER), item.path not in slow))  # the longest work first


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 10, 30)  # as often as it comes by itself, it takes a tenth of the tests' time
    gc.enable()
