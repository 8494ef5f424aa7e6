"""Features computed once a picture: pooled vectors beside the store, maps in bounded memory."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from fsl_demo.episodes import Progress, quiet
from fsl_demo.pictures import Picture

BATCH = 16
MAP_BYTES = 256_000_000


class Backbone(Protocol):
    """A frozen network that turns prepared pictures into pooled features and maps."""

    id: str
    title: str
    weights: str
    preprocessing: str
    channels: int

    def prepare(self, picture: Picture) -> np.ndarray: ...

    def features(self, images: Sequence[np.ndarray], progress: Progress) -> tuple[np.ndarray, np.ndarray]: ...


class TextEncoder(Protocol):
    """A frozen network that turns texts into unit vectors."""

    id: str
    weights: str

    def encode(self, texts: Sequence[str], progress: Progress) -> np.ndarray: ...


class VectorStore(Protocol):
    """Where vectors outlive the process; the workspace is one."""

    def get_vectors(self, space: str, keys: Sequence[str]) -> dict[str, np.ndarray]: ...

    def put_vectors(self, space: str, vectors: Mapping[str, np.ndarray]) -> None: ...


class MemoryStore:
    """Vectors for as long as the process runs."""

    def __init__(self) -> None:
        self._vectors: dict[tuple[str, str], np.ndarray] = {}

    def get_vectors(self, space: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
        return {key: self._vectors[space, key] for key in keys if (space, key) in self._vectors}

    def put_vectors(self, space: str, vectors: Mapping[str, np.ndarray]) -> None:
        self._vectors.update({(space, key): vector for key, vector in vectors.items()})


class FeatureCache:
    """Embeds each picture once for every method that shares a backbone.

    Attributes:
        embedded: pictures and texts that really went through a network, by its id.
    """

    def __init__(self, vectors: VectorStore | None = None) -> None:
        self.embedded: Counter[str] = Counter()
        self._vectors = vectors or MemoryStore()
        self._maps: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()
        self._map_bytes = 0
        self._lock = threading.RLock()

    def pooled(self, backbone: Backbone, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Pooled features, float32 [N, D]. What is embedded before a `Cancelled` is kept."""
        space, keys = _space(backbone), [picture.sha256 for picture in pictures]
        with self._lock:
            known = self._vectors.get_vectors(space, list(dict.fromkeys(keys)))
            missing = list(dict.fromkeys(picture for picture in pictures if picture.sha256 not in known))
            known |= self._embed(backbone, missing, progress)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, backbone.channels), np.float32)

    def maps(self, backbone: Backbone, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Feature maps, float32 [N, D, h, w]."""
        space = _space(backbone)
        with self._lock:
            missing = list(dict.fromkeys(p for p in pictures if (space, p.sha256) not in self._maps))
            self._embed(backbone, missing, progress)
            return np.stack([self._maps[space, picture.sha256] for picture in pictures])

    def texts(self, encoder: TextEncoder, texts: Sequence[str], progress: Progress = quiet) -> np.ndarray:
        """Text embeddings, float32 [N, D]."""
        space = f"{encoder.id}:{encoder.weights[:16]}"
        with self._lock:
            known = self._vectors.get_vectors(space, list(dict.fromkeys(texts)))
            missing = [text for text in dict.fromkeys(texts) if text not in known]
            if missing:
                self.embedded[encoder.id] += len(missing)
                fresh = dict(zip(missing, encoder.encode(missing, progress), strict=True))
                self._vectors.put_vectors(space, fresh)
                known |= fresh
        return np.stack([known[text] for text in texts])

    def _embed(self, backbone: Backbone, pictures: list[Picture], progress: Progress) -> dict[str, np.ndarray]:
        space, found = _space(backbone), dict[str, np.ndarray]()

        def prepare(batch: list[Picture]) -> list[np.ndarray]:
            return [backbone.prepare(picture) for picture in batch]

        with ThreadPoolExecutor(max_workers=2) as pool:
            batches = [pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH)]
            prepared = [pool.submit(prepare, batch) for batch in batches[:1]]
            for number, batch in enumerate(batches):
                progress("embed", number * BATCH, len(pictures))
                if number + 1 < len(batches):
                    prepared.append(pool.submit(prepare, batches[number + 1]))
                vectors, maps = backbone.features(prepared[number].result(), progress)
                self.embedded[backbone.id] += len(batch)
                fresh = {picture.sha256: vector for picture, vector in zip(batch, vectors, strict=True)}
                self._vectors.put_vectors(space, fresh)
                found |= fresh
                for picture, one in zip(batch, maps, strict=True):
                    self._keep_map((space, picture.sha256), one.copy())
        if pictures:
            progress("embed", len(pictures), len(pictures))
        return found

    def _keep_map(self, key: tuple[str, str], one: np.ndarray) -> None:
        if key in self._maps:
            return
        self._maps[key] = one
        self._map_bytes += one.nbytes
        while self._map_bytes > MAP_BYTES and len(self._maps) > BATCH:
            self._map_bytes -= self._maps.popitem(last=False)[1].nbytes


def _space(backbone: Backbone) -> str:
    return f"{backbone.id}:{backbone.weights[:16]}:{backbone.preprocessing}"
