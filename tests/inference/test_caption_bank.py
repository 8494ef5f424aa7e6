"""What people said of like pictures, and how much they agree with a sentence."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments import caption_bank as study
from fsl_demo import checkpoints
from fsl_demo.core.errors import UserError
from fsl_demo.inference.caption_bank import CAPTIONS, CHECKPOINT, ORDERS, CaptionBank, groups
from fsl_demo.inference.vectors import l2_normalize

DOG = ["a dog runs on the grass", "a brown dog runs", "the dog plays", "a dog on grass", "a dog jumps on the grass"]
MAN = ["a man rides a bike", "a man on a bike", "the man rides", "a person rides a bike", "a man in the street"]


def bank(folder: Path, patch: pytest.MonkeyPatch, **changed: np.ndarray) -> tuple[CaptionBank, np.ndarray]:
    """Of three pictures of dogs and three of men, and the pictures [6, 1998]."""
    patch.setattr(study, "FEWEST", 2)
    patch.setattr(study, "AXES", 4)
    random = np.random.default_rng(0)
    pictures = np.repeat(random.standard_normal((2, 1998)), 3, axis=0) + 0.05 * random.standard_normal((6, 1998))
    heads = {"pictures.weight": random.standard_normal((8, 1998)), "pictures.bias": random.standard_normal(8)}
    space: Any = SimpleNamespace(heads=heads)
    arrays = {**study.pictures(space, pictures), **study.word_groups([DOG] * 3 + [MAN] * 3)} | changed
    checkpoints.save(CHECKPOINT, arrays, card=study.CARD, folder=folder)
    return CaptionBank(checkpoints.load(CHECKPOINT, folder)), pictures


def test_people_agree_with_what_they_said_of_like_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known, pictures = bank(tmp_path, monkeypatch)
    sentences = ["a dog runs on the grass", "a man rides a bike", "a spaceship", ""]
    of_dog, of_man = known.agreement(pictures[0], sentences), known.agreement(pictures[5], sentences)
    assert of_dog[0] > 10 * of_dog[1] and of_man[1] > 10 * of_man[0]
    assert of_dog[2] < of_dog[0] / 10 and of_dog[3] == of_man[3] == 0


def test_agreement_is_the_mean_over_captions_of_what_word_groups_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, pictures = bank(tmp_path, monkeypatch)
    rarity = np.log(2)  # each group was said of one half of the pictures, but for those that all share
    everywhere = {group for text in DOG for group in groups(text)} & {group for text in MAN for group in groups(text)}
    usual = np.zeros(ORDERS)
    lengths: list[np.ndarray] = []
    for text in DOG + MAN:
        squares = np.zeros(ORDERS)
        for group, count in Counter(groups(text)).items():
            squares[group[0]] += (count * rarity * (group not in everywhere)) ** 2
        lengths.append(np.sqrt(squares))
    usual = np.mean(lengths, axis=0)
    times = Counter(group for text in DOG for group in groups(text))
    shared, own = np.zeros(ORDERS), np.zeros(ORDERS)
    for group, count in Counter(groups(DOG[0])).items():
        weight = rarity * (group not in everywhere)
        shared[group[0]] += count * weight**2 * times[group] / CAPTIONS
        own[group[0]] += (count * weight) ** 2
    expected = (shared / np.sqrt(own) / usual).mean()
    assert known.agreement(pictures[1], [DOG[0]])[0] == pytest.approx(expected, rel=2e-2)


def test_pictures_are_kept_as_the_head_sees_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known, pictures = bank(tmp_path, monkeypatch)
    kept = known._pictures
    seen = l2_normalize(pictures @ known._axes.T + known._bias)
    np.testing.assert_allclose(kept, seen, atol=0.02)


@pytest.mark.parametrize("changed", [{"said": np.full(4, 9, np.uint16)}, {"bias": np.zeros(3, np.float16)}])
def test_a_bank_that_does_not_fit_is_refused(
    changed: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError) as raised:
        bank(tmp_path, monkeypatch, **changed)
    assert raised.value.code == "card_differs"
