"""Every test runs in a process that is set up like the product's own; whatever is in `browser/` is marked so."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsl_demo import runtime

runtime.prepare("cpu")
BROWSER = Path(__file__).parent / "browser"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if BROWSER in item.path.parents:
            item.add_marker("browser")
