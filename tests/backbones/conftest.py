"""What runs the networks here is what is tested."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import remembered


@pytest.fixture(autouse=True)
def networks_that_run() -> Iterator[None]:
    with remembered.forgotten():
        yield
