"""Large-margin cosine softmax."""

import math

import pytest
import torch

from fsl_demo.losses.margin_softmax import MarginSoftmax


def test_a_case_by_hand() -> None:
    loss = MarginSoftmax(2, 2, scale=10.0, margin=0.2)
    with torch.no_grad():
        loss.weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 0.5]]))
    # The vector lies at cosines 0.8 and 0.6; its own class, the second, counts 0.2 less.
    value = loss(torch.tensor([[8.0, 6.0]]), torch.tensor([1]))
    assert value.item() == pytest.approx(-math.log(math.exp(4) / (math.exp(4) + math.exp(8))), rel=1e-5)


def test_a_loop_over_pictures_and_classes() -> None:
    torch.manual_seed(0)
    loss = MarginSoftmax(5, 7, scale=16.0, margin=0.35)
    vectors, labels = torch.randn(9, 5), torch.randint(7, (9,))
    total = 0.0
    for vector, label in zip(vectors.tolist(), labels.tolist(), strict=True):
        logits = []
        for number, weight in enumerate(loss.weight.tolist()):
            cosine = sum(map(float.__mul__, vector, weight)) / math.hypot(*vector) / math.hypot(*weight)
            logits.append(16.0 * (cosine - 0.35 * (number == label)))
        total += math.log(sum(map(math.exp, logits))) - logits[label]
    value = loss(vectors, labels)
    assert value.item() == pytest.approx(total / 9, rel=1e-4)
    assert loss(vectors * 40, labels).item() == pytest.approx(value.item(), rel=1e-4)


def test_weights_and_vectors_learn() -> None:
    torch.manual_seed(0)
    loss, vectors = MarginSoftmax(5, 7, scale=16.0, margin=0.35), torch.randn(9, 5, requires_grad=True)
    loss(vectors, torch.arange(9) % 7).backward()
    for gradient in (vectors.grad, loss.weight.grad):
        assert gradient is not None and gradient.isfinite().all() and gradient.abs().max() > 0
