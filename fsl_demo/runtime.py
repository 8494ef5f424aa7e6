"""Process set-up that must come before torch: allocator, threads, offline switches, torchvision.

`prepare` is called first by every door (`app.py`, the command line, the tests).
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.core.errors import UserError

if TYPE_CHECKING:
    import torch

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # <malloc.h>
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
}
_device, _precision = "cpu", "no"
_library: object = None
_guard_lock = threading.Lock()


def prepare(device: str = "auto", threads: int | None = None, precision: str = "no") -> None:
    """Set the process up; the device and threads take effect when torch is first used.

    Args:
        device: "auto", "cpu", or what torch calls a device ("cuda", "cuda:1", "mps").
        threads: for torch; its own choice by default.
        precision: of what frozen networks compute: "no" (all in float32), "bf16" or "fp16" (mixed).
    """
    global _device, _precision
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    _keep_freed_memory()
    _device, _precision = device, precision


def share_cores() -> None:
    """Let NumPy compute in the thread that asks, for a server whose jobs run beside each other; before NumPy is loaded.

    OpenBLAS's threads wait for each other by spinning: where cores are taken, a product of 27 pictures' features by two
    threads costs fifteen times what it costs by one.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def precision() -> str:
    """Of what frozen networks compute: "no" (all in float32), "bf16" or "fp16" (mixed)."""
    return _precision


def device() -> torch.device:
    """The device that models run on.

    Raises:
        ValueError: when the device asked for is not there.
    """
    import torch

    if _device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(_device)
    except RuntimeError as error:
        raise ValueError(f"--device {_device}: not a device; choose auto, cpu, cuda, cuda:1 or mps") from error
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"--device {_device}: this torch sees no CUDA device")
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"--device {_device}: this torch sees {torch.cuda.device_count()} CUDA devices, from cuda:0")
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError(f"--device {_device}: this torch sees no MPS device")
    return chosen


@contextmanager
def memory_trouble() -> Iterator[None]:
    """Turn memory that does not suffice, of the machine or of the device, into `memory_short`."""
    try:
        yield
    except MemoryError as error:
        raise UserError("memory_short", device="cpu") from error
    except RuntimeError as error:
        if not (_is_devices(error) or "DefaultCPUAllocator" in str(error)):
            raise
        raise UserError("memory_short", device=device()) from error


def _is_devices(error: RuntimeError) -> bool:
    """Whether torch, which may not be loaded, says that a device's memory does not suffice."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(error, torch.OutOfMemoryError)


def _keep_freed_memory() -> None:
    """Stop glibc from returning every big block to the kernel after each layer (about twice as fast).

    What a thread has used is the next one's: else each job's thread would keep as much as a network takes.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
        mallopt(_M_ARENA_MAX, 1)


@contextmanager
def making_what_stays() -> Iterator[None]:
    """Exempt the modules and networks that are loaded in here from garbage collection.

    Python holds up all threads while it looks through everything that there is: up to a second for what a server loads.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def guard_torchvision() -> bool:
    """Make `import torchvision` work beside a CPU-only torch; do nothing where its operators load.

    torchvision's Linux wheel is linked against CUDA. Beside a CPU-only torch its library does not load, so
    `torchvision::nms` does not exist and the import fails. `box_operators` declares it, and `roi_align`.

    Returns:
        True when the operators had to be declared.
    """
    global _library
    import torch

    with _guard_lock:
        spec = importlib.util.find_spec("torchvision")
        if spec is None or not spec.submodule_search_locations or _library is not None:
            return _library is not None
        folder = Path(next(iter(spec.submodule_search_locations)))
        compiled = [file for file in folder.glob("_C.*") if file.suffix in (".so", ".pyd", ".dylib")]
        try:
            for file in compiled:
                torch.ops.load_library(str(file))
            return False
        except OSError:
            from fsl_demo import box_operators

            _library = box_operators.declare()
            return True
