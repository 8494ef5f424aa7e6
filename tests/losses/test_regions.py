"""The second stage's losses against loops, and by hand."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy, normalize

from fsl_demo.losses.regions import ALIKE, box_loss, class_loss, thing_loss, word_loss


def test_classes_are_learned_from_complete_pictures_alone():
    torch.manual_seed(0)
    logits, labels = torch.randn(6, 4), torch.tensor([0, 3, 2, 0, 9, 1])
    complete = torch.tensor([True, True, True, False, True, False])
    counted = [0, 1, 2]  # 9 is beyond the classes, the others' pictures are not complete
    expected = sum(float(cross_entropy(logits[row], labels[row])) for row in counted) / len(counted)
    assert float(class_loss(logits, labels=labels, complete=complete)) == pytest.approx(expected)


def test_what_nobody_annotated_is_not_nothing():
    logits, labels = torch.tensor([0.0, 2.0, -1.0]), torch.tensor([0, 5, 0])
    complete = torch.tensor([True, False, False])
    expected = (math.log(2) + math.log(1 + math.exp(-2))) / 2
    assert float(thing_loss(logits, labels=labels, complete=complete)) == pytest.approx(expected)


def test_only_boxes_of_things_are_moved_and_a_background_without_a_box_does_no_harm():
    moves = torch.tensor([[0.5, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]], requires_grad=True)
    targets = torch.tensor([[0.0, 0.0, 0.0, 0.0], [-math.inf, 0.0, 0.0, 0.0]])
    loss = box_loss(moves, targets=targets, labels=torch.tensor([3, 0]))
    loss.backward()
    assert float(loss.detach()) == pytest.approx((0.5 - 0.5 / 9) / 2)
    assert moves.grad is not None and torch.isfinite(moves.grad).all()


def test_words_against_a_loop_that_leaves_out_texts_of_nearly_the_same_meaning():
    torch.manual_seed(0)
    texts = normalize(torch.randn(7, 5))
    texts[3] = normalize(texts[2] + 0.1 * texts[0], dim=0)
    vectors, own = torch.randn(4, 5), torch.tensor([2, 3, 0, 6])
    present = sorted(set(own.tolist()))
    losses = []
    for vector, text in zip(vectors, own.tolist(), strict=True):
        alike = [other for other in present if other != text and float(texts[text] @ texts[other]) > ALIKE]
        rivals = [other for other in present if other not in alike]
        logits = torch.stack([3 * normalize(vector, dim=0) @ texts[other] for other in rivals])
        losses.append(float(cross_entropy(logits, torch.tensor(rivals.index(text)))))
    assert [text for text in present if float(texts[2] @ texts[text]) > ALIKE] == [2, 3]
    loss = word_loss(vectors, own=own, texts=texts, scale=torch.tensor(3.0))
    assert float(loss) == pytest.approx(sum(losses) / 4)


def test_no_words_no_loss():
    assert (
        float(
            word_loss(
                torch.zeros(0, 5), own=torch.zeros(0, dtype=torch.long), texts=torch.eye(5), scale=torch.tensor(1.0)
            )
        )
        == 0
    )
