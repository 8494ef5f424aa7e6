"""The detector of things of any kind, with the weights that are shipped."""

from __future__ import annotations

import numpy as np
from PIL import Image
from skimage.data import astronaut

from fsl_demo import detectors
from fsl_demo.core.pictures import from_image
from tests.backbones.loaded import networks


def test_a_person_is_a_thing() -> None:
    pictures = [
        from_image(Image.fromarray(astronaut()), "astronaut.png"),
        from_image(Image.fromarray(np.full((1, 1, 3), 9, np.uint8)), "dot.png"),
    ]
    detector = detectors.build(networks())["things"]
    person, dot = detector.detect(pictures)
    assert person[0].words[0][0] == "person" and person[0].score > 0.5
    assert person[0].area > 0.2 and list(person) == sorted(person, key=lambda region: -region.score)
    assert all(0 < region.area <= 1 for region in dot)
