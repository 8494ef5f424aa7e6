"""Gradio, without the stubs (`.pyi`) that it otherwise writes beside its own files whenever it is imported: half of the
import's time."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def _without_stubs() -> Iterator[None]:
    """Gradio writes no stub of a class whose file is not known."""
    getfile = inspect.getfile

    def without_gradio(object: Any) -> str:
        if isinstance(object, type) and object.__module__.startswith("gradio."):
            raise OSError
        return getfile(object)

    inspect.getfile = without_gradio
    try:
        yield
    finally:
        inspect.getfile = getfile


with _without_stubs():
    import gradio as gradio
