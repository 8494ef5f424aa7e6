"""A causal language model that captioners speak with: the small one trained here, or a larger one from local files.

The small one is a decoder as of Llama (Touvron et al. 2023, arXiv:2302.13971), trained on captions alone.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fsl_demo import checkpoints, runtime
from fsl_demo.backbones import foreign
from fsl_demo.checkpoints import Checkpoint, Source, layout
from fsl_demo.checkpoints.card import LanguageArchitecture
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError

CHECKPOINT = "caption_lm"
END = "<end>"
"""Stands between sentences, and before the first."""
_BEGINNINGS = ("\u0120", "\u2581", " ")
"""How tokenizers write the space before a word."""
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")


def plain(text: str) -> str:
    """Lower-case words without punctuation: what captions are to the small model, and to BLEU and CIDEr."""
    return " ".join(_WORD.findall(text.lower()))


def network(vocabulary: int, width: int, layers: int, heads: int, hidden: int) -> Any:
    """The small model, untrained. Input and output embeddings are one."""
    runtime.guard_torchvision()
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=hidden,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            max_position_embeddings=1024,
            initializer_range=0.05,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
            pad_token_id=0,
        )
    )


class LanguageModel:
    """A frozen causal language model and its tokenizer.

    Args:
        source: a checkpoint of `train language-model`: its name, its folder, or as loaded; or a folder of a causal
            model that transformers reads.

    Attributes:
        name: of its folder.
        weights: SHA-256 of the weights.
        width: channels of a token.
        end: the token that ends a sentence.
        network: of transformers.
        lock: held while the network reads; by whoever changes for a while how it reads, until that is undone.
    """

    def __init__(self, source: Source | Checkpoint = CHECKPOINT, progress: Progress = quiet) -> None:
        progress("weights", 0, 1)
        self.lock = threading.RLock()
        if isinstance(source, Path) and layout.is_transformers(source):
            self.name = source.name
            read = self._from_transformers(source)
        else:
            checkpoint = checkpoints.load(source)
            self.name = checkpoint.home.name
            read = self._from_checkpoint(checkpoint)
        self.network: Any = read.eval().requires_grad_(False).to(runtime.device())
        self.width: int = self.network.config.hidden_size
        progress("weights", 1, 1)

    @classmethod
    def of_captioner(cls, captioner: Checkpoint, progress: Progress = quiet) -> LanguageModel:
        """The one that a captioner's card names, which lies beside the captioner or in the app's own folder.

        Raises:
            UserError: `card_incomplete`, `card_differs`, `weights_missing`; what is wrong with the language model.
        """
        named = captioner.card.language_model
        if named is None:
            raise UserError("card_incomplete", name=captioner.name, reason="language_model")
        home = checkpoints.home_of(named, captioner)
        language = cls(home if layout.is_transformers(home) else checkpoints.refer(named, captioner), progress)
        if language.weights != named.sha256:
            raise UserError("card_differs", name=captioner.name, part="language model")
        return language

    def _from_checkpoint(self, stored: Checkpoint) -> Any:
        from tokenizers import Tokenizer

        self.weights = stored.sha256
        if not isinstance(stored.card.architecture, LanguageArchitecture):
            raise UserError("card_incomplete", name=stored.name, reason="architecture of a language model")
        try:
            model = network(**stored.card.architecture.model_dump())
            given = {
                key: torch.from_numpy(array.astype(np.float32))
                for key, array in stored.arrays.items()
                if key != "tokenizer"
            }
            missing, unknown = model.load_state_dict(given, strict=False)
            if unknown or set(missing) - {"lm_head.weight"}:
                raise ValueError(f"missing {missing}, unknown {unknown}")
            self._tokens: Any = Tokenizer.from_str(stored.arrays["tokenizer"].tobytes().decode())
        except Exception as error:  # tokenizers raises nothing narrower
            raise UserError("card_differs", name=stored.name, part="language model") from error
        self.end = int(self._tokens.token_to_id(END) or 0)
        return model

    def _from_transformers(self, folder: Path) -> Any:
        import hashlib

        runtime.guard_torchvision()
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        foreign.never_ask()
        config, local = foreign.language_config(folder), {"local_files_only": True, "trust_remote_code": False}
        try:
            model: Any = AutoModelForCausalLM.from_pretrained(folder, config=config, use_safetensors=True, **local)
            tokenizer: Any = AutoTokenizer.from_pretrained(folder, **local)
        except Exception as error:  # whatever transformers makes of files that are not a model
            raise UserError("weights_missing", name=folder) from error
        digest = hashlib.sha256()
        for file in sorted(folder.glob("*.safetensors")):
            digest.update(file.read_bytes())
        self.weights, self._tokens, self.end = digest.hexdigest(), tokenizer.backend_tokenizer, tokenizer.eos_token_id
        return model

    @property
    def blocks(self) -> nn.ModuleList:
        """The layers, one after the other."""
        count = self.network.config.num_hidden_layers
        return next(part for part in self.network.modules() if isinstance(part, nn.ModuleList) and len(part) == count)

    def encode(self, text: str) -> list[int]:
        """Tokens of a text, which goes on after another: without a beginning or an end."""
        return self._tokens.encode(" " + plain(text), add_special_tokens=False).ids

    def begins_word(self) -> list[bool]:
        """Whether each token begins a word, for all that the network knows."""
        count = self.network.get_input_embeddings().num_embeddings
        return [(self._tokens.id_to_token(token) or "").startswith(_BEGINNINGS) for token in range(count)]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        return self._tokens.decode(list(tokens), skip_special_tokens=True).strip()

    def embed(self, tokens: Tensor) -> Tensor:
        """Tokens [...] as the network reads them, [..., width]."""
        return self.network.get_input_embeddings()(tokens)

    def states(self, embedded: Tensor) -> Tensor:
        """The last layer's states, from embedded tokens, [N, T, width] each."""
        with self.lock:
            return self.network.base_model(inputs_embeds=embedded, use_cache=False).last_hidden_state

    def step(self, embedded: Tensor, cache: Any = None) -> tuple[Tensor, Any]:
        """`states` of texts that go on after what is in the cache of an earlier step, and the cache for the next."""
        with self.lock:
            out = self.network.base_model(inputs_embeds=embedded, past_key_values=cache, use_cache=True)
        return out.last_hidden_state, out.past_key_values

    @contextmanager
    def through(self, layers: Sequence[Callable[[Tensor], Tensor]]) -> Iterator[None]:
        """With a layer in front of each block, for as long as others wait; none for the network as it is."""

        def hook(layer: Callable[[Tensor], Tensor]) -> Any:
            return lambda block, given: (layer(given[0]), *given[1:])

        with self.lock:
            pairs = zip(self.blocks, layers, strict=True) if layers else ()
            handles = [block.register_forward_pre_hook(hook(layer)) for block, layer in pairs]
            try:
                yield
            finally:
                for handle in handles:
                    handle.remove()

    def logits(self, states: Tensor) -> Tensor:
        """From states [..., width] to the vocabulary."""
        return self.network.get_output_embeddings()(states)

    def generate(self, embedded: Tensor, mask: Tensor, **options: Any) -> Any:
        """transformers' `generate`; only fresh tokens come back."""
        with self.lock:
            return self.network.generate(
                inputs_embeds=embedded,
                attention_mask=mask,
                pad_token_id=self.end,
                eos_token_id=self.end,
                return_dict_in_generate=True,
                output_scores=True,
                **options,
            )
