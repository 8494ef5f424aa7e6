"""Variants of one network, compared over seeds."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from experiments import study
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.datasets.pairs import fixed_pairs
from fsl_demo.datasets.parts import Dataset, Part
from fsl_demo.layers.cbam import CBAM
from fsl_demo.training.objectives.metric import Sampling
from fsl_demo.training.schedule import Schedule

VARIANTS = [(name, variant) for name, variants in study.STUDIES.items() for variant in variants]


@pytest.fixture(scope="module")
def digits() -> dict[str, list[Picture]]:
    data = load_digits()
    return {
        str(digit): [
            from_image(Image.fromarray((image * 15.9).astype(np.uint8)).convert("RGB"), f"{i}")
            for i, image in enumerate(data.images[data.target == digit][:8])
        ]
        for digit in range(6)
    }


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_every_variant_learns(name: str, variant: str) -> None:
    torch.manual_seed(0)
    module = study.objective(variant, 4)
    labels = torch.arange(4).repeat_interleave(3).repeat(1 if name == "cbam" else 3)
    loss = module(torch.randn(len(labels), 1, 28, 28), labels)
    loss.backward()
    assert loss.isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in module.parameters())
    assert any(p.grad is not None and p.grad.abs().max() > 0 for p in module.embedder.parameters())


def blocks(variant: str) -> list[str]:
    return [
        type(module).__name__ for module in study.objective(variant, 4).embedder.modules() if isinstance(module, CBAM)
    ]


def test_each_mistake_is_where_its_name_says() -> None:
    assert blocks("without CBAM") == [] and blocks("CBAM") == ["CBAM"] * 3 and blocks("after pooling") == ["CBAM"]
    assert blocks("spatial MLP") == ["SpatialMlp"] * 3 and blocks("double sigmoid") == ["DoubleSigmoid"] * 3


def test_a_sigmoid_taken_twice_lets_everything_through() -> None:
    torch.manual_seed(0)
    block, maps = study.DoubleSigmoid(8).eval(), 3 * torch.randn(2, 8, 5, 5)
    block(maps)
    for attention in (block.channel, block.spatial):
        assert attention.min() >= 0.5 and attention.max() <= 0.7311


def test_norms_are_frozen_after_the_first_validation() -> None:
    module = study.objective("frozen norms", 4)
    norms = [layer for layer in module.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    module.train()
    assert all(norm.training for norm in norms)
    module.eval()
    module.train()
    assert module.training and not any(norm.training for norm in norms)


def test_the_flipped_label_is_the_only_change() -> None:
    losses = []
    for variant in ("with focal loss", "focal, flipped label"):
        torch.manual_seed(0)
        module = study.objective(variant, 2)
        labels, vectors = torch.tensor([0, 0, 1, 1]), torch.nn.functional.normalize(torch.eye(4)[[0, 0, 1, 1]])
        module.embedder.forward = lambda images, given=vectors: given
        losses.append(module(torch.zeros(4, 1), labels).item())
    assert losses[0] < losses[1]


def test_differences_are_paired_by_seed() -> None:
    runs = [
        {"variant": variant, "seed": seed, "test": test, "training": [0.5, 0.9, 0.7]}
        for variant, tests in {"plain": (0.5, 0.7, 0.6), "other": (0.6, 0.9, 0.6)}.items()
        for seed, test in enumerate(tests)
    ]
    plain, other = study.summary(runs, ("plain", "other"))
    assert (plain.test, plain.difference, plain.low, plain.high) == pytest.approx((0.6, 0, 0, 0))
    reach = 4.3027 * 0.1 / 3**0.5  # Student's t for two degrees of freedom; the differences 0.1, 0.2, 0 spread by 0.1
    assert (other.test, other.difference, other.low, other.high) == pytest.approx(
        (0.7, 0.1, 0.1 - reach, 0.1 + reach), abs=1e-4
    )
    assert (other.training_best, other.training_last, other.seeds) == (0.9, pytest.approx(0.7), 3)


def test_a_study_writes_every_run_and_the_curves(
    digits: dict[str, list[Picture]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "SEEDS", range(2))
    monkeypatch.setattr(study, "WAY", 2)
    monkeypatch.setattr(study, "EPISODES", 5)
    monkeypatch.setattr(study, "SCHEDULE", Schedule(epochs=2, rate=3e-3, decay=0.01))
    monkeypatch.setattr(study, "SAMPLING", Sampling(size=12, together=4))
    parts = [dict(list(digits.items())[start : start + 2]) for start in (0, 2, 4)]
    data = Dataset("digits", "", *(Part(part, fixed_pairs(part, 20)) for part in parts))
    lines: list[str] = []
    rows = study.study("s3net", data, folder=tmp_path / "runs", out=tmp_path / "out", tell=lines.append)
    document = json.loads((tmp_path / "out/s3net.json").read_text(encoding="utf-8"))
    assert [row.variant for row in rows] == list(study.STUDIES["s3net"]) and len(document["runs"]) == 6
    assert all(0 <= run["test"] <= 1 and len(run["training"]) == 2 for run in document["runs"])
    curves = ElementTree.fromstring((tmp_path / "out/s3net.svg").read_text(encoding="utf-8"))
    assert len(curves.findall("{http://www.w3.org/2000/svg}polyline")) == 3
    assert study.study("s3net", data, folder=tmp_path / "runs", out=tmp_path / "out", tell=lines.append) == rows
    assert "S3Net, seed 1: going on after epoch 2" in lines
