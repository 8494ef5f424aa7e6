"""Networks trained here from nothing. Each turns pictures [N, colours, H, W] into maps [N, channels, h, w].

With `cbam`, attention sits where its paper puts it: after the last batch norm of a residual block, before the
addition; in a plain stack after the pooling.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from fsl_demo.layers.cbam import CBAM


class Twin(nn.Sequential):
    """One branch of a small Siamese network (Koch et al. 2015) for ink: with a head of 32, under 30,000 parameters."""

    channels = 40

    def __init__(self, colours: int, cbam: bool = False) -> None:
        super().__init__(_plain(colours, 16, cbam), _plain(16, 32, cbam), _plain(32, self.channels, cbam))


class Conv4(nn.Sequential):
    """Four blocks of 64 channels (Vinyals et al. 2016; Snell et al. 2017), the last one not pooled."""

    channels = 64

    def __init__(self, colours: int, cbam: bool = False) -> None:
        super().__init__(
            _plain(colours, 64, cbam), _plain(64, 64, cbam), _plain(64, 64, cbam), _plain(64, 64, cbam, pool=False)
        )


class ResNet10(nn.Sequential):
    """A stem and four residual blocks of two convolutions (He et al. 2016), for faces of 64 x 64 pixels."""

    channels = 256

    def __init__(self, colours: int, cbam: bool = False) -> None:
        super().__init__(
            nn.Sequential(*_convolution(before=colours, after=32, kernel=5, stride=2), nn.ReLU()),
            _Residual((32, 32, 32), 1, cbam),
            _Residual((32, 64, 64), 2, cbam),
            _Residual((64, 128, 128), 2, cbam),
            _Residual((128, 256, 256), 2, cbam),
        )


class ResNet12(nn.Sequential):
    """Four residual blocks of three convolutions (Oreshkin et al. 2018, arXiv:1805.10123), each but the last one
    pooled, for pictures of 32 x 32 pixels."""

    channels = 512

    def __init__(self, colours: int, cbam: bool = False) -> None:
        super().__init__(
            nn.Sequential(_Residual((colours, 64, 64, 64), 1, cbam), nn.MaxPool2d(2)),
            nn.Sequential(_Residual((64, 128, 128, 128), 1, cbam), nn.MaxPool2d(2)),
            nn.Sequential(_Residual((128, 256, 256, 256), 1, cbam), nn.MaxPool2d(2)),
            _Residual((256, 512, 512, 512), 1, cbam),
        )


class _Residual(nn.Module):
    """3 x 3 convolutions from width to width, of which the first one strides, beside a strided 1 x 1 shortcut."""

    def __init__(self, widths: tuple[int, ...], stride: int, cbam: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, (before, after) in enumerate(pairwise(widths)):
            own_stride = 1 if number else stride
            layers += [*_convolution(before=before, after=after, kernel=3, stride=own_stride), nn.ReLU()]
        self.path = nn.Sequential(*layers[:-1])
        self.attention = CBAM(widths[-1]) if cbam else nn.Identity()
        same = stride == 1 and widths[0] == widths[-1]
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(*_convolution(before=widths[0], after=widths[-1], kernel=1, stride=stride))
        )

    def forward(self, maps: Tensor) -> Tensor:
        return torch.relu(self.attention(self.path(maps)) + self.shortcut(maps))


def _plain(before: int, after: int, cbam: bool, pool: bool = True) -> nn.Sequential:
    layers = [*_convolution(before, after), nn.ReLU()]
    if pool:
        layers.append(nn.MaxPool2d(2))
    if cbam:
        layers.append(CBAM(after))
    return nn.Sequential(*layers)


def _convolution(before: int, after: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(after)]
