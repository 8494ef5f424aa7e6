"""The data of a training on the device that learns."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fsl_demo.training.data import Arrays

SHARE = 0.25
"""Of a GPU's free memory, that data may take."""


class Rows:
    """Pictures and labels by their numbers.

    A GPU gets all of them once, if they fit: a batch is then picked there, and no step waits for a copy.
    """

    def __init__(self, data: Arrays, device: torch.device) -> None:
        self._arrays, self._device = (data.images, data.labels), device
        self._tensors: list[Tensor] = []
        if _fits(data.images.nbytes, device):
            self._tensors = [torch.tensor(array, device=device) for array in self._arrays]

    def batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        """Pictures and labels of these numbers."""
        if self._tensors:
            rows = torch.from_numpy(indices).to(self._device, non_blocking=True)
            images, labels = (tensor[rows] for tensor in self._tensors)
        else:
            images, labels = (torch.from_numpy(array[indices]).to(self._device) for array in self._arrays)
        return images, labels


def _fits(size: int, device: torch.device) -> bool:
    return device.type == "cuda" and size < SHARE * torch.cuda.mem_get_info(device)[0]
