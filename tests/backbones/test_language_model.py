"""The language model that captioners speak with."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_demo import checkpoints
from fsl_demo.backbones.language_model import CHECKPOINT, LanguageModel, plain
from fsl_demo.core.errors import UserError
from tests.backbones.small_language import ARCHITECTURE, TEXTS, small_gpt2, small_language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A man 's T-shirt , really !", "a man s t-shirt really"),
        ("don't", "don't"),
        ("狗", ""),
        ("golden_retriever", "golden retriever"),
    ],
)
def test_plain_words(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_texts_come_back_from_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language = small_language(tmp_path, monkeypatch)
    for text in (*TEXTS, "an octopus nobody has met"):
        assert language.decode(language.encode(text)) == text
    assert language.encode("a dog") == [*language.encode("a"), *language.encode("dog")]


def test_frozen_and_of_its_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language = small_language(tmp_path, monkeypatch)
    assert language.width == ARCHITECTURE["width"] and len(language.blocks) == ARCHITECTURE["layers"]
    assert not any(value.requires_grad for value in language.network.parameters())
    tokens = torch.tensor([[language.end, *language.encode("a dog")]])
    logits = language.logits(language.states(language.embed(tokens)))
    torch.testing.assert_close(logits, language.network(input_ids=tokens).logits)


def test_weights_that_do_not_fit_the_card_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_language(tmp_path, monkeypatch)
    stored = checkpoints.load(CHECKPOINT)
    checkpoints.save(CHECKPOINT, stored.arrays, card={"architecture": {**ARCHITECTURE, "layers": 3}}, folder=tmp_path)
    with pytest.raises(UserError, match="do not fit"):
        LanguageModel()


def test_another_causal_model_takes_its_place(tmp_path: Path) -> None:
    language = LanguageModel(small_gpt2(tmp_path, 16, 2))
    assert language.width == 16 and len(language.blocks) == 2 and language.end == 0
    assert language.decode(language.encode("a dog runs")) == "a dog runs"
    given = torch.tensor([language.encode("a dog")])
    out = language.generate(language.embed(given), torch.ones_like(given), max_new_tokens=3, do_sample=False)
    assert out.sequences.shape[1] <= 3


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="not installed"):
        LanguageModel(tmp_path)


def test_the_shipped_model_is_less_surprised_by_sentences_than_by_their_words_in_disorder() -> None:
    language = LanguageModel()
    random = np.random.default_rng(0)

    def surprise(text: str) -> float:
        tokens = torch.tensor([[language.end, *language.encode(text), language.end]])
        logits = language.logits(language.states(language.embed(tokens[:, :-1])))
        return float(torch.nn.functional.cross_entropy(logits[0], tokens[0, 1:]))

    for text in TEXTS:
        assert surprise(text) < surprise(" ".join(random.permutation(text.split()))) - 1
