"""Weights that installed packages ship: found, and checked against the hash that we know."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from fsl_demo.core.errors import UserError


def verified(title: str, package: str, pattern: str, sha256: str) -> Path:
    """The one file of `package` that matches `pattern`.

    Raises:
        UserError: `weights_missing` when the package or file is not there, `weights_differ` for another hash.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError("weights_missing", name=title)
    file = next(Path(next(iter(spec.submodule_search_locations))).glob(pattern), None)
    if file is None:
        raise UserError("weights_missing", name=title)
    if hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        raise UserError("weights_differ", name=title)
    return file
