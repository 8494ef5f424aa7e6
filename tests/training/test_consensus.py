"""CIDEr-D of tokens is CIDEr-D of the words that they make."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from fsl_demo.backbones.language_model import LanguageModel
from fsl_demo.evaluation.captions import cider
from fsl_demo.training.consensus import Consensus
from tests.backbones.small_language import small_language

WORDS = ["a", "dog", "child", "man", "snowman", "unseen", "runs", "on", "the", "the", "street", "grass", "grasses"]
"""Most are no token of the small tokenizer."""


def sentences(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 9))) for _ in range(count)]


def consensus(language: LanguageModel, texts: list[list[str]], nouns: list[str] | None = None) -> Consensus:
    captions = [[language.encode(text) for text in five] for five in texts]
    begins = torch.tensor(language.begins_word())
    return Consensus(captions, begins, language.end, nouns=[language.encode(noun) for noun in nouns or []])


def spoken(language: LanguageModel, texts: list[str]) -> torch.Tensor:
    return pad_sequence([torch.tensor([*language.encode(text), language.end]) for text in texts], True, language.end)


def test_it_is_the_measure_of_the_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language = small_language(tmp_path, monkeypatch)
    captions = [sentences(5, seed) for seed in range(30)]
    texts = [captions[number % 30][0] if number % 3 else text for number, text in enumerate(sentences(60, 99))]
    measure = consensus(language, captions)
    tokens = spoken(language, texts).unflatten(0, (2, 30)).transpose(0, 1)
    ended = [[f"{text} end" for text in five] for five in captions]
    expected = [cider([f"{text} end" for text in part], ended) for part in (texts[:30], texts[30:])]
    np.testing.assert_allclose(measure(tokens, torch.arange(30)).T, expected, rtol=1e-4, atol=1e-5)
    half = measure(tokens[10:20], torch.arange(10, 20))
    np.testing.assert_allclose(half.T, [part[10:20] for part in expected], rtol=1e-4, atol=1e-5)


def test_half_a_sentence_is_worth_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language = small_language(tmp_path, monkeypatch)
    measure = consensus(language, [["a dog runs on the grass"] * 5, ["a child"] * 5])
    whole, cut = spoken(language, ["a dog runs on the grass", "a dog runs on the"])[:, None, None]
    assert measure(whole, torch.tensor([0])) > measure(cut, torch.tensor([0])) + 1


def test_nouns_that_nobody_said_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language = small_language(tmp_path, monkeypatch)
    nouns = ["dog", "street", "grass", "snowman"]
    measure = consensus(language, [["a dog runs", "the street"], ["a man", "the snowman runs"]], nouns)
    tokens = spoken(language, ["a dog on the street", "a dog on the grass dog grasses"])
    counts = measure.unsaid(tokens[None].repeat(2, 1, 1), torch.arange(2))
    assert counts.tolist() == [[0, 1], [2, 3]]
