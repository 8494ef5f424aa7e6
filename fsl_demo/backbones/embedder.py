"""A network trained here: a convolutional backbone, and a head that makes one vector of its map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.convolutional import Conv4, ResNet10, ResNet12, SideBySide, Twin
from fsl_demo.backbones.preprocessing import PREPROCESSINGS


class FrozenMaps(nn.Identity):
    """In place of a backbone to be trained: pictures come as `picture_maps`."""

    def __init__(self, colours: int, cbam: bool = False) -> None:
        super().__init__()


BACKBONES: Mapping[str, Any] = {
    "twin": Twin,
    "conv4": Conv4,
    "resnet10": ResNet10,
    "resnet12": ResNet12,
    "efficientnet_lite0": FrozenMaps,
}


class View(NamedTuple):
    """One way to look at pictures [N, C, H, W], and how the maps of what is seen are laid over the pictures again."""

    look: Callable[[Tensor], Tensor]
    back: Callable[[Tensor], Tensor]


IDENTITY = View(nn.Identity(), nn.Identity())


def views(architecture: Architecture) -> list[View]:
    """What a network looks at; a pixel's shift is less than a position of its maps, and is not taken back."""
    taken = [IDENTITY]
    if architecture.mirrored:
        taken.append(View(_mirrored, _mirrored))
    if architecture.shifted:
        moves = ((1, 0), (-1, 0), (0, 1), (0, -1))
        taken += [View(partial(torch.roll, shifts=move, dims=(2, 3)), nn.Identity()) for move in moves]
    return taken


def _mirrored(images: Tensor) -> Tensor:
    return images.flip(-1)


class Embedder(nn.Module):
    """Pictures to unit vectors, and to the maps whose mean they are.

    Attributes:
        channels: of the maps and vectors.
        size: height and width of the maps.
        views: what it looks at of a picture once it is trained.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        recipe = PREPROCESSINGS[architecture.preprocessing]
        self.architecture = architecture
        networks = [
            BACKBONES[architecture.backbone](recipe.colours, architecture.cbam) for _ in range(architecture.members)
        ]
        self.backbone = SideBySide(networks, architecture.windows) if len(networks) > 1 else networks[0]
        with torch.no_grad():
            maps = self.backbone.eval()(torch.zeros(1, recipe.colours, recipe.side, recipe.side))
        self.train()
        self.size: tuple[int, int] = (maps.shape[2], maps.shape[3])
        self.channels = architecture.dimension or maps.shape[1]
        self.views = views(architecture)
        self.head: PlacedHead | PositionWeights | None = None
        if architecture.dimension:
            self.head = PlacedHead(maps.shape[1], self.size, architecture)
        elif architecture.weighted:
            self.head = PositionWeights(self.size)

    def forward(self, images: Tensor) -> Tensor:
        """Unit vectors [N, channels]."""
        if self.training:
            return self.vectors(self.backbone(images))
        return normalize(self.maps(images).float().mean((2, 3)))

    def vectors(self, maps: Tensor) -> Tensor:
        """From the maps of the backbone to unit vectors [N, channels]."""
        return normalize(self.head(maps).float() if self.head else maps.float().mean((2, 3)))

    def maps(self, images: Tensor) -> Tensor:
        """Maps [N, channels, h, w]; in evaluation their mean, at unit length, is the vector."""
        taken = [IDENTITY] if self.training else self.views
        maps = self.backbone(torch.cat([view.look(images) for view in taken]))
        maps = self.head.maps(maps) if self.head else maps
        return torch.stack([view.back(part) for view, part in zip(taken, maps.chunk(len(taken)), strict=True)]).mean(0)


class PositionWeights(nn.Module):
    """A weight for each position of a map, in place of the plain mean; all weights are alike to begin with."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(size))

    def forward(self, maps: Tensor) -> Tensor:
        """Vectors [N, C]."""
        return self.maps(maps).mean((2, 3))

    def maps(self, maps: Tensor) -> Tensor:
        """The maps, each position times its weight, [N, C, h, w]."""
        return maps * torch.softmax(self.logits.flatten(), 0).view_as(self.logits) * self.logits.numel()


class PlacedHead(nn.Module):
    """A linear layer that weighs every position of a map in its own way, and a batch norm.

    Each member of a network has its share of the channels, and makes its share of the vector of them.
    """

    def __init__(self, channels: int, size: tuple[int, int], architecture: Architecture) -> None:
        super().__init__()
        self.members = architecture.members
        self.dropout = nn.Dropout(architecture.dropout)
        self.linear = nn.Linear(channels * size[0] * size[1] // self.members, architecture.dimension)
        self.norm = nn.BatchNorm1d(architecture.dimension)

    def forward(self, maps: Tensor) -> Tensor:
        """Vectors [N, D]."""
        parts = self.dropout(maps.flatten(1)).chunk(self.members, 1)
        layers = zip(self.linear.weight.chunk(self.members), self.linear.bias.chunk(self.members), strict=True)
        vectors = [linear(part, weight, bias) for part, (weight, bias) in zip(parts, layers, strict=True)]
        return self.norm(torch.cat(vectors, 1))

    def maps(self, maps: Tensor) -> Tensor:
        """What each position adds to the vector, times the number of positions, [N, D, h, w]; the running
        statistics are used, so that a map does not depend on the other pictures of its batch."""
        count, channels, height, width = maps.shape
        weight = self.linear.weight.view(self.members, -1, channels // self.members, height * width)
        parts = self.dropout(maps).reshape(count, self.members, -1, height * width)
        parts = torch.einsum("nmcp,mdcp->nmdp", parts, weight).flatten(1, 2) * (height * width)
        norm = self.norm
        mean: Any = norm.running_mean
        variance: Any = norm.running_var
        scale = norm.weight / (variance + norm.eps).sqrt()
        parts = (parts + (self.linear.bias - mean)[:, None]) * scale[:, None] + norm.bias[:, None]
        return parts.view(count, -1, height, width)
