"""The semantic dictionary's loss, with both denominators."""

import math

import pytest
import torch

from fsl_demo.losses.semantic_dictionary import LEAST, dictionary_loss, language_similarity, reconstruction


def test_reconstruction_against_a_slow_loop() -> None:
    torch.manual_seed(0)
    features, codes, rows = torch.randn(4, 3), torch.randn(4, 2), torch.randn(2, 3)
    total = 0.0
    for feature, code in zip(features.tolist(), codes.tolist(), strict=True):
        rebuilt = [sum(code[c] * rows[c, d].item() for c in range(2)) for d in range(3)]
        total += math.dist(rebuilt, feature) + 0.7 * math.hypot(*code)
    assert reconstruction(features, codes, rows=rows, penalty=0.7).item() == pytest.approx(total / 4, rel=1e-5)


def test_a_feature_that_is_a_row_costs_only_its_code() -> None:
    row, code = torch.tensor([[3.0, 4.0]]), torch.ones(1, 1)
    assert reconstruction(row, code, rows=row, penalty=0.5).item() == pytest.approx(0.5)


def test_similarity_is_the_mean_cosine() -> None:
    texts = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    assert language_similarity(texts, torch.tensor([[5.0, 0.0], [1.0, 1.0]])).item() == pytest.approx(
        (1 + math.sqrt(0.5)) / 2
    )


@pytest.mark.parametrize(("denominator", "divisor"), [("similarity", 0.8), ("distance", 0.2)])
def test_the_sum_is_divided_by_similarity_or_distance(denominator: str, divisor: float) -> None:
    parts = [torch.tensor(value) for value in (2.0, 3.0, 0.8)]
    loss = dictionary_loss(*parts, denominator=denominator, beta=0.5)  # type: ignore[arg-type]
    assert loss.item() == pytest.approx((2 + 0.5 * 3) / divisor)


@pytest.mark.parametrize(("denominator", "language"), [("similarity", -0.4), ("similarity", 0.0), ("distance", 1.0)])
def test_a_denominator_near_0_is_clamped(denominator: str, language: float) -> None:
    parts = [torch.tensor(value) for value in (2.0, 3.0, language)]
    loss = dictionary_loss(*parts, denominator=denominator, beta=0.5)  # type: ignore[arg-type]
    assert loss.item() == pytest.approx(3.5 / LEAST)


@pytest.mark.parametrize(("denominator", "sign"), [("similarity", -1), ("distance", 1)])
def test_a_distance_rewards_texts_that_come_back_wrong(denominator: str, sign: int) -> None:
    language = torch.tensor(0.6, requires_grad=True)
    dictionary_loss(
        torch.tensor(1.0),
        torch.tensor(1.0),
        language=language,
        denominator=denominator,  # type: ignore[arg-type]
    ).backward()
    assert language.grad is not None and math.copysign(1, language.grad.item()) == sign


def test_gradients_are_right_and_finite_where_nothing_is_left_to_explain() -> None:
    torch.manual_seed(0)
    given = [torch.randn(*shape, dtype=torch.double, requires_grad=True) for shape in ((3, 4), (3, 2), (2, 4))]
    assert torch.autograd.gradcheck(lambda f, s, d: reconstruction(f, s, rows=d, penalty=0.3), given)
    feature, rows = torch.zeros(1, 2, requires_grad=True), torch.ones(1, 2)
    reconstruction(feature, torch.zeros(1, 1), rows=rows, penalty=0.3).backward()
    assert feature.grad is not None and feature.grad.isfinite().all()
