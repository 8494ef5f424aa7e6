"""The built-in vision-language model's defaults, measured again."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments import calibrate
from fsl_demo import checkpoints
from fsl_demo.captioners.prefix import PrefixCaptioner
from fsl_demo.core.episodes import Caption, quiet
from fsl_demo.datasets import cifar_fs
from fsl_demo.inference.compact_space import CHECKPOINT
from tests.backbones.loaded import crops, networks


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


def test_a_captioner_learns_again_what_it_doubts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped, pictures = checkpoints.load("prefix_captions"), [*crops("cat")[:2], *crops("coffee")[:2]]

    class Dictated(PrefixCaptioner):
        def describe(self, pictures: Any, progress: Any = quiet) -> list[Any]:
            return [[Caption("a cat", -1.0, fit=number / 3, doubtful=False)] for number in range(len(pictures))]

    monkeypatch.setitem(calibrate.CAPTIONERS, "prefix", Dictated)
    monkeypatch.setattr(calibrate, "Networks", lambda cache: networks())
    monkeypatch.setattr(calibrate, "ingest", lambda number: pictures[number])
    data = SimpleNamespace(validation=SimpleNamespace(files=range(4)))
    monkeypatch.setattr(calibrate.flickr8k, "read", lambda root: data)
    monkeypatch.setattr("sys.argv", ["calibrate", str(shipped.home), "--out", str(tmp_path)])
    calibrate.main()
    written = checkpoints.load("prefix_captions", tmp_path)
    assert written.arrays["doubt_below"][0] == pytest.approx(0.05)
    assert not np.array_equal(written.arrays["doubt_photographs"], shipped.arrays["doubt_photographs"])
    np.testing.assert_array_equal(written.arrays["mapper.layers.1.weight"], shipped.arrays["mapper.layers.1.weight"])
    assert written.card.figures == shipped.card.figures
