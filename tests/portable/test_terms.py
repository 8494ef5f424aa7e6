"""The terms of what weights were trained on stay with what was tuned from them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from fsl_demo import checkpoints
from fsl_demo.core.shipped import CHECKPOINTS
from fsl_demo.portable.terms import TERMS, licence


def test_a_tuned_version_keeps_the_terms_of_what_it_began_with(tmp_path: Path) -> None:
    shutil.copytree(CHECKPOINTS / "compact_vlm", tmp_path / "compact_vlm")
    first = checkpoints.load(tmp_path / "compact_vlm")
    card = first.card.model_copy(
        update={"data": "collection Pets@1", "pretraining": "compact_vlm", "architecture": None, "sha256": "0" * 64}
    )
    tuned = replace(first, version=2, card=card, sha256=card.sha256)
    text = licence([tuned])
    assert "compact_vlm, version 2" in text and "compact_vlm, version 1" in text
    assert "collection Pets@1" in text
    assert TERMS["flickr8k"] in text


def test_a_network_keeps_the_terms_of_the_one_that_it_was_trained_from() -> None:
    text = licence([checkpoints.load("can_photographs")])
    assert "siamese_photographs, version 1" in text
    assert TERMS["EfficientNet"] in text
