"""Low-rank changes of a network's weights while it learns, through `peft` (LoRA, Hu et al. 2022, arXiv:2106.09685)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from torch import nn

from fsl_demo.core.errors import UserError

ADAPTER = "default"
READERS = ("MultiheadAttention", "AttentionPool2d")
"""Modules of torch and open_clip that read the weights of the linear layers in them, which are never called."""


def inject(network: nn.Module, rank: int, alpha: int) -> dict[str, nn.Parameter]:
    """Put a change that is none yet beside each linear layer and each attention of a frozen network.

    Of an `nn.MultiheadAttention` the matrix is changed that queries, keys and values come from, as of CLIP-LoRA. The
    projection behind it stays as it is: peft 0.21.2 adds its change twice. So does an attention whose keys have another
    width than its queries, which peft refuses.

    Returns:
        The parameters that learn, by their names in the network.

    Raises:
        UserError: `lora_missing`.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise UserError("lora_missing") from error
    modules = list(_targets(network))
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=alpha, target_modules=modules), network, ADAPTER)
    for name, parameter in network.named_parameters():
        if ".base_layer.out_proj." in name:
            parameter.requires_grad_(False)
    return {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}


def _targets(network: nn.Module) -> Iterator[str]:
    modules = list(network.named_modules())
    readers = tuple(f"{name}." for name, module in modules if type(module).__name__ in READERS)
    for name, module in modules:
        fused = isinstance(module, nn.MultiheadAttention) and module._qkv_same_embed_dim
        if fused or (type(module) is nn.Linear and not name.startswith(readers)):
            yield name


def changes(network: nn.Module, values: Mapping[str, np.ndarray], rank: int, alpha: int) -> dict[str, np.ndarray]:
    """What to add to the weights of the network as it was: `W.down` and `W.up`, whose product is the change of W.

    Args:
        network: after `inject`.
        values: of its parameters that learn, as of `inject`.
    """
    arrays = {}
    for name, value in values.items():
        stem, side = name.removesuffix(f".{ADAPTER}.weight").rsplit(".", 1)
        fused = isinstance(network.get_submodule(f"{stem}.base_layer"), nn.MultiheadAttention)
        weight = f"{stem}.{'in_proj_weight' if fused else 'weight'}"
        arrays[f"{weight}.{'down' if side == 'lora_A' else 'up'}"] = value * (1.0 if side == "lora_A" else alpha / rank)
    return arrays
