"""What the heads of the built-in vision-language model and its text tower minimise.

Captions teach scenes: CLIP's loss on captioned pictures, pooled by the mean and by attention. Names teach objects: the
same loss on the names of ImageNet's classes, and of the kinds that they belong to, against the rows of the towers' own
classifiers, and what these classifiers say of the training pictures. Phrases teach parts of scenes: the same loss on
regions of pictures. What the frozen text tower says of names is kept, so that words that captions lack keep their
meaning.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.evaluation.retrieval import recall
from fsl_demo.layers.attention_pool import AttentionPool
from fsl_demo.layers.joint_heads import PictureHead, TextHead
from fsl_demo.layers.low_rank import low_rank
from fsl_demo.losses.clip import soft_classification, symmetric_contrastive
from fsl_demo.training.setup import Objective
from fsl_demo.training.texts import Texts

DIMENSION, HIDDEN, DROPOUT, RANK = 512, 1024, 0.3, 32
NAMES_WEIGHT, TEACHER_WEIGHT, PHRASES_WEIGHT, KEPT_WEIGHT = 0.5, 0.5, 0.25, 0.5
PARTS, GROUPS, POOL_HIDDEN = (81, 49), 8, 512
"""Positions of the two towers' maps; how many ways there are of weighing them; a hidden layer of each position."""
BATCH, PASSES, GATHER = 1500, 5, 1000
"""Pictures, and regions, a step; times an epoch that each picture comes; texts, or a tenth as many pictures, that are
encoded at once otherwise."""
SCALE = 20.0
"""What cosines are multiplied with at the start; learned."""
IMAGENET, LONGEST = 1000, 32
"""Names that the teacher knows, the first ones; WordPieces of a text, here."""


@dataclass(frozen=True)
class Lessons:
    """What is learned from, pictures scaled.

    Attributes:
        positions: of the pictures, as of `PictureTowers.positions`, float16 [N, P, 999].
        captions: of the pictures.
        teacher: what the towers' classifiers take the pictures for, [N, 1000], rows sum to 1.
        names, rows, alike: of classes and kinds, as of `named.Names`.
        regions, phrases, nouns, weights: as of `regions.Regions`.
        mean, spread: of the words of a text, [384].
    """

    positions: np.ndarray
    captions: Texts
    teacher: np.ndarray
    names: Texts
    rows: np.ndarray
    alike: np.ndarray
    regions: np.ndarray
    phrases: Texts
    nouns: np.ndarray
    weights: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


class CompactVlmObjective(Objective):
    """The two heads, what is added to the text tower, and their losses."""

    positions: Tensor
    captions: Tensor
    captions_real: Tensor
    teacher: Tensor
    names: Tensor
    names_real: Tensor
    kept: Tensor
    rows: Tensor
    alike: Tensor
    regions: Tensor
    phrases: Tensor
    phrases_real: Tensor
    nouns: Tensor
    weights: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(self, minilm: MiniLM, lessons: Lessons) -> None:
        super().__init__()
        network = deepcopy(minilm.load()[1]).requires_grad_(False)
        self._network: list[Any] = [network]
        self.pictures = PictureHead(lessons.rows.shape[1], DIMENSION, DROPOUT)
        self.attention = AttentionPool(
            lessons.positions.shape[2],
            parts=PARTS,
            dimension=DIMENSION,
            groups=GROUPS,
            hidden=POOL_HIDDEN,
            dropout=DROPOUT,
        )
        self.texts = TextHead(2 * MiniLM.channels, dimension=DIMENSION, hidden=HIDDEN, dropout=DROPOUT)
        self.scales = nn.Parameter(torch.full((4,), SCALE).log())
        self.read = [zlib.crc32(lessons.captions.tokens.numpy().tobytes()), zlib.crc32(lessons.regions.tobytes())]
        texts = {"captions": lessons.captions, "names": lessons.names, "phrases": lessons.phrases}
        tensors = {name: text.tokens for name, text in texts.items()}
        tensors |= {f"{name}_real": text.real for name, text in texts.items()}
        for name in ("positions", "teacher", "rows", "alike", "regions", "nouns", "weights", "mean", "spread"):
            tensors[name] = torch.from_numpy(getattr(lessons, name))
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor, persistent=False)
        self.to(network.device)
        kept = encoded(self, lessons.names)[:, : MiniLM.channels].unflatten(0, lessons.names.tokens.shape[:2])
        self.register_buffer("kept", kept, persistent=False)
        self.minilm = low_rank(network.encoder, RANK).to(network.device)

    def encode(self, tokens: Tensor, real: Tensor) -> Tensor:
        """Sentence vectors and scaled words of texts [N, L]: [N, 768], see `MiniLMWithWords`."""
        (network,) = self._network
        last = network(input_ids=tokens, attention_mask=real.long()).last_hidden_state
        with torch.autocast(tokens.device.type, enabled=False):
            weights = real[..., None].float()
            sentences = normalize((last.float() * weights).sum(dim=1), dim=-1)
            inner = torch.roll(weights, -1, dims=1) * weights
            inner[:, 0] = 0
            inner[:, -1] = 0
            with torch.no_grad():
                words = (network.embeddings(tokens).float() * inner).sum(dim=1) / inner.sum(dim=1).clamp(min=1)
            return torch.cat([sentences, (words - self.mean) / self.spread], dim=1)

    def forward(self, pictures: Tensor, indices: Tensor) -> Tensor:
        """The loss of pictures [N, C] with one caption each, drawn anew, of all names and of as many regions."""
        caption = torch.randint(self.captions.shape[1], indices.shape, device=indices.device)
        captions = self.encode(self.captions[indices, caption], self.captions_real[indices, caption])
        names, kept = self._names()
        region = torch.multinomial(self.weights, min(BATCH, len(self.weights)))
        phrase = torch.randint(self.phrases.shape[1], region.shape, device=region.device)
        phrases = self.encode(self.phrases[region, phrase], self.phrases_real[region, phrase])
        nouns = self.nouns[region, phrase]
        parts = [pictures, self.rows, self.regions[region].to(pictures.dtype)]
        picture_vectors = self.pictures(torch.cat(parts)).split([len(part) for part in parts])
        scenes = self.attention(self.positions[indices].to(pictures.dtype))
        text_vectors = self.texts(torch.cat([captions, names, phrases])).split(
            [len(captions), len(names), len(phrases)]
        )
        with torch.autocast(pictures.device.type, enabled=False):
            scale, name_scale, phrase_scale, scene_scale = self.scales.exp().clamp(max=100)
            loss = symmetric_contrastive(picture_vectors[0], text_vectors[0], scale)
            loss = loss + symmetric_contrastive(scenes, text_vectors[0], scene_scale)
            loss = loss + NAMES_WEIGHT * symmetric_contrastive(
                picture_vectors[1], text_vectors[1], scale=name_scale, alike=self.alike
            )
            same = nouns[:, None] == nouns
            loss = loss + PHRASES_WEIGHT * symmetric_contrastive(
                picture_vectors[2], text_vectors[2], scale=phrase_scale, alike=same
            )
            taught = soft_classification(
                picture_vectors[0], texts=text_vectors[1][:IMAGENET], scale=name_scale, teacher=self.teacher[indices]
            )
            return loss + TEACHER_WEIGHT * taught + KEPT_WEIGHT * kept

    def _names(self) -> tuple[Tensor, Tensor]:
        """Each name in the mean of two of its sentences, [N, 768], and how far one is from what it was.

        Only one of the two is learned from, which takes half the memory.
        """
        count, variants = self.names.shape[:2]
        each, device = torch.arange(count, device=self.names.device), self.names.device
        taught, mixed_in = torch.randint(variants, (2, count), device=device)
        learned = self.encode(self.names[each, taught], self.names_real[each, taught])
        with torch.no_grad():
            beside = self.encode(self.names[each, mixed_in], self.names_real[each, mixed_in])
        sentences, words = ((learned + beside) / 2).split(MiniLM.channels, dim=1)
        cosines = (learned[:, : MiniLM.channels] * self.kept[each, taught]).sum(dim=1)
        return torch.cat([normalize(sentences, dim=-1), words], dim=1), 1 - cosines.mean()

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """Every picture `PASSES` times, never twice in a batch."""
        random, size = np.random.default_rng((seed, epoch)), min(BATCH, len(labels))
        for _ in range(PASSES):
            order = random.permutation(len(labels))
            for start in range(0, len(order) - size + 1, size):
                yield order[start : start + size]


@torch.no_grad()
def encoded(module: CompactVlmObjective, texts: Texts) -> Tensor:
    """What the text tower says of all texts, [N * V, 768]."""
    device = module.mean.device
    tokens, real = (part.flatten(0, 1) for part in (texts.tokens, texts.real))
    groups = zip(tokens.split(GATHER), real.split(GATHER), strict=True)
    return torch.cat([module.encode(part.to(device), mask.to(device)) for part, mask in groups])


@torch.no_grad()
def figure(module: CompactVlmObjective, positions: np.ndarray, captions: Texts) -> float:
    """Share of captions whose picture comes first among all pictures, each pooled by attention."""
    module.eval()
    groups = (positions[start : start + GATHER // 10] for start in range(0, len(positions), GATHER // 10))
    picture_vectors = [
        module.attention(torch.from_numpy(group.astype(np.float32)).to(module.mean.device)) for group in groups
    ]
    return _first(module, torch.cat(picture_vectors), captions)


@torch.no_grad()
def pooled_figure(module: CompactVlmObjective, pictures: np.ndarray, captions: Texts) -> float:
    """As `figure`, by the linear head on pooled features."""
    module.eval()
    return _first(module, module.pictures(torch.from_numpy(pictures).to(module.mean.device)), captions)


def _first(module: CompactVlmObjective, picture_vectors: Tensor, captions: Texts) -> float:
    text_vectors = module.texts(encoded(module, captions))
    first = recall(
        text_vectors.float().cpu().numpy(),
        picture_vectors.float().cpu().numpy(),
        each=captions.tokens.shape[1],
        at=(1,),
    )[0]
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
