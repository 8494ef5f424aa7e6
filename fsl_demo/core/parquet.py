"""Parquet is read and written by a package that not everybody needs."""

from __future__ import annotations

import importlib.util

from fsl_demo.core.errors import UserError


def check() -> None:
    """
    Raises:
        UserError: `parquet_missing`.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise UserError("parquet_missing")
