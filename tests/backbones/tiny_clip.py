"""Tiny architectures for open_clip, whose weights the tests draw and save: they prove the path, not an accuracy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from fsl_demo import runtime

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1}
VIT = {"image_size": 32, "layers": 2, "width": 128, "patch_size": 8}
RESNET = {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 64, "patch_size": None}
MOBILE = {"timm_model_name": "fastvit_t8", "timm_model_pretrained": False, "timm_pool": "avg", "timm_proj": None}
CONFIGS: dict[str, dict[str, Any]] = {
    "tiny": {"embed_dim": 16, "vision_cfg": VIT, "text_cfg": TEXT},
    "tiny-quickgelu": {"embed_dim": 16, "quick_gelu": True, "vision_cfg": VIT, "text_cfg": TEXT},
    "tiny-finer": {"embed_dim": 16, "vision_cfg": VIT | {"image_size": 48}, "text_cfg": TEXT},
    "tiny-deeper": {"embed_dim": 16, "vision_cfg": VIT | {"layers": 3}, "text_cfg": TEXT},
    "tiny-resnet": {"embed_dim": 16, "vision_cfg": RESNET, "text_cfg": TEXT},
    "tiny-mobile": {"embed_dim": 16, "vision_cfg": MOBILE | {"image_size": 64}, "text_cfg": TEXT, "custom_text": True},
    "tiny-pooler": {"embed_dim": 16, "vision_cfg": VIT | {"attentional_pool": True}, "text_cfg": TEXT},
    "tiny-foreign": {"embed_dim": 16, "vision_cfg": VIT, "text_cfg": TEXT | {"hf_tokenizer_name": "somebody/else"}},
}
RECIPE = {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.25, 0.3), "interpolation": "bilinear", "resize_mode": "squash"}


def library() -> Any:
    """open_clip, which needs the guard before its first import."""
    runtime.guard_torchvision()
    import open_clip

    return open_clip


def register(monkeypatch: pytest.MonkeyPatch, tags: dict[str, dict[str, dict[str, Any]]] | None = None) -> None:
    """Make open_clip know the tiny architectures, and published weights of them, for one test.

    Args:
        tags: by architecture and tag: what is to differ from `RECIPE`.
    """
    for name, config in CONFIGS.items():
        monkeypatch.setitem(library().factory._MODEL_CONFIGS, name, config)
    for name, known in (tags or {}).items():
        whole = {tag: {"url": "", "hf_hub": "", **RECIPE, **more} for tag, more in known.items()}
        monkeypatch.setitem(library().pretrained._PRETRAINED, name, whole)


def draw(name: str, seed: int = 0) -> Any:
    """A network with weights drawn at random, those that begin as zeros or ones too."""
    torch.manual_seed(seed)
    network = library().create_model(name, load_weights=False)
    for key, value in network.state_dict().items():
        if value.dtype == torch.float32 and key != "logit_scale":
            value.add_(0.05 * torch.rand_like(value))
    return network.eval()


def save(name: str, file: Path, seed: int = 0) -> Path:
    """Draw a network and save it, as safetensors or as a state dict."""
    state = draw(name, seed).state_dict()
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".safetensors":
        save_file(state, file)
    else:
        torch.save(state, file)
    return file


def save_folder(name: str, folder: Path, **more: Any) -> Path:
    """A folder that says itself what is in it."""
    save(name, folder / "open_clip_model.safetensors")
    described = {"model_cfg": CONFIGS[name] | more, "preprocess_cfg": RECIPE}
    (folder / "open_clip_config.json").write_text(json.dumps(described), encoding="utf-8")
    return folder
