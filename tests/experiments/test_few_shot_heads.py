"""Heads that are compared with ours compute what their papers say."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from experiments.alpha_tim import AlphaTIM
from experiments.few_shot_heads import TIM, clap, gda, lp_plus_plus, tip_adapter


def task(seed: int, shots: int = 3, classes: int = 4, channels: int = 6) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(seed)
    centres = normalize(torch.randn(classes, channels))
    owners = torch.arange(classes).repeat_interleave(shots)
    keys, queries = (normalize(centres[owners] + 0.2 * torch.randn(len(owners), channels)) for _ in range(2))
    return keys, torch.eye(classes)[owners], normalize(centres + 0.4 * torch.randn(classes, channels)), queries


def test_gda_is_the_discriminant_of_gaussians_with_a_shrunk_covariance() -> None:
    keys, one_hot, texts, queries = task(0)
    means = one_hot.T @ keys / one_hot.sum(0)[:, None]
    apart = (keys - one_hot @ means).double().numpy()
    scatter = apart.T @ apart
    precision = keys.shape[1] * np.linalg.inv(scatter + np.trace(scatter) / len(keys) * np.eye(keys.shape[1]))
    scores = queries.numpy() @ precision @ means.numpy().T - 0.5 * np.einsum("cd,de,ce->c", means, precision, means)
    ours = gda(keys, one_hot, texts=texts, queries=queries, weight=1e6)
    np.testing.assert_array_equal(ours.argmax(1), scores.argmax(1))
    centred = scores - scores.mean(1, keepdims=True)
    np.testing.assert_allclose(ours.numpy() / 3e7, centred / scores.std(ddof=1), atol=1e-3)


def test_tip_adapter_is_a_cache_beside_the_text() -> None:
    keys, one_hot, texts, queries = task(1)
    scores = tip_adapter(keys, one_hot, texts=texts, queries=queries, weight=2.0)
    for query in range(len(queries)):
        for label in range(4):
            near = sum(
                float(torch.exp(-5.5 * (1 - queries[query] @ key)))
                for key, own in zip(keys, one_hot, strict=True)
                if own[label]
            )
            assert abs(float(scores[query, label]) - 30 * float(queries[query] @ texts[label]) - 2 * near) < 1e-4


def test_heads_that_learn_know_their_own_pictures_better_than_the_text_does() -> None:
    for head in (lp_plus_plus, clap):
        better = []
        for seed in range(5):
            keys, one_hot, texts, _ = task(seed, shots=4)
            texts = texts.roll(1, 0)  # each class has another one's text
            answers = (head(keys, one_hot, texts=texts, queries=keys), keys @ texts.T)
            better.append([float((scores.argmax(1) == one_hot.argmax(1)).float().mean()) for scores in answers])
        learned, told = np.mean(better, axis=0)
        assert learned > told + 0.5


def test_alpha_tim_is_tim_near_one_and_something_else_at_four() -> None:
    keys, one_hot, _, queries = task(2)
    answers = []
    for method in (TIM(conditional_entropy_weight=1.0), AlphaTIM(alpha=1.001), AlphaTIM(alpha=4.0)):
        method.fine_tuning_lr = 1e-2
        method.process_support_set(keys, one_hot.argmax(1))
        answers.append(method(queries))
    shannons, near, far = answers
    torch.testing.assert_close(near, shannons, atol=5e-3, rtol=0)
    assert (far - shannons).abs().max() > 2e-2
