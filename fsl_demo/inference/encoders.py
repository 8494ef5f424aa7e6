"""What spaces compute, as torch modules of their own: from prepared pictures to vectors, for the way out of here.

Each equals its space's `embed`; what it reads are pictures as the recipes prepare them, float [N, h, w, channels] with
values of 0 to 255.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.picture_maps import CHANNELS, POWER
from fsl_demo.backbones.trained import TrainedNetwork


def constant(array: np.ndarray) -> nn.Parameter:
    """Numbers that go along with a module."""
    return nn.Parameter(torch.from_numpy(np.array(array, np.float32)), requires_grad=False)


class FrozenMaps(nn.Module):
    """The maps of a frozen network, [N, 1280, h, w]."""

    def __init__(self, backbone: EfficientNetLite0) -> None:
        super().__init__()
        self.network: Any = copy.deepcopy(backbone.load()).cpu().float()

    def forward(self, images: Tensor) -> Tensor:
        maps: Tensor = self.network.forward_features(images.permute(0, 3, 1, 2) / 127.5 - 1.0)
        return maps


class Towers(nn.Module):
    """`PictureTowers.embed`: [N, 1998]."""

    def __init__(self, networks: Networks) -> None:
        super().__init__()
        frozen = (networks.pictures, networks.whole_pictures)
        self.recipes = tuple(network.preprocessing for network in frozen)
        self.networks = nn.ModuleList(FrozenMaps(network) for network in frozen)
        self.axes = nn.ParameterList(constant(network.axes()) for network in frozen)

    def forward(self, middle: Tensor, whole: Tensor) -> Tensor:
        parts = [
            normalize(network(images).mean((2, 3)).clamp_min(0) ** POWER @ axes)
            for network, axes, images in zip(self.networks, self.axes, (middle, whole), strict=True)
        ]
        return torch.cat(parts, 1)


class Mapped(nn.Module):
    """A linear map, to unit length."""

    def __init__(self, weight: np.ndarray, bias: np.ndarray) -> None:
        super().__init__()
        self.weight, self.bias = constant(weight.T), constant(bias)

    def forward(self, features: Tensor) -> Tensor:
        return normalize(features @ self.weight + self.bias)


class Relations(nn.Module):
    """`PictureAnchors.rows`: what pictures are like, [N, 1000], from features [N, 1998]."""

    def __init__(self, classes: Sequence[np.ndarray], power: float, keep: int) -> None:
        super().__init__()
        self.classes = nn.ParameterList(constant(anchors.T) for anchors in classes)
        self.power, self.keep = power, keep

    def forward(self, features: Tensor) -> Tensor:
        parts = (features[:, :CHANNELS], features[:, CHANNELS:])
        rows = [self._relative(part @ anchors) for part, anchors in zip(parts, self.classes, strict=True)]
        return normalize(rows[0] + rows[1])

    def _relative(self, cosines: Tensor) -> Tensor:
        floor = torch.topk(cosines, self.keep).values[:, -1:].clamp_min(0)
        return normalize(torch.where(cosines >= floor, cosines, 0.0) ** self.power)


class OfFeatures(nn.Module):
    """Vectors made of what the towers say: parts that each read the features, times their weights, side by side."""

    def __init__(self, towers: Towers, parts: Sequence[nn.Module], weights: Sequence[float]) -> None:
        super().__init__()
        self.towers, self.parts, self.weights = towers, nn.ModuleList(parts), [float(weight) for weight in weights]

    def forward(self, middle: Tensor, whole: Tensor) -> Tensor:
        features = self.towers(middle, whole)
        parts = [weight * part(features) for part, weight in zip(self.parts, self.weights, strict=True)]
        return torch.cat(parts, 1)


class TrainedMaps(nn.Module):
    """`TrainedNetwork.maps`: [N, channels, h, w]."""

    def __init__(self, network: TrainedNetwork) -> None:
        super().__init__()
        self.recipe = network.recipe
        self.embedder: Any = copy.deepcopy(network.load()).cpu().float()
        source = network.source
        self.source = None if source is None else FrozenMaps(source)
        self.axes = None if source is None else constant(source.axes().T)

    def forward(self, images: Tensor) -> Tensor:
        given = self.recipe.tensor(images) if self.source is None else self._placed(self.source(images))
        maps: Tensor = self.embedder.maps(given)
        return maps

    def _placed(self, maps: Tensor) -> Tensor:
        """`picture_maps.placed`."""
        assert self.axes is not None
        rooted = maps * maps.mean((2, 3), keepdim=True).clamp_min(1e-12) ** (POWER - 1)
        projected = self.axes @ rooted.flatten(2)
        lengths = projected.mean(2).norm(dim=1).clamp_min(1e-12)
        return (projected / lengths[:, None, None]).unflatten(2, maps.shape[2:])


class Pooled(nn.Module):
    """The means of maps, to unit length."""

    def __init__(self, maps: nn.Module) -> None:
        super().__init__()
        self.maps = maps

    def forward(self, images: Tensor) -> Tensor:
        return normalize(self.maps(images).mean((2, 3)))


class Products(nn.Module):
    """Products of pictures' vectors with a direction for each class, [N, C].

    Args:
        directions: [C, D].
        offsets: [C], added.
    """

    def __init__(self, vectors: nn.Module, directions: np.ndarray, offsets: np.ndarray | float = 0.0) -> None:
        super().__init__()
        self.vectors, self.directions = vectors, constant(directions.T)
        self.offsets = constant(np.broadcast_to(offsets, len(directions)))

    def forward(self, *images: Tensor) -> Tensor:
        products: Tensor = self.vectors(*images) @ self.directions + self.offsets
        return products


class OfMaps(nn.Module):
    """Cosines of a picture's maps and the classes', attended to each other, times a scale for each class, [N, C].

    Args:
        classes: [C, D, h, w].
        scales: [C].
    """

    def __init__(self, network: TrainedNetwork, classes: np.ndarray, scales: np.ndarray) -> None:
        super().__init__()
        self.maps, self.attention = TrainedMaps(network), copy.deepcopy(network.attention()).cpu().float()
        self.classes, self.scales = constant(classes), constant(np.broadcast_to(scales, len(classes)))

    def forward(self, images: Tensor) -> Tensor:
        cosines: Tensor = self.attention.cosines(self.classes, self.maps(images))
        return cosines * self.scales
