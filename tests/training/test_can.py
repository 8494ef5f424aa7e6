"""CAN's loss on several episodes at once."""

import numpy as np
import pytest
import torch

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.losses.cross_attention import nearest_neighbour, of_positions
from fsl_demo.training.objectives.metric import Can, Sampling

WAY, QUERIES = 3, 2


@pytest.mark.parametrize("shot", [1, 2])
def test_the_loss_is_the_mean_of_the_episodes(shot: int) -> None:
    """In evaluation, since the attention's batch norm otherwise sees all episodes."""
    torch.manual_seed(0)
    size = WAY * (shot + QUERIES)
    sampling = Sampling(size=4 * size, way=WAY, shot=shot, queries=QUERIES, episodes=4)
    objective = Can(Embedder(Architecture("twin", "ink28", 0)), classes=6, sampling=sampling).eval()
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(6), 8))
    (rows,) = objective.batches(labels, seed=0, epoch=0)
    assert len(rows) == 4 * size
    images, known = torch.randn(len(rows), 1, 28, 28), torch.from_numpy(labels[rows])
    losses = []
    with torch.no_grad():
        for part, classes in zip(objective.embedder.maps(images).split(size), known.split(size), strict=True):
            means = torch.stack([part[shot * way : shot * (way + 1)].mean(0) for way in range(WAY)])
            attended = objective.attention(means, part[WAY * shot :])
            truth = torch.tensor([0, 0, 1, 1, 2, 2])
            own = torch.stack([attended.queries[query, way] for query, way in enumerate(truth.tolist())])
            of_query = classes[WAY * shot :]
            assert of_query.view(WAY, QUERIES).tolist() == [[label] * QUERIES for label in classes[: WAY * shot : shot]]
            losses.append(
                of_positions(objective.classifier(own), of_query)
                + 0.5 * nearest_neighbour(attended.classes, attended.queries, truth)
            )
        torch.testing.assert_close(objective(images, known), torch.stack(losses).mean())
