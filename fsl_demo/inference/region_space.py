"""Regions of pictures that may be things, and the vectors of boxes, from the region network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from fsl_demo import runtime
from fsl_demo.backbones.efficientnet_lite0 import fold_batch_norms, without_far_ends
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.checkpoints import Checkpoint, Source
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box
from fsl_demo.inference.remembered import Remembered

if TYPE_CHECKING:
    from fsl_demo.backbones.networks import Networks

CHECKPOINT = "regions"
LONGER, GRID = 448, 64
"""Pixels of a picture's longer side; what both sides are padded to a multiple of."""
MOST = 100
"""Regions of a picture."""
BATCH = {"cpu": 2}
"""Pictures of one size at once by device, else `LARGE_BATCH`."""
LARGE_BATCH = 16
READERS = 2
"""Threads that read pictures while the network works."""
REMEMBERED = 200
"""Pictures whose regions are kept in memory."""
PREPROCESSING = f"rgb-{LONGER}-aspect-bicubic-half"


@dataclass(frozen=True)
class Proposals:
    """Regions of one picture that may be things, the most probable first.

    Attributes:
        boxes: left, top, right, bottom as fractions, float32 [R, 4].
        objectness: probability to be a thing, float32 [R].
        features: float32 [R, D].
        classes: the detector's own head: probabilities of VOC's 20 classes, float32 [R, 20]; background is what is
            missing to 1.
        whole: vector of the whole picture, float32 [D].
        given: vectors of the boxes that were asked for, float32 [G, D].
    """

    boxes: np.ndarray
    objectness: np.ndarray
    features: np.ndarray
    classes: np.ndarray
    whole: np.ndarray
    given: np.ndarray


class RegionSpace:
    """The regions of pictures; each picture goes through the network once, whoever asks on the same networks.

    Args:
        checkpoint: of the region network.
        most: regions of a picture, at most.
    """

    def __init__(self, networks: Networks, checkpoint: Source = CHECKPOINT, most: int = MOST) -> None:
        self._reader = networks.shared(_Reads(most), checkpoint)

    @property
    def weights(self) -> str:
        """Hash of the checkpoint in use.

        Raises:
            UserError: what is wrong with the checkpoint.
        """
        return self._reader().weights

    def propose(
        self, pictures: Sequence[Picture], progress: Progress = quiet, boxes: Sequence[np.ndarray] | None = None
    ) -> list[Proposals]:
        """The regions of each picture.

        Args:
            boxes: of each picture, those whose vectors are asked for too: fractions, [G, 4].

        Raises:
            UserError: what is wrong with the checkpoint.
        """
        reader = self._reader(progress)

        def read(missing: Sequence[Picture]) -> list[Proposals]:
            made: dict[int, Proposals] = {}
            with ThreadPoolExecutor(max_workers=READERS) as pool:
                coming = pool.map(PreparedPicture.of, missing)
                for number, own in reader.propose(coming, boxes=boxes):
                    progress("regions", len(made), len(missing))
                    made[number] = own
            progress("regions", len(missing), len(missing))
            return [made[number] for number in range(len(missing))]

        return read(pictures) if boxes is not None else reader.known(pictures, read)

    def embed(self, picture: Picture, boxes: np.ndarray) -> np.ndarray:
        """Vectors of boxes, float32 [n, D].

        Args:
            boxes: fractions, [n, 4].

        Raises:
            UserError: what is wrong with the checkpoint.
        """
        return next(self._reader().propose([PreparedPicture.of(picture)], boxes=[boxes]))[1].given


@dataclass(frozen=True)
class PreparedPicture:
    """A picture as the network reads it.

    Attributes:
        image: uint8 [H, W, 3].
        seen: the part of the picture that the network sees.
    """

    image: np.ndarray
    seen: Box

    @classmethod
    def of(cls, picture: Picture) -> PreparedPicture:
        """Its longer side as long as the network learned from."""
        image = without_far_ends(picture.image())
        scale = LONGER / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        resized = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
        return cls(np.asarray(resized), EfficientNetLite2.seen(picture))

    @property
    def canvas(self) -> tuple[int, int]:
        """Height and width, padded to multiples of `GRID`."""
        height, width = (-(-side // GRID) * GRID for side in self.image.shape[:2])
        return height, width

    @property
    def extent(self) -> np.ndarray:
        """Width and height, twice."""
        return np.tile(self.image.shape[1::-1], 2).astype(np.float32)

    def pixels(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes in fractions of the whole picture, as pixels of `image`."""
        offset, extent = np.tile(self.seen[:2], 2), np.tile(np.subtract(self.seen[2:], self.seen[:2]), 2)
        return np.asarray(np.clip((boxes - offset) / extent, 0, 1) * self.extent, np.float32)

    def fractions(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes in pixels of `image`, as fractions of the whole picture."""
        offset, extent = np.tile(self.seen[:2], 2), np.tile(np.subtract(self.seen[2:], self.seen[:2]), 2)
        return np.asarray(np.clip(boxes / self.extent, 0, 1) * extent + offset, np.float32)


def _alike(pictures: Iterable[PreparedPicture], most: int) -> Iterator[list[tuple[int, PreparedPicture]]]:
    """Pictures of one canvas together, with their numbers."""
    waiting: dict[tuple[int, int], list[tuple[int, PreparedPicture]]] = {}
    for number, image in enumerate(pictures):
        group = waiting.setdefault(image.canvas, [])
        group.append((number, image))
        if len(group) == most:
            yield waiting.pop(image.canvas)
    yield from waiting.values()


class RegionReader:
    """A region network with its weights.

    Args:
        module: a `RegionNetwork`, on its device.
        weights: what they are known by.
        most: regions of a picture, at most.

    Attributes:
        known: the regions of the latest pictures.
    """

    def __init__(self, module: Any, weights: str, most: int) -> None:
        self.module, self.weights, self.most = module, weights, most
        self.known: Remembered[Proposals] = Remembered(REMEMBERED)

    def propose(
        self, images: Iterable[PreparedPicture], boxes: Sequence[np.ndarray] | None = None
    ) -> Iterator[tuple[int, Proposals]]:
        """The regions of pictures, with the pictures' numbers, in any order.

        Args:
            boxes: of each picture, those whose vectors are asked for too: fractions, [G, 4].
        """
        device = next(self.module.parameters()).device
        for group in _alike(images, BATCH.get(device.type, LARGE_BATCH)):
            asked = [np.zeros((0, 4), np.float32) if boxes is None else boxes[number] for number, _ in group]
            proposals = self._batch([image for _, image in group], asked)
            yield from zip([number for number, _ in group], proposals, strict=True)

    def _batch(self, images: list[PreparedPicture], boxes: list[np.ndarray]) -> list[Proposals]:
        import torch

        device = next(self.module.parameters()).device
        values = torch.zeros(len(images), 3, *images[0].canvas)
        for own, image in zip(values, images, strict=True):
            rows, columns = image.image.shape[:2]
            own[:, :rows, :columns] = torch.from_numpy(image.image.transpose(2, 0, 1) / np.float32(127.5) - 1)
        values = values.to(device).contiguous(memory_format=torch.channels_last)
        given = [
            torch.from_numpy(np.concatenate([image.pixels(own), image.extent[None] * (0, 0, 1, 1)]).astype(np.float32))
            for image, own in zip(images, boxes, strict=True)
        ]
        detected = self.module.detect(
            values,
            sizes=[image.image.shape[:2] for image in images],
            given=[own.to(device) for own in given],
            most=self.most,
        )
        return [
            Proposals(
                boxes=image.fractions(own.boxes.cpu().numpy()),
                objectness=own.things.cpu().numpy(),
                features=own.features.cpu().numpy(),
                classes=own.classes.cpu().numpy(),
                whole=own.given[-1].cpu().numpy(),
                given=own.given[:-1].cpu().numpy(),
            )
            for image, own in zip(images, detected, strict=True)
        ]


@dataclass(frozen=True)
class _Reads:
    """Makes the reader of a checkpoint that gives so many regions of a picture, at most."""

    most: int

    def __call__(self, networks: Networks, checkpoint: Checkpoint) -> RegionReader:
        """
        Raises:
            UserError: `card_differs` when the weights are of another network.
        """
        import torch

        runtime.guard_torchvision()
        from fsl_demo.backbones.region_network import RegionNetwork
        from fsl_demo.backbones.trained import shuffled

        module, shuffle = RegionNetwork(EfficientNetLite2.blank()), networks.shuffle
        state = {
            name.removeprefix("network."): torch.from_numpy(np.array(array)).to(
                torch.float32 if array.dtype == np.float16 else None
            )
            for name, array in checkpoint.arrays.items()
        }
        if shuffle is not None:
            state = shuffled(state, shuffle)
        try:
            module.load_state_dict(state)
        except RuntimeError as error:
            raise UserError("card_differs", name=checkpoint.name, part="network") from error
        module.eval().requires_grad_(False)
        fold_batch_norms(module.trunk)
        weights = checkpoint.sha256 if shuffle is None else f"shuffled-{shuffle}-{checkpoint.sha256}"
        placed: Any = module.to(runtime.device())
        return RegionReader(placed.to(memory_format=torch.channels_last), weights=weights, most=self.most)
