"""Frozen networks in tests: each is loaded once a process, and the same pixels and texts go through it once."""

from __future__ import annotations

import functools
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from fsl_demo import runtime
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.core.episodes import Progress, quiet

SHIPPED = (EfficientNetLite0, EfficientNetLite2, MiniLM)
"""Not those whose weights are shuffled or trained on."""
MOST = 80_000_000
"""Bytes of maps that are kept."""

Key = tuple[Any, ...]
_maps: OrderedDict[Key, np.ndarray] = OrderedDict()
_texts: dict[Key, tuple[np.ndarray, np.ndarray]] = {}
_remembers = True


def remember() -> None:
    """Let both kinds of networks remember, for as long as the process lives."""
    EfficientNetLite0._load = _once(EfficientNetLite0._load)  # type: ignore[method-assign]
    EfficientNetLite0.axes = _once(EfficientNetLite0.axes)  # type: ignore[method-assign]
    MiniLM.load = _once(MiniLM.load)  # type: ignore[method-assign]
    EfficientNetLite0.maps = _embedding(EfficientNetLite0.maps)  # type: ignore[method-assign]
    MiniLM.sentences_and_words = _reading(MiniLM.sentences_and_words)  # type: ignore[method-assign]


@contextmanager
def forgotten() -> Iterator[None]:
    """Let everything through, for a test of the networks themselves."""
    global _remembers
    _remembers = False
    try:
        yield
    finally:
        _remembers = True


def _once(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Compute what a network as it is shipped has, once for all of its kind."""
    known: dict[Key, Any] = {}

    @functools.wraps(compute)
    def computed(self: Any, *arguments: Any) -> Any:
        key = (type(self), runtime.device())
        if type(self) not in SHIPPED:
            return compute(self, *arguments)
        if key not in known:
            known[key] = compute(self, *arguments)
        return known[key]

    return computed


def _embedding(embed: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    @functools.wraps(embed)
    def maps(self: EfficientNetLite0, images: Sequence[np.ndarray], progress: Progress = quiet) -> np.ndarray:
        self.load(progress)
        if type(self) not in SHIPPED or not _remembers:
            return embed(self, images, progress)
        how = (type(self), runtime.device(), runtime.precision())
        keys = [(how, image.shape, hashlib.sha256(image.tobytes()).digest()) for image in images]
        known = {key: _maps[key] for key in keys if key in _maps}
        missing = {key: image for key, image in zip(keys, images, strict=True) if key not in known}
        if missing:
            known |= dict(zip(missing, embed(self, list(missing.values()), progress), strict=True))
        for key in keys:
            _maps[key] = known[key]
            _maps.move_to_end(key)
        while sum(each.nbytes for each in _maps.values()) > MOST:
            _maps.popitem(last=False)
        return np.stack([known[key] for key in keys])

    return maps


def _reading(read: Callable[..., tuple[np.ndarray, np.ndarray]]) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    @functools.wraps(read)
    def vectors(self: MiniLM, texts: Sequence[str], progress: Progress = quiet) -> tuple[np.ndarray, np.ndarray]:
        if type(self) not in SHIPPED or not _remembers:
            return read(self, texts, progress)
        keys = [(runtime.device(), text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in _texts}
        if missing:
            _texts.update(zip(missing, zip(*read(self, list(missing.values()), progress), strict=True), strict=True))
        sentences, words = np.zeros((2, len(texts), self.channels), np.float32)
        for number, key in enumerate(keys):
            sentences[number], words[number] = _texts[key]
        return sentences, words

    return vectors
