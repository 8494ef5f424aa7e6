"""The built-in vision-language model's defaults, measured again."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments import calibrate
from fsl_demo import checkpoints
from fsl_demo.datasets import cifar_fs
from fsl_demo.inference.compact_space import CHECKPOINT


def test_a_version_has_the_same_heads_and_new_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = checkpoints.load(CHECKPOINT)
    defaults = {name: np.arange(6, dtype=np.float32) for name in ("temperature", "none_below")}
    asked: list[Any] = []

    def calibrated(method: Any, classes: Any) -> tuple[dict[str, np.ndarray], list[dict[str, float]]]:
        asked.extend([method.weights(method.Settings()), classes])
        return defaults, [{"worth": 2.0}]

    data = SimpleNamespace(validation=SimpleNamespace(classes={"cat": []}))
    monkeypatch.setattr(calibrate, "calibrated", calibrated)
    monkeypatch.setattr(cifar_fs, "read", lambda root: data)
    monkeypatch.setattr("sys.argv", ["calibrate", str(shipped.home), "--out", str(tmp_path)])
    calibrate.main()
    written = checkpoints.load(CHECKPOINT, tmp_path)
    assert shipped.sha256[:16] in asked[0] and asked[1] == {"cat": []}
    for name, array in shipped.arrays.items():
        expected = defaults.get(name, array)
        np.testing.assert_allclose(written.arrays[name], expected, atol=1e-3 * max(np.abs(expected).max(), 1e-6))
    figures = written.card.as_dict()["figures"]
    assert figures["calibration"] == [{"worth": 2.0}] and "test" not in figures
    assert figures["validation"] == shipped.card.as_dict()["figures"]["validation"]
