"""Cross attention of the Cross Attention Network (Hou et al. 2019, arXiv:1910.07677, section 3)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, normalize

TEMPERATURE = 0.025
REDUCTION = 6


class Attended(NamedTuple):
    """Maps of each query against each class, and the attention that they were scaled by.

    Attributes:
        classes, queries: [..., Q, N, D, m].
        on_class, on_query: [..., Q, N, m]; each sums to 1 over the positions.
    """

    classes: Tensor
    queries: Tensor
    on_class: Tensor
    on_query: Tensor


class Positions(NamedTuple):
    """Maps by position.

    Attributes:
        maps: [..., K, D, m].
        lengths: of the vectors at the positions, [..., K, 1, m].
        middles: means of these vectors at unit length, [..., K, D].
    """

    maps: Tensor
    lengths: Tensor
    middles: Tensor

    @classmethod
    def of(cls, maps: Tensor) -> Positions:
        """From [..., K, D, h, w]."""
        maps = maps.flatten(-2)
        lengths = maps.square().sum(-2, keepdim=True).sqrt().clamp_min(1e-12)  # `norm` is five times slower here
        return cls(
            maps=maps, lengths=lengths, middles=(maps @ (1 / lengths).transpose(-1, -2))[..., 0] / maps.shape[-1]
        )


class CrossAttention(nn.Module):
    """Lets a class's map and a query's map point out to each other which positions matter.

    Args:
        size: height and width of the maps; the fusion layer is made for exactly so many positions.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size
        positions = size[0] * size[1]
        narrow = max(positions // REDUCTION, 1)
        self.narrow = nn.Linear(positions, narrow, bias=False)
        self.norm = nn.BatchNorm1d(narrow)
        self.widen = nn.Linear(narrow, positions)

    def forward(self, classes: Tensor, queries: Tensor) -> Attended:
        """Attend classes [..., N, D, h, w] and queries [..., Q, D, h, w] to each other.

        Raises:
            ValueError: for maps of another size than the layer was made for.
        """
        if (size := tuple(classes.shape[-2:])) != self.size or size != tuple(queries.shape[-2:]):
            raise ValueError(f"cross attention for maps of {self.size}, got {size} and {tuple(queries.shape[-2:])}")
        classes, queries = classes.flatten(-2), queries.flatten(-2)
        cosines = torch.einsum("...ndi,...qdj->...qnij", normalize(classes, dim=-2), normalize(queries, dim=-2))
        on_class, on_query = self.weigh(cosines), self.weigh(cosines.transpose(-1, -2))
        return Attended(
            classes=classes[..., None, :, :, :] * (1 + on_class[..., None, :]),
            queries=queries[..., None, :, :] * (1 + on_query[..., None, :]),
            on_class=on_class,
            on_query=on_query,
        )

    def weigh(self, cosines: Tensor) -> Tensor:
        """Attention over the positions i from cosines [..., i, j] (equations 3 and 4), [..., i]."""
        kernel = self.kernel(cosines.mean(-2))
        return torch.softmax((cosines @ kernel[..., None])[..., 0] / cosines.shape[-1] / TEMPERATURE, dim=-1)

    def kernel(self, mean: Tensor) -> Tensor:
        """The fusion layer's kernel (equation 4) from mean cosines [..., m], [..., m]."""
        return self.widen(torch.relu(self.norm(self.narrow(mean).flatten(0, -2)))).view_as(mean)

    def similarities(self, classes: Tensor, queries: Tensor) -> Tensor:
        """Cosines of the pooled maps of queries and classes attended to each other, [..., Q, N] (section 4.2)."""
        attended = self(classes, queries)
        return cosine_similarity(attended.classes.mean(-1), attended.queries.mean(-1), dim=-1)

    def cosines(self, classes: Tensor, queries: Tensor) -> Tensor:
        """What `similarities` gives, [..., Q, N]: faster, for where nothing is trained.

        Neither attended maps nor cosines of positions are made (see `_over`).

        Args:
            classes: [..., N, D, h, w].
            queries: [..., Q, D, h, w].
        """
        asked, given = Positions.of(queries), Positions.of(classes)
        of_class, of_query = self._over(given, asked), self._over(asked, given)
        class_vectors = (1 + of_class) @ given.maps.transpose(-1, -2)
        query_vectors = (1 + of_query) @ asked.maps.transpose(-1, -2)
        return cosine_similarity(class_vectors.transpose(-2, -3), query_vectors, dim=-1)

    def _over(self, own: Positions, other: Positions) -> Tensor:
        """Attention over the positions of K maps for the sake of L others, [..., K, L, m].

        With unit positions a_i and b_j, the mean over i of their cosines is (mean of a_i)' b_j, and what the kernel k
        makes of them is a_i' (sum of k_j b_j): products of vectors.
        """
        mean = own.middles[..., None, :, :] @ other.maps / other.lengths
        looks = (self.kernel(mean) / other.lengths) @ other.maps.transpose(-1, -2)
        logits = looks.transpose(-2, -3) @ own.maps / own.lengths / other.maps.shape[-1]
        return torch.softmax(logits / TEMPERATURE, dim=-1)
