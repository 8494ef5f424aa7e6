"""A vector of CLIP's space for each position of a picture, without training.

CLIP's picture towers are trained to give one vector a picture; read off position by position as they are, the last
layer's vectors hardly match the words for what is there. Each kind of tower has its published remedy:

- Vision transformers: ClearCLIP (Lan et al. 2024, arXiv:2407.12442). In the last block, positions attend to positions
  whose queries are like their own, and what the attention gives is taken alone, without residual and feed-forward.
- CLIP's ResNets: MaskCLIP (Zhou et al. 2022, arXiv:2112.01071). The values of the attention pool, projected.
- Networks that average their positions (MobileCLIP): class activation maps (Zhou et al. 2016, arXiv:1512.04150). The
  head is applied to each position; where it is linear, their mean is the picture's vector.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

Dense = Callable[[Any], Any]
"""From pictures [N, 3, H, W] to vectors [N, D, h, w]."""


def dense(tower: Any) -> Dense | None:
    """How to get at the positions of a picture tower of open_clip's; None for a kind with no remedy here."""
    from open_clip.modified_resnet import ModifiedResNet
    from open_clip.timm_model import TimmModel
    from open_clip.transformer import VisionTransformer
    from timm.layers import ClassifierHead
    from torch import nn

    if isinstance(tower, VisionTransformer):
        usual = tower.attn_pool is None and isinstance(tower.transformer.resblocks[-1].attn, nn.MultiheadAttention)
        return partial(_transformer, tower) if usual else None
    if isinstance(tower, ModifiedResNet):
        return partial(_resnet, tower)
    head = getattr(getattr(tower, "trunk", None), "head", None)
    averages = isinstance(tower, TimmModel) and isinstance(head, ClassifierHead) and head.global_pool.pool_type == "avg"
    return partial(_averaged, tower) if averages else None


def _transformer(tower: Any, images: Any) -> Any:
    tokens = tower._embeds(images)
    *blocks, last = tower.transformer.resblocks
    for block in blocks:
        tokens = block(tokens)
    tokens = tower.ln_post(_queries_to_queries(last.attn, last.ln_1(tokens)))[:, 1:] @ tower.proj
    return tokens.transpose(1, 2).unflatten(2, tower.grid_size)


def _queries_to_queries(attention: Any, tokens: Any) -> Any:
    """Attention weights from the products of queries with queries; [N, L, C] to [N, L, C]."""
    from torch.nn import functional

    query, _, value = (
        part.unflatten(2, (attention.num_heads, -1)).transpose(1, 2)
        for part in functional.linear(tokens, attention.in_proj_weight, attention.in_proj_bias).chunk(3, dim=2)
    )
    attended = functional.scaled_dot_product_attention(query, query, value)
    return attention.out_proj(attended.transpose(1, 2).flatten(2))


def _resnet(tower: Any, images: Any) -> Any:
    maps = tower.layer4(tower.layer3(tower.layer2(tower.layer1(tower.stem(images)))))
    pool = tower.attnpool
    return pool.c_proj(pool.v_proj(maps.movedim(1, 3))).movedim(3, 1)


def _averaged(tower: Any, images: Any) -> Any:
    maps = tower.trunk.forward_features(images)
    size = maps.shape[2:]
    single = maps.movedim(1, 3).flatten(0, 2)[:, :, None, None]
    return tower.head(tower.trunk.forward_head(single)).unflatten(0, (len(maps), *size)).movedim(3, 1)
