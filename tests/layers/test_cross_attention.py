"""Cross attention against section 3 of its paper, written out in loops."""

import math

import pytest
import torch
from torch import Tensor

from fsl_demo.layers.cross_attention import CrossAttention


def cosine(first: Tensor, second: Tensor) -> float:
    a, other = first.tolist(), second.tolist()
    return sum(map(float.__mul__, a, other)) / math.hypot(*a) / math.hypot(*other)


def weights(layer: CrossAttention, correlation: list[list[float]]) -> list[float]:
    """Attention over the rows of R, in evaluation."""
    rows, columns = len(correlation), len(correlation[0])
    mean = [sum(correlation[i][j] for i in range(rows)) / rows for j in range(columns)]
    narrow = [sum(map(float.__mul__, row, mean)) for row in layer.narrow.weight.tolist()]
    norm = layer.norm
    for k in range(len(narrow)):
        scaled = (narrow[k] - norm.running_mean[k].item()) / math.sqrt(norm.running_var[k].item() + norm.eps)
        narrow[k] = max(0.0, scaled * norm.weight[k].item() + norm.bias[k].item())
    wide = zip(layer.widen.weight.tolist(), layer.widen.bias.tolist(), strict=True)
    kernel = [sum(map(float.__mul__, row, narrow)) + bias for row, bias in wide]
    logits = [sum(correlation[i][j] * kernel[j] for j in range(columns)) / columns / 0.025 for i in range(rows)]
    total = sum(map(math.exp, logits))
    return [math.exp(logit) / total for logit in logits]


@pytest.fixture
def layer() -> CrossAttention:
    torch.manual_seed(0)
    made = CrossAttention((2, 3)).double()
    made.train()(torch.randn(8, 5, 2, 3, dtype=torch.double), torch.randn(9, 5, 2, 3, dtype=torch.double))
    return made.eval()


def test_loops_over_classes_queries_and_positions(layer: CrossAttention) -> None:
    classes, queries = torch.randn(3, 5, 2, 3, dtype=torch.double), torch.randn(4, 5, 2, 3, dtype=torch.double)
    with torch.no_grad():
        attended, similarities = layer(classes, queries), layer.similarities(classes, queries)
    for q in range(4):
        for n in range(3):
            of_class, other = classes[n].reshape(5, 6), queries[q].reshape(5, 6)
            correlation = [[cosine(of_class[:, i], other[:, j]) for j in range(6)] for i in range(6)]
            transposed = [list(row) for row in zip(*correlation, strict=True)]
            on_class, on_query = weights(layer, correlation), weights(layer, transposed)
            assert attended.on_class[q, n].tolist() == pytest.approx(on_class)
            assert attended.on_query[q, n].tolist() == pytest.approx(on_query)
            class_map = torch.stack([of_class[:, i] * (1 + on_class[i]) for i in range(6)], 1)
            query_map = torch.stack([other[:, j] * (1 + on_query[j]) for j in range(6)], 1)
            torch.testing.assert_close(attended.classes[q, n], class_map)
            torch.testing.assert_close(attended.queries[q, n], query_map)
            assert similarities[q, n].item() == pytest.approx(cosine(class_map.mean(1), query_map.mean(1)))


def test_attention_sums_to_one_over_the_positions(layer: CrossAttention) -> None:
    attended = layer(torch.randn(3, 5, 2, 3, dtype=torch.double), torch.randn(4, 5, 2, 3, dtype=torch.double))
    for attention in (attended.on_class, attended.on_query):
        assert attention.shape == (4, 3, 6) and attention.min() >= 0
        torch.testing.assert_close(attention.sum(-1), torch.ones(4, 3, dtype=torch.double))


def test_both_directions_share_their_weights(layer: CrossAttention) -> None:
    maps, other = torch.randn(2, 1, 5, 2, 3, dtype=torch.double)
    forth, back = layer(maps, other), layer(other, maps)
    torch.testing.assert_close(forth.on_class, back.on_query)
    torch.testing.assert_close(forth.on_query, back.on_class)


def test_a_map_is_attended_to_alone_as_among_others(layer: CrossAttention) -> None:
    classes, queries = torch.randn(3, 5, 2, 3, dtype=torch.double), torch.randn(4, 5, 2, 3, dtype=torch.double)
    together = layer.similarities(classes, queries)
    torch.testing.assert_close(layer.similarities(classes[1:2], queries[2:3]), together[2:3, 1:2])


def test_the_sizes_of_the_paper() -> None:
    layer = CrossAttention((6, 6))
    assert layer.narrow.weight.shape == (6, 36) and layer.widen.weight.shape == (36, 6)
    assert CrossAttention((2, 2)).narrow.weight.shape == (1, 4)


@pytest.mark.parametrize(("classes", "queries"), [((3, 2), (2, 3)), ((2, 3), (6, 6)), ((1, 6), (1, 6))])
def test_maps_of_another_size_are_said(
    layer: CrossAttention, classes: tuple[int, int], queries: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match=r"maps of \(2, 3\), got"):
        layer(torch.randn(2, 5, *classes, dtype=torch.double), torch.randn(2, 5, *queries, dtype=torch.double))


def test_everything_learns() -> None:
    torch.manual_seed(0)
    layer, maps = CrossAttention((3, 3)), torch.randn(4, 5, 3, 3, requires_grad=True)
    attended = layer(maps, maps)
    (attended.classes.mean(-1) * attended.queries.mean(-1)).sum().backward()
    for tensor in (maps, *layer.parameters()):
        assert tensor.grad is not None and tensor.grad.isfinite().all()


def test_cosines_are_the_similarities() -> None:
    torch.manual_seed(0)
    attention = CrossAttention((3, 4)).eval()
    classes, queries = torch.randn(5, 7, 3, 4), torch.randn(6, 7, 3, 4)
    with torch.inference_mode():
        expected = attention.similarities(classes, queries)
        torch.testing.assert_close(attention.cosines(classes, queries), expected, atol=1e-6, rtol=1e-5)


def test_cosines_of_stacks_are_those_of_each() -> None:
    torch.manual_seed(0)
    attention = CrossAttention((3, 4)).eval()
    classes, queries = torch.randn(2, 5, 7, 3, 4), torch.randn(2, 6, 7, 3, 4)
    with torch.inference_mode():
        stacked = attention.cosines(classes, queries)
        for number in range(2):
            expected = attention.similarities(classes[number], queries[number])
            torch.testing.assert_close(stacked[number], expected, atol=1e-6, rtol=1e-5)


def test_cosines_of_maps_with_an_empty_position() -> None:
    torch.manual_seed(0)
    attention = CrossAttention((2, 3)).eval()
    classes, queries = torch.randn(2, 5, 2, 3), torch.randn(3, 5, 2, 3)
    classes[0, :, 1, 1] = 0
    queries[1, :, 0, 2] = 0
    with torch.inference_mode():
        expected = attention.similarities(classes, queries)
        torch.testing.assert_close(attention.cosines(classes, queries), expected, atol=1e-6, rtol=1e-5)
