"""A tiny language model with a real tokenizer, trained on nothing, in a folder of checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo import checkpoints, runtime
from fsl_demo.backbones.language_model import CHECKPOINT, LanguageModel, network
from fsl_demo.training.objectives.language_model import tokenizer

TEXTS = ("a dog runs on the grass", "two children play in the snow", "a man rides a bike on the street")
ARCHITECTURE = {"vocabulary": 300, "width": 16, "layers": 2, "heads": 2, "hidden": 24}


def small_language(folder: Path, patch: pytest.MonkeyPatch) -> LanguageModel:
    """Written to `folder`, which becomes the folder of all checkpoints."""
    torch.manual_seed(0)
    weights = network(**ARCHITECTURE).state_dict().items()
    arrays = {
        name: value.numpy() * (20 if "embed" in name else 3) for name, value in weights if name != "lm_head.weight"
    }
    tokens = tokenizer(TEXTS, ARCHITECTURE["vocabulary"])
    arrays["tokenizer"] = np.frombuffer(tokens.to_str().encode(), np.uint8)
    checkpoints.save(CHECKPOINT, arrays, card={"architecture": ARCHITECTURE}, folder=folder)
    patch.setattr(checkpoints.layout, "FOLDER", folder)
    return LanguageModel()


def small_gpt2(folder: Path, width: int, heads: int) -> Path:
    """A tiny GPT-2, drawn at random, as transformers writes it."""
    runtime.guard_torchvision()
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    tokens = tokenizer(TEXTS, ARCHITECTURE["vocabulary"])
    PreTrainedTokenizerFast(tokenizer_object=tokens, eos_token="<end>").save_pretrained(folder)
    sizes: dict[str, Any] = {"vocab_size": ARCHITECTURE["vocabulary"], "n_embd": width, "n_layer": 2, "n_head": heads}
    config = GPT2Config(**sizes, n_positions=128, eos_token_id=0, bos_token_id=0)
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder
