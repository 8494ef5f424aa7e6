"""Pictures of a training, seen by the towers many at once."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.pictures import from_image
from fsl_demo.datasets.parts import Cutout
from fsl_demo.training import reading
from tests.backbones.loaded import crops, networks


def test_pictures_and_parts_of_them_are_seen_as_methods_see_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GROUPS", {"cpu": 2})
    image = Image.fromarray(np.asarray(crops("cat")[0].image()))
    file, box = tmp_path / "cat.png", (10, 20, 90, 110)
    image.save(file)
    small, large = reading.pooled(networks(), [file, Cutout(file, box), file])
    shared = networks()
    pictures = [from_image(part, "cat") for part in (image, image.crop(box), image)]
    for vectors, tower in ((small, shared.pictures), (large, shared.whole_pictures)):
        np.testing.assert_allclose(vectors, shared.features.pooled(tower, pictures), atol=1e-4)
