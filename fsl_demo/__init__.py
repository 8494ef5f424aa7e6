"""A few-shot image classification workbench: compare, explain, label, save, export."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fsl_demo.portable.classify import load as load


def __getattr__(name: str) -> Any:
    """`fsl_demo.load(FOLDER)`, the classifier that `export classifier` has written; what it takes is imported then."""
    if name == "load":
        from importlib import import_module

        return import_module("fsl_demo.portable.classify").load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
