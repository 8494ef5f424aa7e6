"""What was fitted, as bytes for another process of the same run: what it learned, and the names of what it uses.

Networks, methods, captioners and detectors, and spaces that they share, are not sent: the other process has its own,
and is refused where their weights are others. Nor are the pixels of support pictures, which answers do not need. The
bytes go from one process of a run to another, and are on no disk.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

from PIL import Image

from fsl_demo.core.capabilities import Classifies, HasWeights
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services.registry import Installed

Name = tuple[Any, ...]
"""The kind of a thing, and what is needed to ask for it."""


def packed(value: object, installed: Installed) -> bytes:
    """A value that was made of what is installed."""
    buffer = io.BytesIO()
    _Packer(buffer, installed).dump(value)
    return buffer.getvalue()


def unpacked(data: bytes, installed: Installed) -> Any:
    """What was packed, made of what is installed here.

    Raises:
        UserError: `ray_differ` for other weights; what is wrong with those that are here.
    """
    return _Unpacker(io.BytesIO(data), installed).load()


class _Packer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, installed: Installed) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = {id(value): name for name, value in _named(installed)}

    def persistent_id(self, value: Any) -> tuple[Name, str] | None:
        name = self._names.get(id(value))
        return None if name is None else (name, _weights(value))

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, Picture):
            return NotImplemented
        return Picture, (value.sha256, value.width, value.height, value.name, value.original_sha256, _not_sent)


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, installed: Installed) -> None:
        super().__init__(file)
        self._installed = installed

    def persistent_load(self, sent: Any) -> Any:
        (kind, *arguments), weights = sent
        value = _ASKS[kind](self._installed, *arguments)
        if _weights(value) != weights:
            raise UserError("ray_differ")
        return value


_ASKS: dict[str, Callable[..., Any]] = {
    "networks": lambda installed: installed.networks,
    "network": lambda installed, name: getattr(installed.networks, name),
    "method": lambda installed, name: installed.methods[name],
    "captioner": lambda installed, name: installed.captioners[name],
    "detector": lambda installed, name: installed.detectors[name],
    "trained": lambda installed, source: installed.networks.trained(source),
    "shared": lambda installed, make, *sources: installed.networks.shared(make, *sources)(),
    "clip": lambda installed, name: installed.networks.clip(name),
}


def _named(installed: Installed) -> Iterator[tuple[Name, object]]:
    """Everything that is not sent."""
    networks = installed.networks
    yield ("networks",), networks
    for field in fields(networks):
        value = getattr(networks, field.name)
        if not field.name.startswith("_") and value is not None:
            yield ("network", field.name), value
    for kind in ("method", "captioner", "detector"):
        for name, value in getattr(installed, f"{kind}s").items():
            yield (kind, name), value
    yield from networks.given()


def _weights(value: Any) -> str:
    """What tells whether weights are the same; "" for what has none."""
    if isinstance(value, Classifies) and isinstance(value, HasWeights):
        return value.weights(value.Settings())
    weights = getattr(value, "weights", "")
    return weights if isinstance(weights, str) else ""


def _not_sent() -> Image.Image:
    raise ValueError("the pixels of this picture were not sent")
