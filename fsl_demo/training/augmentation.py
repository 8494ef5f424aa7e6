"""Random changes to a batch of stored pictures, each picture its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.preprocessing import PREPROCESSINGS, Preprocessing


@dataclass(frozen=True)
class Augmentation:
    """How far pictures are changed.

    Attributes:
        turn: largest rotation, in radians.
        stretch: largest change of scale and of each side, as a share.
        shift: largest move, as a share of half the stored picture.
        flip: mirror half of the pictures.
        light: spread of brightness and contrast, in units of what the network reads.
        erase: share of pictures that lose a rectangle.
        border: what lies outside a picture.
    """

    turn: float = 0.0
    stretch: float = 0.0
    shift: float = 0.0
    flip: bool = False
    light: float = 0.0
    erase: float = 0.0
    border: str = "reflection"

    def __call__(self, images: Tensor, recipe: Preprocessing) -> Tensor:
        """Stored pictures, uint8 [N, stored, stored, C], to what the network reads, [N, C, side, side].

        The maps of a frozen network stay as they are.
        """
        if recipe.frozen:
            return recipe.tensor(images)
        pixels = images.permute(0, 3, 1, 2).float() / 255
        size = [len(pixels), pixels.shape[1], recipe.side, recipe.side]
        grid = affine_grid(self._places(pixels, recipe.side / recipe.stored), size, align_corners=False)
        changed = recipe.scaled(grid_sample(pixels, grid, padding_mode=self.border, align_corners=False))
        if self.light:
            changed = changed * torch.exp(self._normal(changed)) + self._normal(changed)
        chosen = torch.rand(len(changed), device=changed.device) < self.erase
        return _erased(changed, chosen) if self.erase else changed

    def preparing(self, architecture: Architecture) -> tuple[Callable[[Tensor], Tensor], object]:
        """`augment` and `setting` of a `Setup` for an embedder of this architecture."""
        recipe = PREPROCESSINGS[architecture.preprocessing]

        def augment(images: Tensor) -> Tensor:
            return self(images, recipe).contiguous(memory_format=torch.channels_last)

        return augment, [asdict(self), architecture.as_dict()]

    def _places(self, images: Tensor, share: float) -> Tensor:
        """Affine matrices that cut the middle of each picture, changed at random, [N, 2, 3]."""

        def uniform(reach: float) -> Tensor:
            return (torch.rand(len(images), device=images.device) * 2 - 1) * reach

        angle = uniform(self.turn)
        scale, aspect = share * torch.exp(uniform(self.stretch)), torch.exp(uniform(self.stretch / 2))
        mirror = torch.where(uniform(1.0) < 0, -1.0, 1.0) if self.flip else torch.ones_like(angle)
        matrices = torch.zeros(len(images), 2, 3, device=images.device)
        matrices[:, 0, 0], matrices[:, 0, 1] = scale * aspect * angle.cos() * mirror, -scale * angle.sin()
        matrices[:, 1, 0], matrices[:, 1, 1] = scale * angle.sin() * mirror, scale / aspect * angle.cos()
        matrices[:, 0, 2], matrices[:, 1, 2] = uniform(self.shift), uniform(self.shift)
        return matrices

    def _normal(self, images: Tensor) -> Tensor:
        return torch.randn(len(images), 1, 1, 1, device=images.device) * self.light


def _erased(images: Tensor, chosen: Tensor) -> Tensor:
    """Random erasing (Zhong et al. 2017, arXiv:1708.04896) of the chosen ones of pictures [N, C, H, W], up to four
    ninths a side."""
    side = images.shape[-1]
    shares = torch.rand(4, len(images), device=images.device)
    lengths = side // 8 + (shares[:2] * (side * 4 // 9 - side // 8)).long()
    starts = (shares[2:] * (side - lengths)).long()
    places = torch.arange(side, device=images.device)
    rows, columns = (places >= starts[..., None]) & (places < (starts + lengths)[..., None])
    inside = (rows[:, :, None] & columns[:, None] & chosen[:, None, None])[:, None]
    return torch.where(inside, torch.randn(len(images), 1, 1, 1, device=images.device), images)
