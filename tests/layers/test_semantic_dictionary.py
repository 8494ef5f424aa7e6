"""The semantic dictionary: rows, texts and codes against slow loops and cases worked out by hand."""

import pytest
import torch
from torch import Tensor

from fsl_demo.layers.semantic_dictionary import SemanticDictionary, codes


def drawn(rows: int, channels: int, features: int = 3) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(features, channels, dtype=torch.double), torch.randn(rows, channels, dtype=torch.double)


def leaky(value: float) -> float:
    return value if value > 0 else 0.2 * value


def test_rows_and_texts_are_made_by_the_same_weights() -> None:
    torch.manual_seed(0)
    dictionary, given = SemanticDictionary(texts=4, hidden=5, features=3), torch.randn(2, 4)
    first, second = dictionary.first.tolist(), dictionary.second.tolist()
    for text, row, back in zip(
        given.tolist(), dictionary(given).tolist(), dictionary.texts(dictionary(given)).tolist(), strict=True
    ):
        hidden = [leaky(sum(text[e] * first[e][h] for e in range(4))) for h in range(5)]
        expected = [sum(hidden[h] * second[h][d] for h in range(5)) for d in range(3)]
        assert row == pytest.approx(expected, abs=1e-5)
        between = [leaky(sum(expected[d] * second[h][d] for d in range(3))) for h in range(5)]
        assert back == pytest.approx([sum(between[h] * first[e][h] for h in range(5)) for e in range(4)], abs=1e-4)


@pytest.mark.parametrize(("rows", "channels"), [(3, 6), (4, 4), (7, 4)])
def test_codes_are_the_best_explanation(rows: int, channels: int) -> None:
    """No small step in any direction explains the feature better at the same price."""
    features, dictionary = drawn(rows, channels)

    def cost(explained: Tensor) -> Tensor:
        return ((explained @ dictionary - features) ** 2).sum(1) + 0.3 * (explained**2).sum(1)

    best = codes(features, dictionary, penalty=0.3)
    for row in range(rows):
        for step in (1e-3, -1e-3):
            moved = best.clone()
            moved[:, row] += step
            assert (cost(moved) > cost(best)).all()


@pytest.mark.parametrize(("rows", "channels"), [(3, 6), (7, 4)])
def test_codes_solve_the_equation_of_the_paper(rows: int, channels: int) -> None:
    features, dictionary = drawn(rows, channels)
    inverse = torch.linalg.inv(dictionary @ dictionary.T + 0.3 * torch.eye(rows, dtype=torch.double))
    expected = torch.stack([inverse @ (dictionary @ feature) for feature in features])
    torch.testing.assert_close(codes(features, dictionary, penalty=0.3), expected)


def test_codes_of_two_rows_by_hand() -> None:
    """Rows at right angles share nothing: each explains its own part, less what the penalty takes."""
    rows = torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    explained = codes(torch.tensor([[3.0, 4.0, 5.0]]), rows, penalty=1.0)
    torch.testing.assert_close(explained, torch.tensor([[3 / 2, 8 / 5]]))


@pytest.mark.parametrize(("rows", "channels"), [(3, 5), (5, 3)])
def test_gradients_go_through_the_solution(rows: int, channels: int) -> None:
    features, dictionary = drawn(rows, channels)
    penalty = torch.tensor(0.3, dtype=torch.double)
    given = tuple(value.requires_grad_() for value in (features, dictionary, penalty))
    assert torch.autograd.gradcheck(codes, given)


def test_half_precision_does_not_reach_the_solution() -> None:
    features, dictionary = (value.float() for value in drawn(40, 16))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        coarse = codes(features, dictionary, penalty=0.01)
    assert coarse.dtype == torch.float32
    assert torch.equal(coarse, codes(features, dictionary, penalty=0.01))


def test_equal_rows_share_what_they_explain() -> None:
    row = torch.tensor([[1.0, 0.0]])
    twice = codes(row, row.repeat(2, 1), penalty=0.5)
    torch.testing.assert_close(twice, torch.full((1, 2), 1 / 2.5))
