"""Process set-up: the guard around torchvision both ways, the offline switches, the choice of a device."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from fsl_demo import runtime
from fsl_demo.core.errors import UserError

ROOT = Path(__file__).parents[1]
SWITCHES = {"HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "GRADIO_ANALYTICS_ENABLED", "OMP_WAIT_POLICY"}


def in_fresh_process(code: str, **environment: str) -> Any:
    """What `code` prints as JSON, in a Python that has none of our switches set."""
    clean = {name: value for name, value in os.environ.items() if name not in SWITCHES | {"OMP_NUM_THREADS"}}
    done = subprocess.run(
        [sys.executable, "-c", f"import json, os\nfrom fsl_demo import runtime\n{code}"],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def device_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_device", "cpu")


@pytest.fixture(scope="module")
def beside() -> Any:
    """What a process reports that is set up for one thread and uses torchvision."""
    return in_fresh_process("""
runtime.prepare(threads=1)
declared = runtime.guard_torchvision()
import torch, torchvision
from torchvision.transforms import v2
again = runtime.guard_torchvision()
box = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
print(json.dumps({
    "cuda": torch.version.cuda is not None,
    "declared": declared,
    "again": again,
    "resized": list(v2.Resize((4, 6))(torch.zeros(3, 8, 8)).shape),
    "overlap": torchvision.ops.box_iou(box, box).item(),
    "threads": torch.get_num_threads(),
}))
""")


@pytest.mark.slow
@pytest.mark.process
def test_torchvision_can_be_imported_and_used_beside_this_torch(beside: Any) -> None:
    assert beside["resized"] == [3, 4, 6]
    assert beside["overlap"] == 1.0
    assert beside["again"] == beside["declared"]
    if sys.platform == "linux":
        assert beside["declared"] == (not beside["cuda"])


@pytest.mark.slow
@pytest.mark.process
def test_threads_reach_torch(beside: Any) -> None:
    assert beside["threads"] == 1


@pytest.mark.slow
@pytest.mark.process
def test_nothing_is_declared_where_the_operators_load() -> None:
    code = """
import torch
loaded = []
torch.ops.load_library = loaded.append
declared = runtime.guard_torchvision()
print(json.dumps({
    "declared": declared,
    "loaded": len(loaded),
    "kept": runtime._library is not None,
    "there": hasattr(torch.ops.torchvision, "nms"),
}))
"""
    report = in_fresh_process(code)
    assert report == {"declared": False, "loaded": report["loaded"], "kept": False, "there": False}
    assert report["loaded"] >= 1


def test_nothing_is_declared_without_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_library", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert runtime.guard_torchvision() is False
    assert runtime._library is None


@pytest.mark.process
def test_setting_up_keeps_the_process_offline_and_does_not_import_torch() -> None:
    code = """
import sys
runtime.prepare(threads=1)
names = ["HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "GRADIO_ANALYTICS_ENABLED", "OMP_WAIT_POLICY"]
print(json.dumps([*(os.environ[name] for name in names), os.environ["OMP_NUM_THREADS"], "torch" in sys.modules]))
"""
    assert in_fresh_process(code) == ["1", "1", "False", "PASSIVE", "1", False]


@pytest.mark.process
def test_a_switch_that_the_person_has_set_stays() -> None:
    code = "runtime.prepare()\nprint(json.dumps(os.environ['OMP_WAIT_POLICY']))"
    assert in_fresh_process(code, OMP_WAIT_POLICY="ACTIVE") == "ACTIVE"


@pytest.mark.usefixtures("device_as_it_was")
def test_auto_takes_cuda_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    runtime.prepare("auto")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert runtime.device() == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert runtime.device() == torch.device("cuda")


@pytest.mark.usefixtures("device_as_it_was")
@pytest.mark.parametrize(
    ("asked", "reason"),
    [("cuda", "no CUDA device"), ("cuda:3", "no CUDA device"), ("mps", "no MPS device"), ("toaster", "not a device")],
)
def test_a_device_that_is_not_there_is_refused_in_words(
    asked: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    runtime.prepare(asked)
    with pytest.raises(ValueError, match=f"--device {asked}: .*{reason}"):
        runtime.device()


@pytest.mark.usefixtures("device_as_it_was")
def test_a_number_beyond_the_last_cuda_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    runtime.prepare("cuda:1")
    assert runtime.device() == torch.device("cuda:1")
    runtime.prepare("cuda:2")
    with pytest.raises(ValueError, match=r"--device cuda:2: .*2 CUDA devices"):
        runtime.device()


def _of_the_device() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory")


def _of_the_machine() -> None:
    raise MemoryError


@pytest.mark.parametrize("full", [_of_the_device, _of_the_machine, lambda: torch.empty(10**15)])
def test_memory_that_does_not_suffice_is_a_sentence(full: Callable[[], object]) -> None:
    with pytest.raises(UserError, match="not enough memory"), runtime.memory_trouble():
        full()


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="another"), runtime.memory_trouble():
        raise RuntimeError("another")


def test_a_server_computes_products_in_the_thread_that_asks() -> None:
    threads = in_fresh_process("""
runtime.prepare()
runtime.share_cores()
import numpy, threadpoolctl
print(json.dumps([library["num_threads"] for library in threadpoolctl.threadpool_info()]))
""")
    assert threads == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_what_a_thread_has_freed_is_used_by_the_next() -> None:
    grown = in_fresh_process("""
runtime.prepare()
import threading
pages, page = lambda: int(open("/proc/self/statm").read().split()[1]), os.sysconf("SC_PAGE_SIZE")
def use(done):
    block = b"x" * (32 << 20)
    del block
    done.set()
    end.wait()
end, before = threading.Event(), pages()
for _ in range(6):
    done = threading.Event()
    threading.Thread(target=use, args=(done,)).start()
    done.wait()
print(json.dumps((pages() - before) * page >> 20))
end.set()
""")
    assert grown < 2 * 32
