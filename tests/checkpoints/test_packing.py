"""Large checkpoints take half the room, and say nearly the same."""

from pathlib import Path

import numpy as np
import pytest

from fsl_demo import checkpoints
from fsl_demo.checkpoints import packing
from fsl_demo.checkpoints.reading import parse_weights
from fsl_demo.core.errors import UserError


def test_rows_of_a_large_checkpoint_keep_their_directions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    arrays = {
        "weight": (random.normal(size=(8, 6, 3, 3)) * 10.0 ** random.integers(-4, 2, (8, 1, 1, 1))).astype(np.float16),
        "bias": random.normal(size=8).astype(np.float16),
        "numbers": np.arange(12).reshape(3, 4),
        "nothing": np.zeros((2, 3), np.float16),
        "empty": np.zeros((0, 3), np.float16),
    }
    plain = checkpoints.load(checkpoints.save("plain", arrays, card={}, folder=tmp_path))
    monkeypatch.setattr(packing, "PACKED_FROM", 100)
    small = checkpoints.load(checkpoints.save("small", arrays, card={}, folder=tmp_path))
    assert small.arrays.keys() == plain.arrays.keys() and small.card.parameters == plain.card.parameters
    for name in ("bias", "numbers", "nothing", "empty"):
        np.testing.assert_array_equal(small.arrays[name], arrays[name])
    rows, kept = (part["weight"].astype(np.float64).reshape(8, -1) for part in (arrays, small.arrays))
    assert small.arrays["weight"].dtype == np.float16
    assert (np.abs(kept - rows).max(axis=1) <= np.abs(rows).max(axis=1) * (0.5 / 127 + 1e-3)).all()
    assert not np.array_equal(kept, rows)


def test_scales_of_another_matrix_are_refused() -> None:
    from safetensors.numpy import save

    data = save({"weight": np.ones((4, 2), np.int8), "weight.scale": np.ones(3, np.float32)})
    with pytest.raises(UserError) as refused:
        parse_weights(data, "odd")
    assert refused.value.code == "weights_unreadable"
