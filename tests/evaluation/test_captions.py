"""Figures of captions against loops that follow the papers, and against captions that must win or lose."""

import math
from collections import Counter

import numpy as np
import pytest

from fsl_demo.core.episodes import Caption
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.evaluation.calibration import auroc
from fsl_demo.evaluation.captions import bleu, cider, measure
from fsl_demo.evaluation.doubt import doubt, others
from tests.backbones.loaded import crops
from tests.dictated import Dictated

SAID = ["a dog runs on the grass", "a man rides a bike", "two children play in the deep snow today"]
REFERENCES = [
    ["a brown dog runs on green grass", "a dog is running"],
    ["a man on a bike", "a cyclist rides down a road"],
    ["two children play in snow", "kids in the snow"],
]


def grams(text: str, order: int) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter(tuple(words[i : i + order]) for i in range(len(words) - order + 1))


def slow_bleu(candidates: list[str], references: list[list[str]], most: int) -> float:
    """Papineni et al. 2002, equations 1 to 3; the closest reference length, the shorter of two as close."""
    logs, length, reference = 0.0, 0, 0
    for order in range(1, most + 1):
        right = total = 0
        for candidate, texts in zip(candidates, references, strict=True):
            counts = grams(candidate, order)
            for gram, count in counts.items():
                right += min(count, max(grams(other, order)[gram] for other in texts))
                total += count
        logs += math.log(right / total) / most
    for candidate, texts in zip(candidates, references, strict=True):
        count = len(candidate.split())
        length += count
        reference += min((len(other.split()) for other in texts), key=lambda n: (abs(n - count), n))
    return math.exp(logs) * min(1.0, math.exp(1 - reference / length))


def test_bleu_is_the_papers() -> None:
    scores = bleu(SAID, REFERENCES)
    for most in (1, 2, 3):
        assert scores[most - 1].mean == pytest.approx(slow_bleu(SAID, REFERENCES, most), rel=1e-6)


def test_intervals_of_bleu_narrow_with_more_pictures() -> None:
    few, many = bleu(SAID * 3, REFERENCES * 3)[0], bleu(SAID * 60, REFERENCES * 60)[0]
    assert few.mean == pytest.approx(many.mean) and many.reach < few.reach / 2


def test_a_reference_itself_scores_best_and_another_pictures_worst() -> None:
    own = cider([captions[0] for captions in REFERENCES], REFERENCES)
    other = cider([REFERENCES[(i + 1) % 3][0] for i in range(3)], REFERENCES)
    assert (own > cider(SAID, REFERENCES)).all() and (other < cider(SAID, REFERENCES)).all()


def test_who_says_what_people_said_beats_who_always_says_the_same() -> None:
    pictures = [*crops("cat"), *crops("coffee"), *crops("rocket")]
    texts = [f"{subject} number {n}" for subject in ("a grey cat", "hot coffee", "one rocket") for n in range(4)]
    data = Captioned([picture.name for picture in pictures], [[text.upper() + " !"] * 2 for text in texts])  # type: ignore[misc]
    names = [picture.name for picture in pictures]
    right = Dictated("right", sentences={name: (text,) for name, text in zip(names, texts, strict=True)})
    dull = Dictated("dull", sentences=dict.fromkeys(names, ("a dog",)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "fsl_demo.evaluation.captions.ingest", {picture.name: picture for picture in pictures}.__getitem__
        )
        first, second = measure([right, dull], data)
    assert first.bleu[0].mean == pytest.approx(1) and second.bleu[0].mean < 0.1
    assert first.wrong.mean < first.cider.mean / 3 and second.cider.mean < 20
    assert second.difference is not None and second.difference.high < 0 and first.difference is None


def test_the_area_under_the_curve_is_how_often_one_is_above_the_other() -> None:
    random = np.random.default_rng(0)
    inside, outside = random.integers(0, 8, 30) / 4, random.integers(0, 6, 20) / 4
    slow = np.mean([[(a > b) + 0.5 * (a == b) for b in outside] for a in inside])
    assert auroc(inside, outside) == pytest.approx(slow)
    assert auroc(inside, inside) == pytest.approx(0.5)


def test_doubt_counts_what_is_called_doubtful() -> None:
    captioner = Dictated("one")
    captioner.doubted = {f"{kind}.png" for kind in ("digits", "textures", "noise")}
    captions = [Caption("a cat", -1.0, fit=0.3, doubtful=False)] * 3 + [Caption("a cat", -1.0, fit=0.04, doubtful=True)]
    doubts = doubt(captioner, captions)
    assert doubts.photographs == 0.25
    assert doubts.others == dict.fromkeys(("digits", "textures", "noise", "all"), (0.75, 1.0))


@pytest.mark.slow
def test_what_a_captioner_cannot_know_is_drawn_the_same_each_time() -> None:
    first, again = others(), others()
    assert [picture.sha256 for pictures in first.values() for picture in pictures] == [
        picture.sha256 for pictures in again.values() for picture in pictures
    ]
    assert len({picture.sha256 for pictures in first.values() for picture in pictures}) > 590
