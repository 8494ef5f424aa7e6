"""COCO's detector: its weights are fetched or brought, never taken for others, and it says what is where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from fsl_demo import runtime
from fsl_demo.backbones import coco_detector
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.detectors.coco_things import CocoThingDetector
from tests import serving
from tests.cli.conftest import Call
from tests.serving import Answer, Site

NAMES = ["__background__", "person", "N/A", "dog"]
published = coco_detector._published


def tiny() -> Any:
    """Of the same architecture, a hundredth of the size."""
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.anchor_utils import AnchorGenerator

    body: Any = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 8, stride=8), torch.nn.ReLU())
    body.out_channels = 8
    return FasterRCNN(
        body,
        num_classes=len(NAMES),
        min_size=64,
        max_size=96,
        rpn_anchor_generator=AnchorGenerator(((16, 32),), ((1.0,),)),
        rpn_pre_nms_top_n_test=20,
        rpn_post_nms_top_n_test=10,
        box_score_thresh=0.0,
    )


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    runtime.guard_torchvision()
    torch.manual_seed(0)
    torch.save(tiny().state_dict(), tmp_path / "theirs.pth")
    return tmp_path / "theirs.pth"


@pytest.fixture
def site(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(runtime, "_device", "cpu")
    monkeypatch.setattr(coco_detector, "blank", tiny)
    digits = hashlib.sha256(weights.read_bytes()).hexdigest()[:8]
    with serving.hub(monkeypatch) as running:
        known = SimpleNamespace(url=f"{running.address}/coco-{digits}.pth", meta={"categories": NAMES})
        monkeypatch.setattr(coco_detector, "_published", lambda: known)
        yield running


def place(site: Site) -> str:
    return str(coco_detector._published().url).removeprefix(site.address)


def test_downloaded_weights_find_things(call: Call, site: Site, weights: Path) -> None:
    site.answers[place(site)] = Answer(weights.read_bytes(), named=False)
    outcome = call("weights", "download", coco_detector.OFFER.name)
    assert (outcome.code, outcome.out.strip()) == (0, str(coco_detector.file()))
    assert call("weights", "download", coco_detector.OFFER.name).code == 0 and len(site.asked) == 1
    listed = {row["name"]: row for row in call("weights", "list", "--format", "json").json()["weights"]}
    assert listed[coco_detector.OFFER.name]["here"]
    facts = call("weights", "check", coco_detector.OFFER.name, "--device", "cpu", "--format", "json").json()
    assert facts["classes"] == 2
    detector = CocoThingDetector(Networks(FeatureCache()))
    pictures = [from_image(Image.effect_noise(size, 80).convert("RGB"), "noise.png") for size in ((90, 60), (1, 1))]
    regions, _ = detector.detect(pictures)
    scores = [region.score for region in regions]
    assert scores == sorted(scores, reverse=True) and scores[0] >= 0.05
    for region in regions:
        left, top, right, bottom = region.box
        assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1
        assert region.words[0][0] in NAMES[1:]


def test_a_brought_file_is_copied_only_if_it_is_the_right_one(call: Call, site: Site, weights: Path) -> None:
    other = weights.with_name("other.pth")
    other.write_bytes(weights.read_bytes() + b"!")
    for path, sentence in ((other, "does not hold the weights"), (weights.with_name("none.pth"), "no weights at")):
        refused = call("weights", "download", f"{coco_detector.OFFER.name}:{path}")
        assert refused.code == 1 and sentence in refused.err and not coco_detector.file().exists()
    assert call("weights", "download", f"{coco_detector.OFFER.name}:{weights}").code == 0
    assert coco_detector.file().read_bytes() == weights.read_bytes() and not site.asked


def test_other_bytes_than_announced_are_not_kept(site: Site, weights: Path) -> None:
    site.answers[place(site)] = Answer(weights.read_bytes()[:-1], named=False)
    with pytest.raises(UserError) as refused:
        coco_detector.download()
    assert refused.value.code == "download_differs" and not coco_detector.file().exists()


def test_absent_and_damaged_weights_are_said(site: Site, weights: Path) -> None:
    detector, picture = CocoThingDetector(Networks(FeatureCache())), from_image(Image.new("RGB", (9, 9)), "x.png")
    with pytest.raises(UserError) as refused:
        detector.detect([picture])
    assert refused.value.code == "coco_absent" and "175 MB" in str(refused.value) and "BSD" in str(refused.value)
    coco_detector.bring(weights)
    coco_detector.file().write_bytes(b"damaged")
    with pytest.raises(UserError) as refused:
        detector.detect([picture])
    assert refused.value.code == "weights_other"


def test_the_network_is_the_one_that_torchvision_publishes() -> None:
    known = published()
    with torch.device("meta"):
        network = coco_detector.blank()
    assert sum(values.numel() for values in network.parameters()) == known.meta["num_params"]
    assert len(known.meta["categories"]) == 91 and len(coco_detector.digits()) == 8
    assert coco_detector.OFFER.megabytes == pytest.approx(known.meta["_file_size"] * 1.048576, abs=1)
