"""What the small language model minimises, on captions' text alone.

It reads some words, then captions of the picture that they were said of, so that it learns to speak of what is before
it; and it reads of pictures that are given names, as nobody has heard before, and has to remember which was
which (learning to learn in context: Min et al. 2022, arXiv:2110.15943).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout
from torch.nn.utils.rnn import pad_sequence

from fsl_demo.backbones.language_model import END, network, plain
from fsl_demo.training.batches import each_once
from fsl_demo.training.setup import Objective

VOCABULARY = 3_000
BATCH = 16
DROPOUT = 0.1
TOGETHER = 2
"""Captions of a picture that are read one after the other."""
KEYWORDS, LETTERS = 8, 4
"""Words that go before them, at most, and letters that such a word has, at least."""
CLASSES = 3
"""Pictures that get a name in one text, at most."""
NAMED = 8
"""One text that names pictures for so many pictures of a batch."""
IGNORED = -100
SAMPLE = 1_000


def tokenizer(texts: Sequence[str], vocabulary: int = VOCABULARY) -> Any:
    """Byte-pair encoding (Sennrich et al. 2016) of texts; it can spell any word."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokens = Tokenizer(models.BPE())
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
    )
    tokens.train_from_iterator((" " + plain(text) for text in texts), trainer)
    return tokens


class LanguageModelObjective(Objective):
    """The model, and how surprised it is by texts made of captions.

    Args:
        captions: tokens of each caption of each picture.
        keywords: tokens of each longer word in them.
        names: tokens of each made-up name.
        stem: tokens of "this is a".
    """

    def __init__(
        self,
        architecture: dict[str, int],
        captions: Sequence[Sequence[list[int]]],
        keywords: Sequence[Sequence[list[int]]],
        names: Sequence[list[int]],
        stem: list[int],
    ) -> None:
        super().__init__()
        self.model = network(**architecture).model
        self._captions, self._keywords, self._names, self._stem = captions, keywords, names, stem

    def forward(self, pictures: Tensor, indices: Tensor) -> Tensor:
        """The mean loss of a token in the captions of these pictures, [N], and in texts that name some of them."""
        chosen = indices.tolist()
        starts = range(0, len(chosen) - CLASSES + 1, NAMED)
        described = self.losses([self.described(index) for index in chosen], indices.device)
        named = self.losses([self.named(chosen[start : start + CLASSES]) for start in starts], indices.device)
        return torch.cat([described, named]).mean()

    def losses(self, texts: Sequence[tuple[list[int], list[int]]], device: torch.device) -> Tensor:
        """Of each token that is to be foretold, in texts as (tokens, tokens to be foretold)."""
        tokens, wanted = (
            pad_sequence([torch.tensor(text[part]) for text in texts], True, value).to(device)
            for part, value in ((0, 0), (1, IGNORED))
        )
        embedded = dropout(self.model.embed_tokens(tokens[:, :-1]), DROPOUT, self.training)
        states = self.model(inputs_embeds=embedded, use_cache=False).last_hidden_state
        is_wanted = wanted[:, 1:].flatten() != IGNORED
        states = dropout(states.flatten(0, 1)[is_wanted], DROPOUT, self.training)
        logits = nn.functional.linear(states, self.model.embed_tokens.weight)
        return cross_entropy(logits.float(), wanted[:, 1:].flatten()[is_wanted], reduction="none")

    def described(self, picture: int) -> tuple[list[int], list[int]]:
        """Some words that were said of a picture, in any order, and captions of it; the words need not be foretold."""
        keywords, captions = self._keywords[picture], self._captions[picture]
        count = int(torch.randint(KEYWORDS + 1, ()))
        chosen = torch.randperm(len(keywords)).tolist()[:count]
        text = [0] + [token for number in chosen for token in keywords[number]]
        wanted = [IGNORED] * len(text)
        if chosen:
            text, wanted = [*text, 0], [*wanted, IGNORED]
        for number in torch.randperm(len(captions)).tolist()[:TOGETHER]:
            text += [*captions[number], 0]
            wanted += [*captions[number], 0]
        return text, wanted

    def named(self, pictures: Sequence[int]) -> tuple[list[int], list[int]]:
        """Captions of two or more pictures, each followed by its picture's name; only what can be known is foretold."""
        count = int(torch.randint(2, len(pictures) + 1, ())) if len(pictures) > 2 else len(pictures)
        names = [self._names[number] for number in torch.randint(len(self._names), (count,)).tolist()]
        captions = [torch.randperm(len(self._captions[picture])).tolist() for picture in pictures[:count]]
        shown = [*torch.randperm(count).tolist(), *torch.randint(count, (count,)).tolist()]
        text, wanted, heard = [0], [IGNORED], set()
        for number in shown:
            caption = self._captions[pictures[number]][captions[number].pop()]
            name = names[number]
            text += [*caption, 0, *self._stem, *name, 0]
            wanted_name = name if number in heard else [IGNORED] * len(name)
            wanted += [*caption, 0, *[IGNORED] * len(self._stem), *wanted_name, 0]
            heard.add(number)
            if not captions[number]:
                captions[number] = torch.randperm(len(self._captions[pictures[number]])).tolist()
        return text, wanted

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """Every picture once."""
        return each_once(len(labels), size=BATCH, seed=seed, epoch=epoch)


def longer_words(captions: Sequence[str]) -> list[str]:
    """Words of captions that are likely to stand for something, each once."""
    words = (word for text in captions for word in plain(text).split() if len(word) >= LETTERS)
    return list(dict.fromkeys(words))


@torch.inference_mode()
def likelihood(module: LanguageModelObjective, captions: Sequence[Sequence[list[int]]]) -> float:
    """Geometric mean of the probability of a token in the first caption of each picture."""
    module.eval()
    texts = sorted(([0, *texts[0], 0] for texts in captions), key=len)
    losses = []
    for start in range(0, len(texts), SAMPLE // 10):
        group = [(text, text) for text in texts[start : start + SAMPLE // 10]]
        losses.append(module.losses(group, module.model.device))
    return float((-torch.cat(losses).mean()).exp())
