"""Pictures that show little are told from those that show something."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from fsl_demo.core.pictures import from_image
from fsl_demo.evaluation.diagnosis.quality import Fault, Look, faults, look


def measured(image: Image.Image) -> Look:
    return look(from_image(image, "a.png"))


def sharp(side: int = 200) -> Image.Image:
    random = np.random.default_rng(0)
    blocks = random.integers(0, 255, (side // 10, side // 10, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((side, side), Image.Resampling.NEAREST)


@pytest.mark.parametrize(
    ("image", "fault"),
    [
        (sharp(), None),
        (sharp().filter(ImageFilter.GaussianBlur(6)), "blurred"),
        (ImageEnhance.Brightness(sharp()).enhance(0.1), "dark"),
        (Image.new("RGB", (200, 200), "white"), "uniform"),
        (Image.new("RGB", (200, 200), "black"), "dark"),
        (sharp(20), "tiny"),
        (Image.new("RGB", (1, 1), "white"), "uniform"),
    ],
)
def test_the_fault_of_a_picture_among_good_ones(image: Image.Image, fault: Fault | None) -> None:
    assert faults([measured(sharp()), measured(image), measured(sharp(220))])[1] == fault


def test_a_set_of_small_pictures_is_not_tiny() -> None:
    assert faults([measured(sharp(30))] * 5) == [None] * 5
    assert faults([]) == []
