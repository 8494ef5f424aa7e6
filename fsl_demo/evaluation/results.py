"""Results that are kept: what methods made of episodes, so that nothing is measured twice and a kill costs little.

A result's key is a hash of the method, its settings and weights, the pictures, how episodes are drawn, and the code.
The number of episodes is no part of it, because fewer episodes are the first of more: a file holds the first n, and
is replaced by one that holds more.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from fsl_demo.core.capabilities import Method
from fsl_demo.core.durable import replacing
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.parts import Classes, Cutout, Item
from fsl_demo.evaluation.outcomes import NOTHING, Outcomes
from fsl_demo.evaluation.sampling import Sampling

PACKAGE = Path(__file__).parents[1]
CODE = ("core", "backbones", "checkpoints", "datasets", "evaluation", "inference", "layers", "methods")
"""Folders of the package whose code figures depend on."""


class Results:
    """Results by key, a file each.

    Args:
        folder: is made when the first result is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, key: str) -> Outcomes:
        """What is kept; nothing where there is no file or it can't be read."""
        with suppress(OSError, ValueError, KeyError, EOFError, BadZipFile), np.load(self._file(key)) as arrays:
            return Outcomes(right=arrays["right"], sure=arrays["sure"], unlike=arrays["unlike"], sizes=arrays["sizes"])
        return NOTHING

    def save(self, key: str, outcomes: Outcomes) -> None:
        """Keep a result in place of the one before; whoever reads sees one or the other whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._file(key)) as file:
            np.savez_compressed(file, **asdict(outcomes))

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def default_folder() -> Path:
    """`fsl_demo/evaluations` among the user's caches."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "fsl_demo" / "evaluations"


def result_key(method: Method, settings: Any, weights: str, data: str, sampling: Sampling) -> str:
    """The key of a result.

    Args:
        weights: hashes of the weights that the method may use.
        data: `data_hash` of the classes that episodes are drawn from.
    """
    kind = type(method)
    drawn = {name: value for name, value in asdict(sampling).items() if name != "episodes"}
    parts: Mapping[str, Any] = {
        "method": f"{kind.__module__}.{kind.__qualname__}",
        "settings": asdict(settings),
        "weights": weights,
        "data": data,
        "sampling": drawn,
        "code": code_hash(),
    }
    return _sha256(json.dumps(parts, sort_keys=True).encode())[:32]


def data_hash(classes: Classes) -> str:
    """A hash of class names and pictures, in their order, on which the drawing depends."""
    whole = hashlib.sha256()
    for name, items in classes.items():
        whole.update(json.dumps([name, [_hash(item) for item in items]]).encode())
    return whole.hexdigest()


def _hash(item: Item) -> str:
    match item:
        case Picture():
            return item.sha256
        case Cutout():
            return f"{_sha256(item.file.read_bytes())} {item.box}"
        case _:
            return _sha256(item.read_bytes())


@cache
def code_hash() -> str:
    """A hash of the code that figures depend on."""
    whole = hashlib.sha256()
    for file in sorted(file for folder in CODE for file in (PACKAGE / folder).rglob("*.py")):
        whole.update(file.relative_to(PACKAGE).as_posix().encode())
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
