"""S3Net's two losses."""

import math

import pytest
import torch
from torch.nn.functional import cosine_similarity

from fsl_demo.losses.contrastive import distances
from fsl_demo.losses.s3net import MARGIN, AdaptiveCrossEntropy, weighted_contrastive


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("margin", [0.8, MARGIN])
def test_pairs_are_weighed_by_how_alike_their_centres_are(power: int, margin: float) -> None:
    torch.manual_seed(0)
    distances, same = torch.rand(40, dtype=torch.double) * 2, torch.rand(40) < 0.5
    first, second = torch.randn(2, 40, 3, dtype=torch.double)
    total, negative = 0.0, 0
    for i in range(40):
        a, other = first[i].tolist(), second[i].tolist()
        cosine = sum(map(float.__mul__, a, other)) / math.hypot(*a) / math.hypot(*other)
        negative += cosine < 0
        weight, distance = max(0.0, cosine), distances[i].item()
        total += (1 - weight) * distance**power if same[i] else weight * max(margin - distance, 0.0) ** power
    assert 5 < negative < 35
    assert weighted_contrastive(
        distances, same, first=first, second=second, margin=margin, power=power
    ).item() == pytest.approx(total / 40 / 2)


def test_the_published_margin_and_squares_are_the_default() -> None:
    ones = torch.ones(1, 2)
    loss = weighted_contrastive(torch.tensor([0.25]), torch.tensor([False]), first=ones, second=ones)
    assert loss.item() == pytest.approx((1.25 - 0.25) ** 2 / 2)


@pytest.mark.parametrize("power", [1, 2])
def test_gradients_are_finite_for_equal_rows_and_stop_at_the_weight(power: int) -> None:
    rows, centres = torch.ones(4, 3, requires_grad=True), torch.randn(4, 3, requires_grad=True)
    same = torch.tensor([True, False, True, False])
    weighted_contrastive(distances(rows, rows.detach()), same, first=centres, second=centres, power=power).backward()
    assert rows.grad is not None and rows.grad.isfinite().all()
    assert centres.grad is None


def test_centres_of_opposite_direction_count_as_not_alike() -> None:
    first = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert cosine_similarity(first, -first).max() < 0
    loss = weighted_contrastive(torch.tensor([0.5, 0.5]), torch.tensor([True, False]), first=first, second=-first)
    assert loss.item() == pytest.approx(0.5**2 / 2 / 2)


def test_cross_entropy_of_both_branches() -> None:
    torch.manual_seed(0)
    loss = AdaptiveCrossEntropy()
    first, second, labels = torch.randn(6, 4), torch.randn(6, 4), torch.randint(4, (6,))
    assert loss.alpha.item() == loss.beta.item() == 0.5
    total = 0.0
    for i in range(6):
        logits = [0.5 * a + 0.5 * b for a, b in zip(first[i].tolist(), second[i].tolist(), strict=True)]
        total += math.log(sum(map(math.exp, logits))) - logits[int(labels[i])]
    assert loss(first, second, labels).item() == pytest.approx(total / 6, rel=1e-5)


def test_the_better_branch_gets_the_larger_weight() -> None:
    torch.manual_seed(0)
    loss, labels = AdaptiveCrossEntropy(), torch.arange(8) % 4
    right, noise = torch.eye(4)[labels] * 2, torch.randn(8, 4) * 2
    optimiser = torch.optim.SGD(loss.parameters(), 0.1)
    for _ in range(50):
        optimiser.zero_grad()
        loss(right, noise, labels).backward()
        optimiser.step()
    assert loss.alpha.item() > 1 and loss.alpha.item() > loss.beta.item() + 0.5
