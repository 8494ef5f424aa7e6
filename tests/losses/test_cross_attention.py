"""The two losses of the Cross Attention Network."""

import math

import pytest
import torch

from fsl_demo.losses.cross_attention import nearest_neighbour, of_positions


def cross_entropy(logits: list[float], label: int) -> float:
    return math.log(sum(map(math.exp, logits))) - logits[label]


def test_every_position_is_nearest_to_the_pooled_map_of_its_class() -> None:
    torch.manual_seed(0)
    queries_count, way, channels, positions = 4, 3, 5, 6
    classes, queries = torch.randn(2, queries_count, way, channels, positions, dtype=torch.double)
    labels = torch.tensor([2, 0, 1, 2])
    total = 0.0
    for q in range(queries_count):
        for j in range(positions):
            logits = []
            for k in range(way):
                pooled = [sum(row) / positions for row in classes[q, k].tolist()]
                place = queries[q, k, :, j].tolist()
                cosine = sum(map(float.__mul__, pooled, place)) / math.hypot(*pooled) / math.hypot(*place)
                logits.append(7 * cosine)
            total += cross_entropy(logits, int(labels[q]))
    loss = nearest_neighbour(classes, queries, labels).item()
    assert loss == pytest.approx(total / queries_count / positions)


def test_every_position_tells_its_class() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(3, 8, 5, dtype=torch.double), torch.tensor([7, 0, 3])
    expected = [cross_entropy(logits[q, :, j].tolist(), int(labels[q])) for q in range(3) for j in range(5)]
    assert of_positions(logits, labels).item() == pytest.approx(sum(expected) / 15)


def test_empty_positions_have_finite_gradients() -> None:
    maps = torch.zeros(2, 3, 4, 5, requires_grad=True)
    loss = nearest_neighbour(maps, maps, torch.tensor([0, 1]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(3))
    assert maps.grad is not None and maps.grad.isfinite().all()
