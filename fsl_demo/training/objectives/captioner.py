"""What a captioner minimises: how surprised it is by what people said of pictures. Towers and language model stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from fsl_demo.backbones.captioners import PARTS, PICTURE, Captioning
from fsl_demo.training.batches import each_once
from fsl_demo.training.setup import Objective

BATCH = 8
SMOOTHING = 0.1
GROUP = 100
"""Pictures that are looked at together, where nothing is learned."""


class CaptioningObjective(Objective):
    """A captioner, and how surprised it is by what people said of pictures.

    Args:
        captions: tokens of each caption of each picture.
    """

    def __init__(self, network: Captioning, captions: Sequence[Sequence[list[int]]]) -> None:
        super().__init__()
        self.network = network
        self._captions = captions

    def forward(self, positions: Tensor, indices: Tensor) -> Tensor:
        """The loss of a token of captions of pictures [N, 130, 999]; some follow another picture and its caption."""
        end, media = self.network.language.end, self.network.media(positions)
        chosen = [self._captions[index] for index in indices.tolist()]
        texts, shown = [], []
        for number, captions in enumerate(chosen):
            alone = torch.randperm(len(captions)).tolist()
            if number % 2:
                other = chosen[number - 1][int(torch.randint(len(chosen[number - 1]), ()))]
                texts.append([PICTURE, end, *other, end, PICTURE, end, *captions[alone.pop()], end])
                shown.append(media[number - 1 : number + 1])
            texts += [[PICTURE, end, *captions[index], end] for index in alone]
            shown += [media[number : number + 1]] * len(alone)
        return self.network.loss(texts, shown, SMOOTHING)

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """Every picture once."""
        return each_once(len(labels), size=BATCH, seed=seed, epoch=epoch)


def statistics(positions: np.ndarray) -> tuple[Tensor, Tensor]:
    """Means [2, 999] and spreads [2] of either tower's pooled features: what `Captioning` takes off."""
    pooled = [np.concatenate([group[:, part].mean(1, np.float32) for group in _groups(positions)]) for part in PARTS]
    means = np.stack([features.mean(0) for features in pooled])
    spreads = np.array([(features - mean).std() for features, mean in zip(pooled, means, strict=True)])
    return torch.from_numpy(means.astype(np.float32)), torch.from_numpy(spreads.astype(np.float32))


def mirrored(positions: Tensor) -> Tensor:
    """float32; half of the pictures with left and right exchanged, which the towers hardly mind."""
    turned = torch.cat(
        [
            positions[:, part].unflatten(1, (side, side)).flip(2).flatten(1, 2)
            for part, side in zip(PARTS, (9, 7), strict=True)
        ],
        dim=1,
    )
    return torch.where(torch.rand(len(positions), 1, 1, device=positions.device) < 0.5, turned, positions).float()


@torch.inference_mode()
def likelihood(network: Captioning, positions: np.ndarray, captions: Sequence[Sequence[list[int]]]) -> float:
    """Geometric mean of the probability of a token of the pictures' captions."""
    network.eval()
    end, losses, counts = network.language.end, [], []
    for start, group in enumerate(_groups(positions)):
        media = network.media(torch.from_numpy(group.astype(np.float32)).to(network.mean.device))
        own = captions[start * GROUP :][: len(group)]
        texts = [[PICTURE, end, *caption, end] for texts_of_picture in own for caption in texts_of_picture]
        shown = [media[number : number + 1] for number, texts_of_picture in enumerate(own) for _ in texts_of_picture]
        counts.append(sum(len(text) - 2 for text in texts))
        losses.append(float(network.loss(texts, shown)) * counts[-1])
    return float(np.exp(-sum(losses) / sum(counts)))


def _groups(positions: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(positions), GROUP):
        yield positions[start : start + GROUP]
