"""Networks trained here from nothing. Each turns pictures [N, colours, H, W] into maps [N, channels, h, w].

With `cbam`, attention sits where its paper puts it: after the last batch norm of a residual block, before the
addition; in a plain stack after the pooling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample, interpolate

from fsl_demo.core.episodes import Box
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


WHOLE = (0.0, 0.0, 1.0, 1.0)
WINDOWS = (WHOLE, (0.125, 0.0, 0.875, 0.75), (0.125, 0.25, 0.875, 1.0))
"""Left, top, right and bottom of what each member sees: a face, its upper and its lower part."""


class SideBySide(nn.Sequential):
    """Networks of one kind that share nothing but the pictures; their maps are joined, [N, members x channels, h, w].

    Its children are the steps, as a single network's are.

    Args:
        windows: whether each member sees its own one of `WINDOWS`, or all see the whole picture.
    """

    def __init__(self, networks: Sequence[nn.Sequential], windows: bool) -> None:
        self.windows = [WINDOWS[number % len(WINDOWS)] if windows else WHOLE for number in range(len(networks))]
        first, *others = zip(*networks, strict=True)
        super().__init__(_First(first, self.windows), *(_Step(blocks) for blocks in others))


def channel_sums(backbone: nn.Module, values: Tensor) -> Tensor:
    """The sum over the channels of a backbone's maps [N, C, h, w], each member's in its window, [N, h, w]."""
    windows = backbone.windows if isinstance(backbone, SideBySide) else [WHOLE]
    parts = [part.sum(1, keepdim=True) for part in values.chunk(len(windows), 1)]
    return torch.cat([_placed(part, window) for part, window in zip(parts, windows, strict=True)], 1).sum(1)


class _Step(nn.ModuleList):
    """The blocks of networks side by side, each for its own share of the channels."""

    def forward(self, maps: Tensor) -> Tensor:
        parts = maps.chunk(len(self), 1)
        return torch.cat([block(part) for block, part in zip(self, parts, strict=True)], 1)


class _First(nn.ModuleList):
    """The first blocks, each for its own window of the pictures."""

    def __init__(self, blocks: Iterable[nn.Module], windows: Sequence[Box]) -> None:
        super().__init__(blocks)
        self.windows = windows

    def forward(self, images: Tensor) -> Tensor:
        seen = [_cut(images, window) for window in self.windows]
        return torch.cat([block(part) for block, part in zip(self, seen, strict=True)], 1)


def _cut(images: Tensor, window: Box) -> Tensor:
    """A window of pictures, as large as they are."""
    if window == WHOLE:
        return images
    height, width = images.shape[2:]
    left, top, right, bottom = window
    cut = images[:, :, round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    return interpolate(cut, (height, width), mode="bilinear")


def _placed(maps: Tensor, window: Box) -> Tensor:
    """What is in a window, where it is in the whole, with 0 around it and about the same sum."""
    if window == WHOLE:
        return maps
    left, top, right, bottom = window
    across, down = 1 / (right - left), 1 / (bottom - top)
    matrix = torch.tensor([[across, 0, (1 - left - right) * across], [0, down, (1 - top - bottom) * down]])
    grid = affine_grid(matrix.to(maps).expand(len(maps), 2, 3), list(maps.shape), align_corners=False)
    return grid_sample(maps, grid, align_corners=False) * across * down


class ResNet12(nn.Sequential):
    """Four residual blocks of three convolutions (Oreshkin et al. 2018, arXiv:1805.10123), each but the last one
    pooled, for pictures of 32 x 32 pixels."""

    widths = (64, 128, 256, 480)
    channels = widths[-1]

    def __init__(self, colours: int, cbam: bool = False) -> None:
        pairs = pairwise((colours, *self.widths))
        *first, last = (_Residual((before, after, after, after), 1, cbam) for before, after in pairs)
        super().__init__(*(nn.Sequential(block, nn.MaxPool2d(2)) for block in first), last)


class NarrowResNet12(ResNet12):
    """A fifth of its weights."""

    widths = (64, 96, 144, 176)
    channels = widths[-1]


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
