"""What one method said, tied to the classes and pictures that it said it about."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, NotRequired

import numpy as np
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from fsl_demo.core.episodes import Scores
from fsl_demo.core.json_values import Plain
from fsl_demo.core.regions import Box
from fsl_demo.ui.fields import DrawnBoxes, Key, Name, Seconds, Sha, Text


@dataclass
class Result:
    """A method's scores, tied to the classes (keys) and pictures (hashes) that they are about.

    Attributes:
        queries: those that were scored, which may be the first ones only.
        names, descriptions: what the classes were called and described as, in the order of `classes`.
        boxes: that were drawn on support pictures, by hash.
    """

    scores: Scores
    classes: list[str]
    queries: list[str]
    support: list[str]
    device: str = "cpu"
    names: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    boxes: dict[str, tuple[Box, ...]] = field(default_factory=dict)

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
    def from_json(cls, data: object) -> Result:
        """
        Raises:
            ValueError: for what `to_json` would not give.
        """
        stored: dict[str, Any] = dict(_RESULT.validate_python(data))
        scores: dict[str, Any] = dict(stored["scores"])
        scores |= {name: _unpack(scores[name]) for name in ("similarities", "probabilities", "pairs")}
        result = cls(**{**stored, "scores": Scores(**scores)})
        result._check()
        return result

    def _check(self) -> None:
        shape, pairs = self.scores.similarities.shape, self.scores.pairs
        if shape != (len(self.queries), len(self.classes)) or not self.classes:
            raise ValueError(f"scores of {shape}, {len(self.queries)} queries, {len(self.classes)} classes")
        if pairs is not None and (pairs.shape != (shape[0], len(self.support)) or not np.isfinite(pairs).all()):
            raise ValueError(f"pairs of {pairs.shape}, {len(self.support)} support pictures")


def _pack(values: np.ndarray | None) -> dict[str, Any] | None:
    if values is None:
        return None
    values = np.ascontiguousarray(values, dtype=np.float32)
    return {"shape": values.shape, "float32": base64.b64encode(values.tobytes()).decode("ascii")}


def _unpack(packed: StoredArray | None) -> np.ndarray | None:
    if packed is None:
        return None
    return np.frombuffer(base64.b64decode(packed["float32"]), dtype=np.float32).reshape(packed["shape"])


class StoredArray(TypedDict):
    """An array as JSON: its bytes in base64."""

    shape: list[Annotated[int, Field(ge=0)]]
    float32: str


class StoredScores(TypedDict):
    """`Scores` as JSON."""

    method: Name
    checkpoint: str
    settings: dict[str, Plain]
    seconds: Seconds
    similarities: StoredArray
    probabilities: StoredArray
    none_below: float
    pairs: StoredArray | None
    note: NotRequired[dict[str, Plain]]


class StoredResult(TypedDict):
    """`Result` as JSON."""

    scores: StoredScores
    classes: list[Key]
    queries: list[Sha]
    support: list[Sha]
    device: NotRequired[str]
    names: NotRequired[list[Text]]
    descriptions: NotRequired[list[Text]]
    boxes: NotRequired[dict[Sha, DrawnBoxes]]


_RESULT = TypeAdapter(StoredResult)
