"""OpenVINO gives the maps that PyTorch gives, says nothing to anybody, and is not needed."""

import subprocess
import sys

import numpy as np
import pytest

from fsl_demo import runtime
from fsl_demo.backbones import engine
from tests.backbones.loaded import crops, networks

BF16_COSINE = 0.98
"""Of a vector in bf16 with the one in float32, at least."""


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("tower", ["pictures", "whole_pictures"])
def test_both_engines_give_equal_maps(tower: str, count: int) -> None:
    backbone = getattr(networks(), tower)
    images = np.stack([backbone.prepare(picture) for picture in crops("cat")[:count]])
    plain = engine.torch_forward(backbone.load())(images)
    fast = engine.openvino_forward(backbone.load())(images)
    assert plain.shape == fast.shape and plain.max() > 1
    np.testing.assert_allclose(fast, plain, atol=2e-4)


@pytest.mark.process
def test_importing_openvino_and_converting_a_network_speaks_to_nobody() -> None:
    code = """
import sys

reached = []
watched = ("socket.connect", "socket.getaddrinfo", "os.fork", "os.posix_spawn", "subprocess.Popen")
sys.addaudithook(lambda event, values: reached.append(event) if event in watched else None)
import torch
from fsl_demo import runtime
from fsl_demo.backbones import engine

runtime.prepare("cpu")
reached.clear()


class Network(torch.nn.Conv2d):
    forward_features = torch.nn.Conv2d.forward


engine.openvino_forward(Network(3, 2, 3))
sent = [name for name in sys.modules if name.startswith("openvino_telemetry.")]
print("openvino" in sys.modules, reached, sent)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n")[-2] == "True [] []"


@pytest.mark.parametrize(
    ("device", "installed", "used"),
    [("cpu", "OpenVINO", "OpenVINO"), ("cpu", "PyTorch", "PyTorch"), ("cuda", "OpenVINO", "PyTorch")],
)
def test_many_pictures_on_a_cpu_take_openvino_where_it_is(
    device: str, installed: str, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def forward(name: str) -> engine.Forward:
        return lambda images: (ran.append(name), images)[1]

    monkeypatch.setattr(engine, "openvino_forward", lambda _: forward("OpenVINO"))
    monkeypatch.setattr(engine, "torch_forward", lambda _: forward("PyTorch"))
    monkeypatch.setattr(engine, "installed", lambda: installed)
    monkeypatch.setattr(runtime, "device", lambda: type("Device", (), {"type": device}))
    run = engine.Engine(None)
    images = np.zeros((engine.WORTH_CONVERTING // 2, 2, 2, 3), np.uint8)
    for _ in range(4):
        assert run(images) is images
    assert ran == ["PyTorch", "PyTorch", used, used]


@pytest.mark.parametrize("tower", ["pictures", "whole_pictures"])
def test_mixed_precision_gives_nearly_the_same_vectors(tower: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for a GPU: bf16 has 8 bits of mantissa wherever it runs."""
    backbone = getattr(networks(), tower)
    images = np.stack([backbone.prepare(picture) for picture in (*crops("cat")[:2], *crops("coffee")[:2])])
    run = engine.torch_forward(backbone.load())
    full = run(images).mean((2, 3))
    monkeypatch.setattr(runtime, "_precision", "bf16")
    mixed = run(images)
    assert mixed.dtype == np.float32
    vectors = mixed.mean((2, 3))
    assert not np.array_equal(vectors, full)
    cosines = (vectors * full).sum(1) / np.linalg.norm(vectors, axis=1) / np.linalg.norm(full, axis=1)
    assert cosines.min() > BF16_COSINE


def test_mixed_precision_stays_with_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_precision", "bf16")
    monkeypatch.setattr(engine, "installed", lambda: "OpenVINO")
    monkeypatch.setattr(engine, "torch_forward", lambda _: lambda images: images)
    monkeypatch.setattr(engine, "openvino_forward", lambda _: pytest.fail("it computes in float32"))
    run = engine.Engine(None)
    for _ in range(3):
        run(np.zeros((engine.WORTH_CONVERTING, 2, 2, 3), np.uint8))
