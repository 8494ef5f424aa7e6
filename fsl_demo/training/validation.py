"""How well a network does while it trains, on pictures in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from fsl_demo.backbones.embedder import Embedder
from fsl_demo.backbones.preprocessing import PREPROCESSINGS
from fsl_demo.datasets.pairs import PairSampler
from fsl_demo.evaluation import verification
from fsl_demo.layers.cross_attention import CrossAttention
from fsl_demo.training.batches import Episodes
from fsl_demo.training.data import Arrays
from fsl_demo.training.objectives.metric import MetricObjective

BATCH = 256
NAMED_WAY, NAMED_EPISODES = 5, 200
"""Of what validates by class names: at most so many classes."""
SAMPLE = 1_000
"""Training pictures on which the training figure is measured."""


def sample(data: Arrays) -> Arrays:
    """The first pictures of each class, of as many classes as fit."""
    each = max(20, SAMPLE // len(data.names))
    members = [np.flatnonzero(data.labels == label)[:each] for label in range(min(len(data.names), SAMPLE // 4))]
    chosen = np.concatenate(members)[:SAMPLE]
    labels = data.labels[chosen]
    pairs = np.stack(PairSampler(labels).draw(0, SAMPLE), axis=1).astype(int)
    return Arrays(images=data.images[chosen], labels=labels, names=data.names, pairs=pairs)


@torch.inference_mode()
def features(embedder: Embedder, images: np.ndarray, maps: bool) -> Tensor:
    """Unit vectors [N, D], or maps [N, D, h, w], on the CPU; the network's mode is put back."""
    recipe = PREPROCESSINGS[embedder.architecture.preprocessing]
    device, training = next(embedder.parameters()).device, embedder.training
    embedder.eval()
    values = []
    for start in range(0, len(images), BATCH):
        batch = recipe.tensor(images[start : start + BATCH]).to(device).contiguous(memory_format=torch.channels_last)
        values.append((embedder.maps(batch) if maps else embedder(batch)).float().cpu())
    embedder.train(training)
    return torch.cat(values)


def pair_accuracy(vectors: Tensor, pairs: np.ndarray) -> float:
    """Share of pairs [P, 3] that the threshold which suits them best calls right."""
    first, second = torch.from_numpy(pairs[:, :2].T.copy())
    similarities, same = (vectors[first] * vectors[second]).sum(1).numpy(), pairs[:, 2]
    return verification.accuracy(similarities, same, verification.best_threshold(similarities, same))


@torch.inference_mode()
def episode_accuracy(
    values: Tensor, labels: np.ndarray, way: int, episodes: int, attention: CrossAttention | None = None, seed: int = 0
) -> float:
    """Accuracy over 1-shot episodes of up to five queries a class, from vectors, or from maps and their attention."""
    right = []
    episodes_scored = scored(values, labels=labels, way=way, shot=1, episodes=episodes, attention=attention, seed=seed)
    for similarities, truth in episodes_scored:
        right.append(float((similarities.argmax(1) == truth).float().mean()))
    return float(np.mean(right))


@torch.inference_mode()
def scored(
    values: Tensor,
    labels: np.ndarray,
    way: int,
    shot: int,
    episodes: int,
    attention: CrossAttention | None = None,
    seed: int = 0,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Similarities [Q, way] and class indices [Q] of the queries of random episodes, on the CPU."""
    if attention is not None:
        values = values.to(next(attention.parameters()).device)
    sizes = np.sort(np.unique(labels, return_counts=True)[1])[::-1]
    queries = int(min(5, sizes[min(way, len(sizes)) - 1] - shot))
    sampler = Episodes(labels, way=way, shot=shot, queries=queries)
    random = np.random.default_rng(seed)
    for _ in range(episodes):
        support, queried = sampler.draw(random)
        means, vectors = values[torch.from_numpy(support)].mean(1), values[torch.from_numpy(queried.ravel())]
        truth = torch.arange(way).repeat_interleave(queries)
        yield compare(means, vectors, attention), truth


@torch.inference_mode()
def compare(means: Tensor, queries: Tensor, attention: CrossAttention | None) -> Tensor:
    """Similarities [Q, N] of vectors [Q, D] to class means [N, D], or of maps with their attention in evaluation."""
    if attention is not None:
        training, device = attention.training, next(attention.parameters()).device
        with torch.autocast(device.type, enabled=False):
            similarities = attention.eval().cosines(means.to(device), queries.to(device)).cpu()
        attention.train(training)
        return similarities
    return torch.nn.functional.normalize(queries) @ torch.nn.functional.normalize(means).T


class ComparesNames(Protocol):
    """A module that compares pictures with the names of classes."""

    training: bool

    @property
    def scale(self) -> Tensor: ...

    def train(self, mode: bool = True) -> Any: ...

    def similarities(self, batch: Tensor) -> Tensor:
        """Of pictures as `Arrays` has them with each class, [N, C]."""
        ...


@torch.inference_mode()
def named_accuracy(module: ComparesNames, data: Arrays) -> float:
    """Accuracy by class names alone, over episodes of at most five classes."""
    was_training = module.training
    module.train(False)
    similarities = module.similarities(torch.from_numpy(data.images).to(module.scale.device)).cpu().numpy()
    module.train(was_training)
    random, there = np.random.default_rng(0), np.unique(data.labels)
    right = []
    for _ in range(NAMED_EPISODES):
        classes = random.choice(there, min(NAMED_WAY, len(there)), replace=False)
        rows = np.flatnonzero(np.isin(data.labels, classes))
        right.append((classes[similarities[np.ix_(rows, classes)].argmax(axis=1)] == data.labels[rows]).mean())
    return float(np.mean(right))


def known_accuracy(module: MetricObjective, training: Arrays, queries: Arrays) -> float:
    """Share of pictures of the training classes that the means of the training pictures get right."""
    maps = module.attention is not None
    values = features(module.embedder, training.images, maps)
    labels = torch.from_numpy(training.labels)
    means = torch.stack([values[labels == label].mean(0) for label in range(len(training.names))])
    answers = compare(means, features(module.embedder, queries.images, maps), module.attention).argmax(1)
    return float((answers == torch.from_numpy(queries.labels)).float().mean())
