"""What the second stage of a detector minimises."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, normalize, smooth_l1_loss

ALIKE = 0.55
"""Texts whose cosine is higher mean nearly the same: neither of them is wrong where the other is right."""


def class_loss(logits: Tensor, labels: Tensor, complete: Tensor) -> Tensor:
    """Cross-entropy of background (0) and classes, over regions of completely annotated pictures.

    Args:
        logits: [R, 1 + classes].
        labels: [R]; those beyond the classes are left out.
        complete: whether each region's picture is, [R].
    """
    known = complete & (labels < logits.shape[1])
    return _mean(cross_entropy(logits, labels.clamp(max=logits.shape[1] - 1), reduction="none"), known)


def thing_loss(logits: Tensor, labels: Tensor, complete: Tensor) -> Tensor:
    """Binary cross-entropy of being a thing; what is not annotated is nothing only where everything is."""
    losses = binary_cross_entropy_with_logits(logits, (labels > 0).float(), reduction="none")
    return _mean(losses, complete | (labels > 0))


def box_loss(moves: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """Smooth L1 (Girshick 2015) of the things' boxes, per region."""
    things = labels > 0
    return smooth_l1_loss(moves[things], targets[things], beta=1 / 9, reduction="sum") / max(len(labels), 1)


def word_loss(vectors: Tensor, own: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each region's own text among all texts of the batch, but those that mean nearly the same.

    Args:
        vectors: of regions, [R, D].
        own: the number of each region's text, [R].
        texts: unit vectors, [T, D].
        scale: what cosines are multiplied with.
    """
    if not len(vectors):
        return vectors.sum()
    rows, own = torch.unique(own, return_inverse=True)
    texts = texts[rows]
    logits = scale * normalize(vectors) @ texts.T
    alike = (texts @ texts.T > ALIKE).fill_diagonal_(False)
    return cross_entropy(logits.masked_fill(alike[own], -torch.inf), own)


def _mean(losses: Tensor, counted: Tensor) -> Tensor:
    return (losses * counted).sum() / counted.sum().clamp(min=1)
