"""Networks trained here from nothing. Each turns pictures [N, colours, H, W] into maps [N, channels, h, w].

With `cbam`, attention sits where its paper puts it: after the last batch norm of a residual block, before the
addition; in a plain stack after the pooling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """A stem and four residual blocks of two convolutions (He et al. 2016), for faces of 64 to 96 pixels a side."""

    channels = 256

    def __init__(self, colours: int, cbam: bool = False) -> None:
        super().__init__(
            nn.Sequential(*_convolution(before=colours, after=32, kernel=5, stride=2), nn.ReLU()),
            _Residual((32, 32, 32), 1, cbam),
            _Residual((32, 64, 64), 2, cbam),
            _Residual((64, 128, 128), 2, cbam),
            _Residual((128, 256, 256), 2, cbam),
        )


class SideBySide(nn.Sequential):
    """Networks of one kind that share nothing but the pictures; their maps are joined, [N, members x channels, h, w].

    Its children are the steps, as a single network's are.
    """

    def __init__(self, networks: Sequence[nn.Sequential]) -> None:
        steps = zip(*networks, strict=True)
        super().__init__(*(_Step(blocks, first=not number) for number, blocks in enumerate(steps)))


class _Step(nn.ModuleList):
    """The blocks of networks side by side; each but the first ones reads its own share of the channels."""

    def __init__(self, blocks: Iterable[nn.Module], first: bool) -> None:
        super().__init__(blocks)
        self.first = first

    def forward(self, maps: Tensor) -> Tensor:
        parts = [maps] * len(self) if self.first else maps.chunk(len(self), 1)
        return torch.cat([block(part) for block, part in zip(self, parts, strict=True)], 1)


class ResNet12(nn.Sequential):
    """As the Cross Attention Network defines it (Hou et al. 2019): a stem, four blocks of three convolutions."""

    channels = 512

    def __init__(self, colours: int, cbam: bool = False) -> None:
        super().__init__(
            nn.Sequential(*_convolution(colours, 64), nn.ReLU()),
            _Residual((64, 64, 64, 64), 2, cbam),
            _Residual((64, 128, 128, 128), 2, cbam),
            _Residual((128, 256, 256, 256), 2, cbam),
            _Residual((256, 512, 512, 512), 2, cbam),
        )


class _Residual(nn.Module):
    """3 x 3 convolutions from width to width beside a strided 1 x 1 shortcut; of three, the second one strides."""

    def __init__(self, widths: tuple[int, ...], stride: int, cbam: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        strided = len(widths) - 3
        for number, (before, after) in enumerate(pairwise(widths)):
            own_stride = stride if number == strided else 1
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
