"""Tables of methods, verbs, tabs and the like: a line for each, which names where it is."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def load(package: str, *entries: str) -> tuple[Any, ...]:
    """The objects of a table, in its order.

    Args:
        package: that the modules lie in.
        entries: "module" for a module, "module:NAME" for what is in it.
    """
    return tuple(_object(package, *entry.split(":")) for entry in entries)


def _object(package: str, module: str, name: str = "") -> Any:
    found = import_module(f"{package}.{module}")
    return getattr(found, name) if name else found
