"""Features computed once a picture: pooled vectors beside the store, maps in bounded memory."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from fsl_demo import runtime
from fsl_demo.backbones.kept_maps import KeptMaps
from fsl_demo.core.episodes import Progress, ordered_unique, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture

BATCH, GPU_BATCH = 16, 256
"""Pictures that a network gets at once, on a CPU and elsewhere."""
MAP_BYTES = 512_000_000
"""Of the maps that `Can` compares, 200 kB each, these are 2,500 pictures: what fifty people have before them."""


class Backbone(Protocol):
    """A frozen network that turns prepared pictures into feature maps; pooled features are their means.

    A network whose vectors are no mean over positions gives maps of one position.

    Attributes:
        source: the network whose maps are given to `maps` in place of prepared pictures, if any.
    """

    @property
    def id(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def weights(self) -> str: ...

    @property
    def preprocessing(self) -> str: ...

    @property
    def channels(self) -> int: ...

    @property
    def source(self) -> Backbone | None: ...

    def prepare(self, picture: Picture) -> np.ndarray: ...

    def maps(self, images: Sequence[np.ndarray], progress: Progress) -> np.ndarray: ...


class TextEncoder(Protocol):
    """A frozen network that turns texts into unit vectors."""

    @property
    def id(self) -> str: ...

    @property
    def weights(self) -> str: ...

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


class LatestStore:
    """The latest vectors."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._vectors: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()

    def get_vectors(self, space: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
        return {key: self._vectors[space, key] for key in keys if (space, key) in self._vectors}

    def put_vectors(self, space: str, vectors: Mapping[str, np.ndarray]) -> None:
        self._vectors.update({(space, key): vector for key, vector in vectors.items()})
        while len(self._vectors) > self._most:
            self._vectors.popitem(last=False)


class FeatureCache:
    """Embeds each picture once for every method that shares a backbone. Threads may share it.

    Args:
        vectors: where pooled features outlive the process; they are forgotten with it otherwise.
        map_bytes: how much memory maps may take, in place of `MAP_BYTES`.

    Attributes:
        embedded: pictures and texts that really went through a network, by its id.
        reused: those whose vectors or maps were kept from before.
    """

    def __init__(self, vectors: VectorStore | None = None, map_bytes: int | None = None) -> None:
        self.embedded: Counter[str] = Counter()
        self.reused: Counter[str] = Counter()
        self._vectors = vectors or MemoryStore()
        self._maps = KeptMaps(map_bytes or MAP_BYTES)
        self._fits: dict[str, int] = {}  # pictures at once, of networks for which the memory did not suffice
        self._network, self._counts = threading.Lock(), threading.Lock()

    def pooled(self, backbone: Backbone, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Pooled features, float32 [N, D]. What is embedded before a `Cancelled` is kept."""
        space, unique = _space(backbone), ordered_unique(pictures)
        known = self._vectors.get_vectors(space, [picture.sha256 for picture in unique])
        missing = [picture for picture in unique if picture.sha256 not in known]
        self._count_reused(backbone.id, len(known))
        for picture, maps in self._embed(backbone, missing, progress=progress, asked=False):
            known[picture.sha256] = _pool(maps)
        vectors = [known[picture.sha256] for picture in pictures]
        return np.stack(vectors) if vectors else np.zeros((0, backbone.channels), np.float32)

    def put_pooled(self, backbone: Backbone, vectors: Mapping[str, np.ndarray]) -> None:
        """Keep pooled features that are known from elsewhere, by hash of the picture."""
        self._vectors.put_vectors(_space(backbone), vectors)

    def maps(self, backbone: Backbone, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Feature maps of at least one picture, float32 [N, D, h, w]."""
        return self._stacked(backbone, pictures, progress=progress, asked=True)

    def _stacked(self, backbone: Backbone, pictures: Sequence[Picture], progress: Progress, asked: bool) -> np.ndarray:
        """`maps`; where they are not `asked` for their own sake, they need not be kept."""
        unique = ordered_unique(pictures)
        known = self._kept(backbone, unique, asked)
        self._count_reused(backbone.id, len(known))
        missing = [picture for picture in unique if picture not in known]
        known.update(self._embed(backbone, missing, progress=progress, asked=asked))
        return np.stack([known[picture] for picture in pictures])

    def _kept(self, backbone: Backbone, pictures: Sequence[Picture], asked: bool) -> dict[Picture, np.ndarray]:
        """The maps of those pictures of which there are some."""
        space = _space(backbone)
        kept = ((picture, self._maps.get((space, picture.sha256), asked)) for picture in pictures)
        return {picture: maps for picture, maps in kept if maps is not None}

    def texts(self, encoder: TextEncoder, texts: Sequence[str], progress: Progress = quiet) -> np.ndarray:
        """Embeddings of at least one text, float32 [N, D]."""
        space, unique = f"{encoder.id}:{encoder.weights[:16]}", list(dict.fromkeys(texts))
        known = self._vectors.get_vectors(space, unique)
        missing = [text for text in unique if text not in known]
        self._count_reused(encoder.id, len(known))
        if missing:
            fresh = dict(zip(missing, encoder.encode(missing, progress), strict=True))
            self.embedded[encoder.id] += len(fresh)
            self._vectors.put_vectors(space, fresh)
            known |= fresh
        return np.stack([known[text] for text in texts])

    def _embed(
        self, backbone: Backbone, pictures: list[Picture], progress: Progress, asked: bool
    ) -> Iterator[tuple[Picture, np.ndarray]]:
        """Embed in batches; the next batch is decoded and resized while the network has this one."""
        size = BATCH if runtime.device().type == "cpu" else GPU_BATCH
        batches = [pictures[start : start + size] for start in range(0, len(pictures), size)]
        with ThreadPoolExecutor(max_workers=1) as pool:
            coming = [pool.submit(self._prepare, backbone, batch) for batch in batches[:1]]
            for number, batch in enumerate(batches):
                progress("embed", number * size, len(pictures))
                images = coming.pop().result()
                if number + 1 < len(batches):
                    coming.append(pool.submit(self._prepare, backbone, batches[number + 1]))
                with self._network:
                    maps = self._embed_batch(backbone, batch, images=images, progress=progress, asked=asked)
                yield from zip(batch, maps, strict=True)
        if batches:
            progress("embed", len(pictures), len(pictures))

    def _prepare(self, backbone: Backbone, pictures: list[Picture]) -> list[np.ndarray]:
        if backbone.source is not None:
            return list(self._stacked(backbone.source, pictures, progress=quiet, asked=False))
        return [backbone.prepare(picture) for picture in pictures]

    def _embed_batch(
        self, backbone: Backbone, batch: list[Picture], images: list[np.ndarray], progress: Progress, asked: bool
    ) -> list[np.ndarray]:
        """The maps of a batch, leaving out what another thread has embedded meanwhile."""
        space = _space(backbone)
        known = self._kept(backbone, batch, asked)
        missing = [number for number, picture in enumerate(batch) if picture not in known]
        if missing:
            stacked = self._run(backbone, [images[number] for number in missing], progress)
            self.embedded[backbone.id] += len(missing)
            fresh = {batch[number]: maps.copy() for number, maps in zip(missing, stacked, strict=True)}
            self._vectors.put_vectors(space, {picture.sha256: _pool(maps) for picture, maps in fresh.items()})
            for picture, maps in fresh.items():
                self._maps.put((space, picture.sha256), maps, asked)
            known |= fresh
        return [known[picture] for picture in batch]

    def _run(self, backbone: Backbone, images: Sequence[np.ndarray], progress: Progress) -> np.ndarray:
        """The maps of prepared pictures; half as many at once from then on where the memory is too small.

        Raises:
            UserError: `memory_short`, for a single picture.
        """
        parts: list[np.ndarray] = []
        rest = list(images)
        while rest:
            size = min(len(rest), self._fits.get(backbone.id, len(rest)))
            try:
                with runtime.memory_trouble():
                    parts.append(backbone.maps(rest[:size], progress))
                rest = rest[size:]
            except UserError as error:
                if error.code != "memory_short" or size == 1:
                    raise
                self._fits[backbone.id] = size // 2
        return np.concatenate(parts)

    def _count_reused(self, network: str, count: int) -> None:
        with self._counts:
            self.reused[network] += count


def _pool(maps: np.ndarray) -> np.ndarray:
    return maps.mean(axis=(1, 2))


def _space(backbone: Backbone) -> str:
    """Whatever its vectors depend on."""
    precision = runtime.precision()
    mixed = "" if precision == "no" else f":{precision}"
    return f"{backbone.id}:{backbone.weights[:16]}:{backbone.preprocessing}{mixed}"
