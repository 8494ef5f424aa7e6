"""Tables name modules, or what is in them."""

from __future__ import annotations

import pytest

from fsl_demo.core import errors, tables


def test_the_objects_come_in_the_order_of_the_table() -> None:
    assert tables.load("fsl_demo.core", "errors:UserError", "errors") == (errors.UserError, errors)


@pytest.mark.parametrize(("entry", "error"), [("nowhere", ModuleNotFoundError), ("errors:Nobody", AttributeError)])
def test_a_wrong_entry_is_an_error(entry: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        tables.load("fsl_demo.core", entry)
