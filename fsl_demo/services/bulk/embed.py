"""The vector of each picture in a method's space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow

from fsl_demo.core.capabilities import Capability, Embeds, HasWeights, Method, SearchesText
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.services.bulk.task import Row, probe


class Embed:
    """Vectors of length 1.

    Args:
        name: of a method that embeds pictures, or searches them by sentences: then its space has both.

    Raises:
        UserError: `unknown_method`; what is wrong with the weights.
    """

    verb = "embed"

    def __init__(self, registry: Registry, name: str) -> None:
        self._space, weights = _space(registry, name)
        self._channels = self._space.embed([probe()]).shape[1]
        self.depends: Mapping[str, Any] = {"method": {"id": name, "checkpoint": weights}}
        self.about: Mapping[str, Any] = {}

    def columns(self) -> list[pyarrow.Field]:
        return [pyarrow.field("vector", pyarrow.list_(pyarrow.float32(), self._channels))]

    def answer(self, chunks: Iterable[Sequence[Picture]]) -> list[Row]:
        return [{"vector": vector} for chunk in chunks for vector in self._space.embed(chunk)]


@dataclass(frozen=True)
class EmbedRecipe:
    """Attributes as of the arguments of `Embed`."""

    name: str

    def make(self, registry: Registry, progress: Progress, report: Report) -> Embed:
        """As of `Recipe`."""
        return Embed(registry, self.name)


def _space(registry: Registry, name: str) -> tuple[Any, str]:
    """What embeds, and the hashes of its weights."""
    known: dict[str, Method] = {}
    kinds: tuple[type[Capability], ...] = (Embeds, SearchesText)
    for kind in kinds:
        known |= {method.card.id: method for method in registry.methods.values() if isinstance(method, kind)}
    if name not in known:
        raise UserError("unknown_method", name=name, known=", ".join(known))
    method = known[name]
    if isinstance(method, SearchesText) and not isinstance(method, Embeds):
        return method.joint, method.joint.weights
    return method, method.weights(method.Settings()) if isinstance(method, HasWeights) else ""
