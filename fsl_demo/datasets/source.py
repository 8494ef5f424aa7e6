"""How a data set is read; each file of this folder that reads one has a `Source`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fsl_demo.datasets.parts import Dataset


@dataclass(frozen=True)
class Source:
    """A reader of a data set.

    Attributes:
        read: from the folder that holds the data sets; takes `fold` where there are `folds`, and `download` where
            the data can be fetched.
        folds: which there are.
        fetched: whether it can be downloaded.
    """

    read: Callable[..., Dataset]
    folds: range = range(0)
    fetched: bool = False
