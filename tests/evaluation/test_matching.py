"""New orders and masked words against slow loops, and of models that know nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.evaluation import matching
from fsl_demo.evaluation.matching import best_weight, first, first_hits, masked_words, rank, reranking, whole_words
from fsl_demo.methods.two_stream.model import TOP, blended
from tests.backbones.loaded import crops, networks

RANDOM = np.random.default_rng(0)
PICTURES = [*crops("cat"), *crops("coffee"), *crops("rocket")]
DATA = Captioned([], [[f"picture {n} once", f"picture {n} twice"] for n in range(len(PICTURES))])


class Space:
    """Any vectors."""

    def embed(self, pictures: list[Any], progress: Any) -> np.ndarray:
        return np.random.default_rng(1).standard_normal((len(pictures), 4))

    def texts(self, sentences: list[list[str]], progress: Any) -> np.ndarray:
        return np.random.default_rng(2).standard_normal((len(sentences), 4))


class Model:
    """Matches by a table, and guesses "dog" with a picture, else "cat"."""

    networks = networks()

    def __init__(self, table: np.ndarray) -> None:
        self.table = table

    def match_candidates(self, pictures: Any, captions: Any, candidates: np.ndarray, progress: Any) -> np.ndarray:
        return np.take_along_axis(self.table, candidates, axis=1)

    def blended(self, similarities: np.ndarray, matches: np.ndarray) -> np.ndarray:
        return blended(similarities, matches, 0.5)

    def whole_words(self) -> list[str]:
        return ["cat", "dog", "grass"]

    def streams(self, pictures: Any, progress: Any) -> torch.Tensor:
        return torch.ones(len(pictures), 1, 1)

    def blank(self) -> torch.Tensor:
        return torch.zeros(1, 1, 1)

    def guesses(self, shown: list[torch.Tensor], tokens: torch.Tensor, real: torch.Tensor) -> list[np.ndarray]:
        assert (tokens == 103).sum(1).tolist() == [1] * len(tokens)
        likely = [[0.3, 0.6, 0.1] if streams.any() else [0.5, 0.2, 0.3] for streams in shown]
        return [np.tile(likelihood, (len(tokens), 1)) for likelihood in likely]


def test_a_new_order_is_scored_as_by_a_loop() -> None:
    count = len(PICTURES)
    table = RANDOM.standard_normal((2 * count, count))
    figures = reranking(Space(), Model(table), pictures=PICTURES, data=DATA)  # type: ignore[arg-type]
    similarities = Space().texts([[""]] * 2 * count, None) @ Space().embed(PICTURES, None).T
    before, after, within = [], [], []
    for text in range(2 * count):
        order = sorted(range(count), key=lambda n: -similarities[text, n])[:TOP]
        again = sorted(order, key=lambda n: -(similarities[text, n] + table[text, n]))
        before.append(order[0] == text // 2)
        after.append(again[0] == text // 2)
        within.append(text // 2 in order)
    assert figures.before.mean == pytest.approx(np.mean(before)) and figures.after.mean == pytest.approx(np.mean(after))
    assert figures.within == pytest.approx(np.mean(within)) and (figures.pictures, figures.captions) == (12, 24)
    gains = (np.array(after, float) - np.array(before, float)).reshape(-1, 2).mean(axis=1)
    assert figures.gain.mean == pytest.approx(gains.mean())
    assert figures.gain.reach == pytest.approx(1.959964 * gains.std(ddof=1) / np.sqrt(12))


def test_a_constant_match_changes_nothing_by_itself_and_is_at_chance_alone() -> None:
    similarities = RANDOM.standard_normal((40, 30))
    candidates, own = first(similarities), np.arange(40) % 30
    likeness, same = np.take_along_axis(similarities, candidates, axis=1), np.zeros((40, TOP))
    before = first_hits(likeness, candidates, own)
    np.testing.assert_array_equal(first_hits(blended(likeness, same, 0.4), candidates, own), before)
    within = (candidates == own[:, None]).any(axis=1)
    np.testing.assert_allclose(first_hits(same, candidates, own), within / TOP)
    assert best_weight(likeness, same, candidates=candidates, own=own) == 0


def test_the_best_weight_is_the_smallest_of_the_best() -> None:
    likeness, matches = np.array([[0.6, 0.5]]), np.array([[0.0, 0.5]])
    assert best_weight(likeness, matches, candidates=np.array([[3, 4]]), own=np.array([4])) == pytest.approx(0.175)


def test_words_are_masked_one_at_a_time_and_scored_as_by_a_loop() -> None:
    data = Captioned([], [["dog", "cat"], ["dog", "zebra"], ["dog", "grass"]])
    figures = masked_words(Model(np.zeros((1, 1))), PICTURES[:3], data)  # type: ignore[arg-type]
    assert (figures.words, figures.known) == (6, 5)
    assert figures.seen[1].mean == pytest.approx(3 / 6) and figures.unseen[1].mean == pytest.approx(1 / 6)
    assert figures.seen[5].mean == figures.unseen[5].mean == pytest.approx(5 / 6)
    assert figures.gain[1].mean == pytest.approx(2 / 6)


def test_whole_words_are_single_pieces_of_letters() -> None:
    assert whole_words(["a", "skate", "##boarder", "on", "2", ".", "grass"]) == [0, 3, 6]


def test_rank_is_how_many_are_likelier() -> None:
    probabilities = np.array([[0.2, 0.5, 0.3], [0.2, 0.5, 0.3], [0.2, 0.5, 0.3]])
    assert rank(probabilities, np.array([0, 1, -1])).tolist() == [2, 0, np.inf]


def test_both_are_said_in_one_table() -> None:
    table = np.zeros((24, 12))
    model: Any = Model(table)
    space: Any = Space()
    words = masked_words(model, PICTURES, DATA)
    report = matching.Matching("two-stream", reranking(space, model, pictures=PICTURES, data=DATA), words)
    assert (
        "24 captions among 12 pictures" in report.markdown() and "| masked word, top-5, picture |" in report.markdown()
    )
    assert set(report.as_dict()) == {"method", "reranking", "words"}
