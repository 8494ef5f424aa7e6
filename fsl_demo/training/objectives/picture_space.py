"""What the space of photographs minimises: a prototypical network's loss (Snell et al. 2017, arXiv:1703.05175) of a
linear map on frozen features, which begins as their whitening within classes (Hatch et al. 2006)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fsl_demo.losses.prototypical import prototypical
from fsl_demo.training.batches import Episodes
from fsl_demo.training.setup import Objective

CHANNELS = 512
WAY, SHOTS, QUERIES, EPISODES = 16, (1, 2, 3), 4, 60
"""Of training episodes, at most so many classes each, and how many there are an epoch."""
SCALE = 12.0
"""What cosines are multiplied with at the start; learned."""
SHRINKAGE = 2.5
"""Of the covariance within classes: how many times its mean variance is added to each variance."""
QUICK_SHRINKAGE = 0.01
"""Of the ridge regression, per picture and in units of a channel's mean variance."""
CENTRE = 0.5
"""Share of the mean picture that is taken off."""


class PictureSpaceObjective(Objective):
    """A linear map from features to unit vectors.

    Args:
        features: of the training pictures, [N, D].
        labels: class index of each, [N].
        groups: the data set of each class; an episode's classes are of one.
    """

    def __init__(self, features: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> None:
        super().__init__()
        self.groups = groups
        weight, bias = whitening(features, labels, groups)
        self.map = nn.Linear(*weight.T.shape)
        self.map.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
        self.scale = nn.Parameter(torch.tensor(SCALE).log())

    def vectors(self, features: Tensor) -> Tensor:
        """Unit vectors [N, CHANNELS] from features [N, D]."""
        return normalize(self.map(features))

    def forward(self, batch: Tensor, labels: Tensor) -> Tensor:
        """The loss of one episode, its classes one after the other, each with its queries at the end."""
        vectors = self.vectors(batch).float().unflatten(0, (len(labels.unique()), -1))
        return prototypical(vectors, queries=QUERIES, scale=self.scale.exp())

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        random = np.random.default_rng((seed, epoch))
        groups = [np.flatnonzero(self.groups[labels] == group) for group in np.unique(self.groups)]
        for number in range(EPISODES):
            rows, shot = groups[number % len(groups)], int(random.choice(SHOTS))
            way = min(WAY, len(np.unique(labels[rows])))
            support, queries = Episodes(labels[rows], way=way, shot=shot, queries=QUERIES).draw(random)
            yield rows[np.concatenate([support, queries], axis=1).ravel()]


def whitening(features: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The map under which pictures of one class differ by as much in all directions, as far as `SHRINKAGE` lets it.

    Each group of classes has the same say. Of the whitened directions those are kept in which pictures differ most.

    Returns:
        Weight [CHANNELS, D] and bias [CHANNELS].
    """
    within, between, means = [], [], []
    for group in np.unique(groups):
        classes = [features[labels == label] for label in np.flatnonzero(groups == group)]
        centres = np.stack([members.mean(axis=0) for members in classes])
        within.append(np.mean([np.cov(members, rowvar=False) for members in classes if len(members) > 1], axis=0))
        means.append(centres.mean(axis=0))
        between.append(np.cov(centres, rowvar=False))
    variances, axes = np.linalg.eigh(np.mean(within, axis=0))
    white = axes / np.sqrt(np.maximum(variances, 0) + SHRINKAGE * variances.mean())
    spread = white.T @ np.mean(between, axis=0) @ white + np.diag(
        variances / (variances + SHRINKAGE * variances.mean())
    )
    kept = np.linalg.eigh(spread)[1][:, -CHANNELS:]
    weight = (white @ kept).T
    weight /= np.sqrt((weight**2).sum() / len(weight))
    return weight.astype(np.float32), (-CENTRE * weight @ np.mean(means, axis=0)).astype(np.float32)


@torch.inference_mode()
def quick(features: np.ndarray, module: PictureSpaceObjective) -> dict[str, np.ndarray]:
    """A map from the first network's channels alone that comes near the vectors (ridge regression).

    Returns:
        `quick.weight` [CHANNELS, D / 2] and `quick.bias` [CHANNELS], float16.
    """
    vectors = module.vectors(torch.from_numpy(features)).numpy().astype(np.float64)
    own = features[:, : features.shape[1] // 2].astype(np.float64)
    mean, centre = own.mean(axis=0), vectors.mean(axis=0)
    own -= mean
    penalty = QUICK_SHRINKAGE * len(own) * own.var(axis=0).mean()
    weight = np.linalg.solve(own.T @ own + penalty * np.eye(own.shape[1]), own.T @ (vectors - centre)).T
    return {"quick.weight": weight.astype(np.float16), "quick.bias": (centre - weight @ mean).astype(np.float16)}
