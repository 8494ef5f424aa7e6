"""What the heads of the built-in vision-language model minimise.

Captions teach scenes: CLIP's loss on captioned pictures. Class names teach objects: the same loss on ImageNet's class
names against the rows of the towers' own classifiers, and what these classifiers say of the training pictures.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from fsl_demo.evaluation.retrieval import recall
from fsl_demo.layers.joint_heads import PictureHead, TextHead
from fsl_demo.losses.clip import soft_classification, symmetric_contrastive
from fsl_demo.training.caption_features import Features
from fsl_demo.training.setup import Objective

DIMENSION, HIDDEN, DROPOUT = 512, 1024, 0.3
NAMES_WEIGHT, TEACHER_WEIGHT = 0.5, 0.5
BATCH, PASSES = 1500, 5
SCALE = 20.0
"""What cosines are multiplied with at the start; learned."""


class CompactVlmObjective(Objective):
    """The two heads and their losses, on the features of the training pictures."""

    captions: Tensor
    teacher: Tensor
    names: Tensor
    rows: Tensor

    def __init__(self, data: Features) -> None:
        super().__init__()
        self.pictures = PictureHead(data.pictures.shape[1], DIMENSION, DROPOUT)
        self.texts = TextHead(data.captions.shape[2], dimension=DIMENSION, hidden=HIDDEN, dropout=DROPOUT)
        self.scales = nn.Parameter(torch.full((2,), SCALE).log())
        self.read = zlib.crc32(data.captions.tobytes())
        for name, array in (
            ("captions", data.captions),
            ("teacher", data.teacher),
            ("names", data.names),
            ("rows", data.rows),
        ):
            self.register_buffer(name, torch.from_numpy(array), persistent=False)

    def forward(self, pictures: Tensor, indices: Tensor) -> Tensor:
        """The loss of pictures [N, C] with one caption each, drawn anew, and of all class names, one sentence each."""
        captions = self.captions[indices, torch.randint(self.captions.shape[1], indices.shape)]
        count, variants = self.names.shape[:2]
        sentences = self.names[torch.arange(count), torch.randint(variants, (count,))]
        picture_vectors, rows = self.pictures(pictures), self.pictures(self.rows)
        texts = self.texts(torch.cat([captions, sentences]))
        caption_vectors, name_vectors = texts.split([len(captions), len(sentences)])
        with torch.autocast(pictures.device.type, enabled=False):
            scale, name_scale = self.scales.exp().clamp(max=100)
            loss = symmetric_contrastive(picture_vectors, caption_vectors, scale)
            loss = loss + NAMES_WEIGHT * symmetric_contrastive(rows, name_vectors, name_scale)
            taught = soft_classification(
                picture_vectors, texts=name_vectors, scale=name_scale, teacher=self.teacher[indices]
            )
            return loss + TEACHER_WEIGHT * taught

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """Every picture `PASSES` times, never twice in a batch."""
        random, size = np.random.default_rng((seed, epoch)), min(BATCH, len(labels))
        for _ in range(PASSES):
            order = random.permutation(len(labels))
            for start in range(0, len(order) - size + 1, size):
                yield order[start : start + size]


@torch.inference_mode()
def figure(module: CompactVlmObjective, data: Features) -> float:
    """Share of captions whose picture comes first among all pictures."""
    module.eval()
    device = module.scales.device
    pictures = module.pictures(torch.from_numpy(data.pictures).to(device))
    texts = module.texts(torch.from_numpy(data.captions).flatten(0, 1).to(device))
    first = recall(texts.cpu().numpy(), pictures.cpu().numpy(), each=data.captions.shape[1], at=(1,))[0]
    return first.mean


def folded(state: dict[str, np.ndarray], mean: np.ndarray, spread: np.ndarray) -> dict[str, np.ndarray]:
    """The heads as they are shipped, float16: scaling of their inputs is part of their first layers.

    Args:
        mean, spread: of the towers' channels, those of pictures before those of texts.
    """
    channels = state["pictures.linear.weight"].shape[1]
    scales = {"pictures": (mean[:channels], spread[:channels]), "texts": (mean[channels:], spread[channels:])}
    layers = {
        "pictures": ("pictures.linear", "pictures"),
        "texts": ("texts.linear", "texts"),
        "texts.hidden": ("texts.hidden.0", "texts"),
        "texts.out": ("texts.hidden.3", None),
    }
    arrays = {}
    for name, (layer, inputs) in layers.items():
        weight, bias = state[f"{layer}.weight"], state[f"{layer}.bias"]
        if inputs is not None:
            centre, width = scales[inputs]
            weight = weight / width
            bias = bias - weight @ centre
        arrays[f"{name}.weight"], arrays[f"{name}.bias"] = weight.astype(np.float16), bias.astype(np.float16)
    return arrays
