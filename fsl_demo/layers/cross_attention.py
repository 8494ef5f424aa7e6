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
        classes, queries: [Q, N, D, m].
        on_class, on_query: [Q, N, m]; each sums to 1 over the positions.
    """

    classes: Tensor
    queries: Tensor
    on_class: Tensor
    on_query: Tensor


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
        """Attend classes [N, D, h, w] and queries [Q, D, h, w] to each other.

        Raises:
            ValueError: for maps of another size than the layer was made for.
        """
        if (size := tuple(classes.shape[2:])) != self.size or size != tuple(queries.shape[2:]):
            raise ValueError(f"cross attention for maps of {self.size}, got {size} and {tuple(queries.shape[2:])}")
        classes, queries = classes.flatten(2), queries.flatten(2)
        cosines = torch.einsum("ndi,qdj->qnij", normalize(classes, dim=1), normalize(queries, dim=1))
        on_class, on_query = self.weigh(cosines), self.weigh(cosines.transpose(2, 3))
        return Attended(
            classes=classes[None] * (1 + on_class[:, :, None]),
            queries=queries[:, None] * (1 + on_query[:, :, None]),
            on_class=on_class,
            on_query=on_query,
        )

    def weigh(self, cosines: Tensor) -> Tensor:
        """Attention over the positions i from cosines [Q, N, i, j] (equations 3 and 4), [Q, N, i]."""
        mean = cosines.mean(2)
        kernel = self.widen(torch.relu(self.norm(self.narrow(mean).flatten(0, 1)))).view_as(mean)
        return torch.softmax((cosines @ kernel[..., None])[..., 0] / cosines.shape[-1] / TEMPERATURE, dim=-1)

    def similarities(self, classes: Tensor, queries: Tensor) -> Tensor:
        """Cosines of the pooled maps of queries and classes attended to each other, [Q, N] (section 4.2)."""
        attended = self(classes, queries)
        return cosine_similarity(attended.classes.mean(-1), attended.queries.mean(-1), dim=2)

    def cosines(self, classes: Tensor, queries: Tensor) -> Tensor:
        """What `similarities` gives, [Q, N], without making the attended maps: faster, for where nothing is trained.

        The pooled, attended map of a class is P u / m with its map P [D, m] and u = 1 + its attention, and that of the
        query R v / m. So their product is u' (P' R) v / m², and its parts are products of positions, [m, m].

        Args:
            classes: [N, D, h, w].
            queries: [Q, D, h, w].
        """
        classes, queries = classes.flatten(2), queries.flatten(2)
        products = torch.einsum("ndi,qdj->qnij", classes, queries)
        of_class, of_query = (maps.norm(dim=1).clamp_min(1e-12) for maps in (classes, queries))
        cosines = products / of_class[None, :, :, None] / of_query[:, None, None, :]
        on_class, on_query = 1 + self.weigh(cosines), 1 + self.weigh(cosines.transpose(2, 3))
        within_class = torch.einsum("ndi,ndj->nij", classes, classes)
        within_query = torch.einsum("qdi,qdj->qij", queries, queries)
        product = torch.einsum("qni,qnij,qnj->qn", on_class, products, on_query)
        class_length = torch.einsum("qni,nij,qnj->qn", on_class, within_class, on_class)
        query_length = torch.einsum("qni,qij,qnj->qn", on_query, within_query, on_query)
        return product / (class_length * query_length).clamp_min(1e-24).sqrt()
