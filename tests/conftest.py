"""Every test runs in a process that is set up like the product's own; whatever is in `browser/` is marked so."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsl_demo import runtime

runtime.prepare("cpu")
BROWSER = Path(__file__).parent / "browser"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under `--dist loadgroup` a worker takes a file; one takes all of `browser/`, first, with its servers."""
    for item in items:
        if BROWSER in item.path.parents:
            item.add_marker("browser")
            item.add_marker(pytest.mark.xdist_group("browser"))
        else:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
    items.sort(key=lambda item: BROWSER not in item.path.parents)
