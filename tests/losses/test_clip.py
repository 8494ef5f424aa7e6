"""CLIP's loss and a teacher's, against loops."""

import math

import pytest
import torch

from fsl_demo.losses.clip import soft_classification, symmetric_contrastive


def vectors(count: int, seed: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(count, 5, generator=random, dtype=torch.double), dim=1)


def log_share(scores: list[float], index: int) -> float:
    return scores[index] - math.log(sum(math.exp(score) for score in scores))


def test_each_finds_the_other_among_all() -> None:
    pictures, texts, scale = vectors(6, 0), vectors(6, 1), 7.0
    total = 0.0
    for i in range(6):
        to_texts = [scale * float(pictures[i] @ texts[j]) for j in range(6)]
        to_pictures = [scale * float(pictures[j] @ texts[i]) for j in range(6)]
        total -= (log_share(to_texts, i) + log_share(to_pictures, i)) / 2
    loss = symmetric_contrastive(pictures, texts, torch.tensor(scale, dtype=torch.double))
    assert loss.item() == pytest.approx(total / 6)


def test_a_teacher_says_how_likely_each_class_is() -> None:
    pictures, texts, scale = vectors(4, 2), vectors(3, 3), 5.0
    teacher = torch.softmax(torch.randn(4, 3, generator=torch.Generator().manual_seed(4), dtype=torch.double), dim=1)
    total = 0.0
    for i in range(4):
        scores = [scale * float(pictures[i] @ texts[c]) for c in range(3)]
        total -= sum(float(teacher[i, c]) * log_share(scores, c) for c in range(3))
    loss = soft_classification(pictures, texts, scale=torch.tensor(scale, dtype=torch.double), teacher=teacher)
    assert loss.item() == pytest.approx(total / 4)
