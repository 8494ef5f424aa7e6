"""The maps of a Cross Attention Network's checkpoint, and their attention to each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo import runtime
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture

CHUNK = 16_000_000
"""Numbers that the maps of queries, and vectors of their pairs with classes, of one call may hold."""


class CrossSpace:
    """Pictures as maps, compared with cross attention."""

    def __init__(self, networks: Networks, checkpoint: Source) -> None:
        self.features, self.network = networks.features, networks.trained(checkpoint)

    def maps(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """float32 [N, D, h, w]; none for no pictures."""
        return self.features.maps(self.network, pictures, progress)

    def similarities(self, classes: np.ndarray, queries: np.ndarray) -> np.ndarray:
        """Cosines of pooled, attended maps, [Q, N], from [N, D, h, w] and [Q, D, h, w]."""
        import torch

        attention, device = self.network.attention(), runtime.device()
        step = max(1, CHUNK // (queries[0].size + 2 * len(classes) * classes.shape[1]))
        cosines = []
        with torch.inference_mode():
            against = torch.from_numpy(np.ascontiguousarray(classes)).to(device)
            for start in range(0, len(queries), step):
                chunk = torch.from_numpy(np.ascontiguousarray(queries[start : start + step])).to(device)
                cosines.append(attention.cosines(against, chunk).cpu().numpy())
        return np.concatenate(cosines)

    def paired(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Cosines of pooled, attended maps of pairs, [P], from [P, D, h, w] each."""
        import torch

        device = runtime.device()
        with torch.inference_mode():
            given = [torch.from_numpy(np.ascontiguousarray(maps)).to(device)[:, None] for maps in (first, second)]
            return self.network.attention().cosines(*given).flatten().cpu().numpy()

    def gains(self, classes: np.ndarray, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the attention adds to a query's similarities, at each position of each class's map and of the query's.

        The attention alone also marks positions that agree with nothing; times what a position has in common with the
        other picture, it is the position's part of the similarity that the attention is the cause of.

        Args:
            classes: [N, D, h, w].
            query: [D, h, w].

        Returns:
            On the classes and on the query for their sake, both [N, h, w].
        """
        import torch

        device = runtime.device()
        with torch.inference_mode():
            arrays = (np.ascontiguousarray(maps) for maps in (classes, query[None]))
            given = [torch.from_numpy(array).to(device) for array in arrays]
            attended = self.network.attention()(*given)
            class_vectors, query_vectors = (maps[0].mean(-1) for maps in (attended.classes, attended.queries))
            lengths = class_vectors.norm(dim=1) * query_vectors.norm(dim=1) * attended.on_query.shape[-1]
            pairs = ((given[0], query_vectors, attended.on_class), (given[1], class_vectors, attended.on_query))
            gains = [
                attention[0] * torch.einsum("ndm,nd->nm", maps.flatten(2).expand(len(vectors), -1, -1), vectors)
                for maps, vectors, attention in pairs
            ]
            on_class, on_query = ((gain / lengths[:, None]).cpu().numpy() for gain in gains)
        return on_class.reshape(-1, *query.shape[1:]), on_query.reshape(-1, *query.shape[1:])

    @staticmethod
    def cosines(vector: np.ndarray, maps: np.ndarray) -> np.ndarray:
        """Of one vector [D] to every position of maps [D, h, w]: [h, w]."""
        lengths = np.linalg.norm(vector) * np.linalg.norm(maps, axis=0)
        return np.tensordot(vector, maps, axes=1) / np.maximum(lengths, 1e-12)

    def seen(self, picture: Picture) -> Box:
        """The part of a picture that the network sees."""
        return self.network.seen(picture)

    def position(self, picture: Picture, point: tuple[float, float]) -> tuple[int, int]:
        """Row and column of the position at a point of a picture; the nearest one for a point that is not seen."""
        left, top, right, bottom = self.seen(picture)
        rows, columns = self.network.load().size
        across, down = (point[0] - left) / (right - left), (point[1] - top) / (bottom - top)
        return int(np.clip(down * rows, 0, rows - 1)), int(np.clip(across * columns, 0, columns - 1))
