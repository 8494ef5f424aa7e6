"""Low-rank changes of a network's weights while it learns, through `peft` (LoRA, Hu et al. 2022, arXiv:2106.09685)."""

from __future__ import annotations

import numpy as np
from torch import nn

from fsl_demo.core.errors import UserError

ADAPTER = "default"


def inject(network: nn.Module, rank: int, alpha: int) -> dict[str, nn.Parameter]:
    """Put a change that is none yet beside each linear layer and each attention of a frozen network.

    Attention is `nn.MultiheadAttention`, whose queries, keys and values come from one matrix; `peft` changes that
    matrix and the projection behind it. One whose keys have another width than its queries stays as it is.

    Returns:
        The parameters that learn, by their names in the network.

    Raises:
        UserError: `lora_missing`.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise UserError("lora_missing") from error
    modules = _targets(network)
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=alpha, target_modules=modules), network, ADAPTER)
    return {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}


def _targets(network: nn.Module) -> list[str]:
    attentions = {name: module for name, module in network.named_modules() if isinstance(module, nn.MultiheadAttention)}
    linear = [
        name
        for name, module in network.named_modules()
        if type(module) is nn.Linear and not name.startswith(tuple(f"{inside}." for inside in attentions))
    ]
    return [name for name, module in attentions.items() if module._qkv_same_embed_dim] + linear


def changes(network: nn.Module, values: dict[str, np.ndarray], rank: int, alpha: int) -> dict[str, np.ndarray]:
    """What to add to the weights of the network as it was: `W.down` and `W.up`, whose product is the change of W.

    Args:
        network: after `inject`.
        values: of its parameters that learn, as of `inject`.
    """
    arrays = {}
    for name, value in values.items():
        stem, side = name.removesuffix(f".{ADAPTER}.weight").rsplit(".", 1)
        layer = network.get_submodule(stem)
        fused = isinstance(layer.get_submodule("base_layer"), nn.MultiheadAttention)
        weight = f"{stem.replace('.base_layer', '')}.{'in_proj_weight' if fused else 'weight'}"
        arrays[f"{weight}.{'down' if side == 'lora_A' else 'up'}"] = value * (1.0 if side == "lora_A" else alpha / rank)
    return arrays
