"""Contrastive loss on given pairs, and on the pairs of a batch."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from fsl_demo.losses.contrastive import batch_contrastive, contrastive, distances


def of_pair(distance: float, same: bool, margin: float) -> float:
    return distance**2 if same else max(0.0, margin - distance) ** 2


@pytest.mark.parametrize("margin", [0.5, 1.0, 2.0])
def test_the_mean_over_pairs(margin: float) -> None:
    torch.manual_seed(0)
    distances, same = torch.rand(50, dtype=torch.double) * 2, torch.rand(50) < 0.4
    expected = sum(of_pair(d, s, margin) for d, s in zip(distances.tolist(), same.tolist(), strict=True)) / 50
    assert contrastive(distances, same, margin).item() == pytest.approx(expected)
    assert contrastive(distances, same.long(), margin).item() == pytest.approx(expected)


def test_distances_are_euclidean() -> None:
    torch.manual_seed(0)
    first, second = torch.randn(2, 20, 5, dtype=torch.double)
    expected = [math.dist(a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    assert distances(first, second).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("same", [True, False])
def test_equal_rows_have_finite_gradients(same: bool) -> None:
    rows = torch.ones(3, 4, requires_grad=True)
    loss = contrastive(distances(rows, rows.detach()), torch.full((3,), same))
    loss.backward()
    assert loss.item() == pytest.approx(0.0 if same else 1.0, abs=1e-3)
    assert rows.grad is not None and rows.grad.isfinite().all()


@pytest.mark.parametrize("margin", [0.7, 1.0])
@pytest.mark.parametrize("classes", [2, 4, 20])
def test_a_batch_has_all_pairs_of_one_class_and_as_many_closest_others(classes: int, margin: float) -> None:
    torch.manual_seed(classes)
    vectors = normalize(torch.randn(24, 6, dtype=torch.double))
    labels = torch.randint(classes, (24,))
    together, apart = [], []
    for i in range(24):
        for j in range(i + 1, 24):
            distance = math.dist(vectors[i].tolist(), vectors[j].tolist())
            (together if labels[i] == labels[j] else apart).append(distance)
    closest = sorted(apart)[: len(together)]
    expected = [of_pair(d, True, margin) for d in together] + [of_pair(d, False, margin) for d in closest]
    loss = batch_contrastive(vectors, labels, margin).item()
    assert loss == pytest.approx(sum(expected) / len(expected), rel=1e-5)


@pytest.mark.parametrize("labels", [[0, 0, 1, 1], [0, 0, 0, 0], [0, 1, 2, 3]])
def test_equal_vectors_in_a_batch_have_finite_gradients(labels: list[int]) -> None:
    vectors = normalize(torch.ones(4, 3)).requires_grad_()
    loss = batch_contrastive(vectors, torch.tensor(labels))
    loss.backward()
    assert loss.isfinite() and vectors.grad is not None and vectors.grad.isfinite().all()


def test_without_a_pair_of_one_class_the_closest_pair_is_taken_apart() -> None:
    vectors = torch.tensor([[0.0], [0.4], [5.0]], requires_grad=True)
    loss = batch_contrastive(vectors, torch.tensor([0, 1, 2]))
    assert loss.item() == pytest.approx(0.6**2, abs=1e-4)


def test_half_precision_of_the_network_does_not_blur_distances() -> None:
    torch.manual_seed(0)
    vectors = normalize(torch.randn(8, 1, 64) + 0.05 * torch.randn(8, 4, 64), dim=2).flatten(0, 1)
    labels = torch.arange(8).repeat_interleave(4)
    with torch.autocast("cpu", torch.bfloat16):
        loss = batch_contrastive(vectors, labels)
    assert loss.item() == pytest.approx(batch_contrastive(vectors, labels).item(), rel=1e-3)
