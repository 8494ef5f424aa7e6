"""What runs a frozen network of photographs: PyTorch, and on a CPU with OpenVINO soon that, with equal results."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from fsl_demo import runtime

Forward = Callable[[np.ndarray], np.ndarray]
"""From uint8 pictures [N, H, W, 3] to float32 maps [N, C, h, w]."""
WORTH_CONVERTING = 64
"""Pictures after which the second that a conversion takes is won back."""


def installed() -> str:
    """The name of the engine that serves many pictures on a CPU."""
    return "PyTorch" if importlib.util.find_spec("openvino") is None else "OpenVINO"


class Engine:
    """Runs a timm network on pictures scaled to [-1, 1]. Threads may share it.

    Args:
        network: on `runtime.device()`, in evaluation.
        many: convert it before the first picture, so that equal batches have equal results from the start.
    """

    def __init__(self, network: Any, many: bool = False) -> None:
        self._network, self._forward = network, torch_forward(network)
        self._enough = 0 if many else WORTH_CONVERTING
        full = runtime.precision() == "no"
        self._converts = full and runtime.device().type == "cpu" and installed() == "OpenVINO"
        self._pictures, self._lock = 0, threading.Lock()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """`Forward`."""
        with self._lock:
            self._pictures += len(images)
            if self._converts and self._pictures > self._enough:
                self._forward, self._converts = openvino_forward(self._network), False
            return self._forward(images)


def torch_forward(network: Any) -> Forward:
    """As PyTorch runs it, on `runtime.device()`."""

    def run(images: np.ndarray) -> np.ndarray:
        with computing():
            return _maps(network, placed(images)).float().cpu().contiguous().numpy()

    return run


@contextmanager
def computing() -> Iterator[None]:
    """Without gradients, in the precision that was asked for (`runtime.precision`)."""
    import torch

    kind = {"no": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[runtime.precision()]
    mixed = kind != torch.float32
    with torch.inference_mode(), torch.autocast(runtime.device().type, kind if mixed else None, enabled=mixed):
        yield


def placed(images: np.ndarray) -> Any:
    """An array as a tensor on `runtime.device()`; to CUDA from memory that stays in place, which is quicker."""
    import torch

    tensor, device = torch.from_numpy(images), runtime.device()
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def openvino_forward(network: Any) -> Forward:
    """As OpenVINO runs it on the CPU, in float32, with as many threads as PyTorch has.

    OpenVINO's own `convert_model` reports its use over the network, and traces for twice as long. Importing OpenVINO
    reports that, too, by a fork, unless the package that does so cannot be imported.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    class Maps(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return _maps(self.network, images)

    example = torch.zeros(1, 32, 32, 3, dtype=torch.uint8)
    with torch.inference_mode():
        traced = torch.jit.trace(Maps().eval(), example, check_trace=False)
        decoder, frontend = (
            TorchScriptPythonDecoder(traced, skip_freeze=True),
            FrontEndManager().load_by_framework("pytorch"),
        )
        model = frontend.convert(frontend.load(decoder))
    model.reshape([-1, -1, -1, 3])
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    return lambda images: compiled(images)[0].copy()


def _maps(network: Any, images: Any) -> Any:
    import torch

    return network.forward_features(images.permute(0, 3, 1, 2).to(torch.float32).div(127.5).sub(1.0))
