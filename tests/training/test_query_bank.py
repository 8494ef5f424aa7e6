"""The query bank is drawn from captions, and says how much pictures are like it on average."""

from pathlib import Path

import numpy as np
import pytest

from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.inference.compact_space import HEAD, SENTENCES, CompactSpace, likeness
from fsl_demo.training.calibration import query_bank
from tests.backbones.loaded import crops, networks

CAPTIONS = ["a cat looks at the camera", "two dogs run over the snow", "a cup of coffee on a table"]


def test_a_bank_is_captions_as_the_head_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_bank, "BANK", 2)
    space = CompactSpace(networks(), SENTENCES)
    pictures = space.towers.embed(crops("cat"))
    made = query_bank.query_bank(space, Captioned([Path("a"), Path("b")], [CAPTIONS[:1], CAPTIONS[1:]]), pictures)
    heads = space.texts([[caption] for caption in CAPTIONS])[:, :HEAD]
    assert made["bank"].shape == (2, HEAD) and (made["bank"].astype(float) @ heads.T).max(axis=1).min() > 0.999
    seen = space.project(pictures)[:, :HEAD] / np.sqrt(0.5)
    assert made["bank.typical"][0] == pytest.approx(likeness(seen, made["bank"]).mean(), abs=1e-3)
