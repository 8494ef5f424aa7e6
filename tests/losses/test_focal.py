"""Focal loss on pairs."""

import math

import pytest
import torch

from fsl_demo.losses.focal import focal


@pytest.mark.parametrize(("gamma", "alpha"), [(2.0, 0.5), (0.0, 0.25), (1.5, 0.75)])
def test_the_mean_over_pairs(gamma: float, alpha: float) -> None:
    torch.manual_seed(0)
    logits, same = torch.randn(40, dtype=torch.double) * 3, torch.rand(40) < 0.3
    total = 0.0
    for logit, is_same in zip(logits.tolist(), same.tolist(), strict=True):
        p = 1 / (1 + math.exp(-logit if is_same else logit))
        total -= (alpha if is_same else 1 - alpha) * (1 - p) ** gamma * math.log(p)
    assert focal(logits, same, gamma=gamma, alpha=alpha).item() == pytest.approx(total / 40)


def test_sure_answers_have_finite_gradients() -> None:
    logits = torch.tensor([200.0, -200.0, 200.0, -200.0], requires_grad=True)
    loss = focal(logits, torch.tensor([True, True, False, False]))
    loss.backward()
    assert loss.item() == pytest.approx(0.5 * 200 * 2 / 4)
    assert logits.grad is not None and logits.grad.isfinite().all()


def test_easy_pairs_count_less_than_with_plain_cross_entropy() -> None:
    easy, hard = torch.tensor([4.0]), torch.tensor([-4.0])
    true = torch.tensor([True])
    ratio = [(focal(hard, true, gamma) / focal(easy, true, gamma)).item() for gamma in (0.0, 2.0)]
    assert ratio[1] > 1000 * ratio[0]
