"""What one method said, tied to the classes and pictures that it said it about."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from fsl_demo.core.episodes import Scores


@dataclass
class Result:
    """A method's scores, tied to the classes (keys) and pictures (hashes) that they are about.

    Attributes:
        queries: those that were scored, which may be the first ones only.
        names, descriptions: what the classes were called and described as, in the order of `classes`.
    """

    scores: Scores
    classes: list[str]
    queries: list[str]
    support: list[str]
    device: str = "cpu"
    names: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)

    @cached_property
    def places(self) -> dict[str, int]:
        """Row of each query in the scores."""
        return {query: row for row, query in enumerate(self.queries)}

    def row(self, query: str) -> int | None:
        return self.places.get(query)

    def answer(self, query: str) -> str | None:
        """Key of the most probable class, or None when this query was not there yet."""
        row = self.row(query)
        return None if row is None else self.classes[self.scores.best(row)]

    def to_json(self) -> dict[str, Any]:
        scores = asdict(self.scores)
        for name in ("similarities", "probabilities", "pairs"):
            scores[name] = _pack(scores[name])
        return {**asdict(replace(self, scores=None)), "scores": scores}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        scores = dict(data["scores"])
        for name in ("similarities", "probabilities", "pairs"):
            scores[name] = _unpack(scores[name])
        return cls(**{**data, "scores": Scores(**scores)})


def _pack(values: np.ndarray | None) -> dict[str, Any] | None:
    if values is None:
        return None
    values = np.ascontiguousarray(values, dtype=np.float32)
    return {"shape": values.shape, "float32": base64.b64encode(values.tobytes()).decode("ascii")}


def _unpack(packed: Mapping[str, Any] | None) -> np.ndarray | None:
    if packed is None:
        return None
    return np.frombuffer(base64.b64decode(packed["float32"]), dtype=np.float32).reshape(packed["shape"])
