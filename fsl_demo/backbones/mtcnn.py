"""MTCNN (Zhang et al. 2016, arXiv:1604.02878): the face of a picture and five points on it.

Three small networks propose boxes at several sizes, sort them out, and correct them. The weights are those of the
package `mtcnn`, whose own code needs TensorFlow.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate, pad

from fsl_demo.backbones.pickled_arrays import arrays
from fsl_demo.backbones.weights import verified

WEIGHTS: Mapping[str, str] = {
    "pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}
"""SHA-256 of the file of each network."""
POOLS: Mapping[str, tuple[int, ...]] = {"pnet": (2, 0, 0), "rnet": (3, 3, 0), "onet": (3, 3, 2, 0)}
"""Side of the pooling after each convolution; 0 for none."""
SIDE = 120
"""Longest side at which a face is looked for."""
EDGE = 20
"""Pixels by which the edges go on, as a face may fill its picture."""
SMALLEST = 36
"""Side of the smallest face that is found at that size."""
STEP = 0.709
CELL, STRIDE = 12, 2
FINENESS = 2
"""Points that are looked at across a pixel that a network reads."""
LIKELY = {"pnet": 0.6, "rnet": 0.7, "onet": 0.7}
"""Probability from which on each network takes something for a face."""
OVERLAP = 0.7


class Mtcnn:
    """Finds the face that a picture is of."""

    title = "MTCNN"

    def __init__(self) -> None:
        self._networks: dict[str, nn.Module] = {}
        self._lock = threading.Lock()

    def load(self) -> Mapping[str, nn.Module]:
        """The three networks, loaded once.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """
        with self._lock:
            if not self._networks:
                self._networks = {name: _network(name, self._arrays(name)) for name in WEIGHTS}
            return self._networks

    def _arrays(self, name: str) -> list[np.ndarray]:
        import lz4.frame

        pattern = f"assets/weights/{name}.lz4"
        file = verified(title=self.title, package="mtcnn", pattern=pattern, sha256=WEIGHTS[name])
        return arrays(lz4.frame.decompress(file.read_bytes()))

    @torch.inference_mode()
    def points(self, image: np.ndarray) -> np.ndarray | None:
        """Eyes, nose and corners of the mouth of the largest face near the middle, in pixels: (x, y) of each, [5, 2].

        Args:
            image: uint8 [H, W, 3].

        Returns:
            None where no face takes up a third of the picture.
        """
        networks = self.load()
        scale = SIDE / max(image.shape[:2])
        size = [max(CELL, round(length * scale)) for length in image.shape[:2]]
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
        pixels = (interpolate(pixels, size, mode="bilinear", antialias=True) - 127.5) / 128
        pixels = pad(pixels, (EDGE,) * 4, mode="replicate").contiguous(memory_format=torch.channels_last)
        boxes, likely = _proposed(pixels, networks["pnet"])
        points = torch.zeros(0, 5, 2)
        for name, side in (("rnet", 24), ("onet", 48)):
            boxes = _square(boxes[_apart(boxes, likely)])
            if not len(boxes):
                return None
            values = networks[name](_cut(pixels, boxes, side))
            likely = values[:, -2:].softmax(1)[:, 1]
            sure = likely >= LIKELY[name]
            boxes, likely, values = boxes[sure], likely[sure], values[sure]
            if name == "onet":
                points = boxes[:, None, :2] + values[:, 4:14].unflatten(1, (2, 5)).mT * _sides(boxes)[:, None]
            boxes = _moved(boxes, values[:, :4])
        if not len(boxes):
            return None
        middle = torch.tensor([pixels.shape[3], pixels.shape[2]]) / 2
        distance = ((boxes[:, :2] + boxes[:, 2:]) / 2 - middle).norm(dim=1)
        best = int((_sides(boxes).amax(1) - distance).argmax())
        return (points[best].numpy() - EDGE) / scale


def _network(name: str, weights: list[np.ndarray]) -> nn.Module:
    """The layers of a network, from the arrays of Keras's: values in [-1, 1] to edges, points if any, and logits."""
    layers: list[nn.Module] = []
    tensors = [torch.from_numpy(array) for array in weights]
    for number, pool in enumerate(POOLS[name]):
        weight, bias, slope = tensors[3 * number : 3 * number + 3]
        layers += [_convolution(weight, bias), _slope(slope)]
        if pool:
            layers.append(nn.MaxPool2d(pool, 2, ceil_mode=True))
    rest = tensors[3 * len(POOLS[name]) :]
    if name == "pnet":
        layers.append(_convolution(torch.cat(rest[::2], 3), torch.cat(rest[1::2])))
    else:
        layers += [_Turned(), _dense(*rest[:2]), _slope(rest[2])]
        layers.append(_dense(torch.cat(rest[3::2], 1), torch.cat(rest[4::2])))
    network: Any = nn.Sequential(*layers).eval()
    return network.to(memory_format=torch.channels_last)


def _convolution(weight: Tensor, bias: Tensor) -> nn.Module:
    layer = nn.Conv2d(weight.shape[2], weight.shape[3], (weight.shape[0], weight.shape[1]))
    layer.load_state_dict({"weight": weight.permute(3, 2, 0, 1), "bias": bias})
    return layer


def _dense(weight: Tensor, bias: Tensor) -> nn.Module:
    layer = nn.Linear(*weight.shape)
    layer.load_state_dict({"weight": weight.T, "bias": bias})
    return layer


def _slope(values: Tensor) -> nn.Module:
    layer = nn.PReLU(values.numel())
    layer.load_state_dict({"weight": values.flatten()})
    return layer


class _Turned(nn.Module):
    """Maps [N, C, H, W] as the rows that dense layers read: by columns, rows, channels."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps.permute(0, 3, 2, 1).flatten(1)


def _proposed(pixels: Tensor, network: nn.Module) -> tuple[Tensor, Tensor]:
    """Where the first network takes something for a face: boxes [N, 4] and probabilities [N], at all sizes."""
    boxes, probabilities = [torch.zeros(0, 4)], [torch.zeros(0)]
    height, width = pixels.shape[2:]
    scale = CELL / SMALLEST
    while min(height, width) * scale >= CELL:
        maps = network(interpolate(pixels, [round(height * scale), round(width * scale)], mode="area"))[0]
        likely = maps[-2:].softmax(0)[1]
        rows, columns = torch.nonzero(likely >= LIKELY["pnet"], as_tuple=True)
        corners = torch.stack([columns, rows], 1) * STRIDE
        candidates = _moved(torch.cat([corners, corners + CELL], 1) / scale, maps[:4, rows, columns].T)
        likely = likely[rows, columns]
        kept = _apart(candidates, likely, 0.5)
        boxes.append(candidates[kept])
        probabilities.append(likely[kept])
        scale *= STEP
    return torch.cat(boxes), torch.cat(probabilities)


def _apart(boxes: Tensor, likely: Tensor, overlap: float = OVERLAP) -> Tensor:
    """Non-maximum suppression: indices of boxes of which none covers more than `overlap` of a likelier one."""
    order = likely.argsort(descending=True)
    left, top, right, bottom = boxes[order].T
    across = torch.minimum(right[:, None], right) - torch.maximum(left[:, None], left)
    down = torch.minimum(bottom[:, None], bottom) - torch.maximum(top[:, None], top)
    shared, area = across.clamp(min=0) * down.clamp(min=0), (right - left) * (bottom - top)
    covers = (shared > overlap * (area[:, None] + area - shared)).numpy()
    kept: list[int] = []
    for row in range(len(order)):
        if not covers[row, kept].any():
            kept.append(row)
    return order[kept]


def _cut(pixels: Tensor, boxes: Tensor, side: int) -> Tensor:
    """The boxes, at the size that a network reads, [N, 3, side, side]."""
    size = torch.tensor([pixels.shape[3], pixels.shape[2]])
    matrices: Any = torch.zeros(len(boxes), 2, 3)
    matrices[:, [0, 1], [0, 1]] = _sides(boxes) / size
    matrices[:, :, 2] = (boxes[:, :2] + boxes[:, 2:]) / size - 1
    grid = affine_grid(matrices, [len(boxes), 3, side * FINENESS, side * FINENESS], align_corners=False)
    cut = grid_sample(pixels.expand(len(boxes), -1, -1, -1), grid, padding_mode="border", align_corners=False)
    return avg_pool2d(cut, FINENESS)


def _sides(boxes: Tensor) -> Tensor:
    """Width and height, [N, 2]."""
    return boxes[:, 2:] - boxes[:, :2]


def _moved(boxes: Tensor, moves: Tensor) -> Tensor:
    """Boxes with each edge moved, in shares of their sides."""
    return boxes + moves * _sides(boxes).repeat(1, 2)


def _square(boxes: Tensor) -> Tensor:
    middles, halves = (boxes[:, :2] + boxes[:, 2:]) / 2, _sides(boxes).amax(1, keepdim=True) / 2
    return torch.cat([middles - halves, middles + halves], 1)
