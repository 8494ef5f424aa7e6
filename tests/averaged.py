"""A method of class means without a network: colours tell classes, and what is painted tells pictures apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from fsl_demo.core.capabilities import Averages, TellsCopies
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Encoder
from fsl_demo.core.settings import Settings, none_below
from fsl_demo.inference.calibration import Default
from fsl_demo.inference.nearest_mean import NearestMean, NearestMeanInputs, check_pictures
from fsl_demo.inference.vectors import l2_normalize
from tests.colours import ColourSpace

COLOURS = {"red": (200, 60, 60), "green": (60, 180, 60), "blue": (60, 60, 200)}


def patterned(colour: str, seed: int, size: int = 48) -> Image.Image:
    """A picture in a colour, with blocks that no other seed has."""
    random = np.random.default_rng(seed)
    blocks = random.integers(-55, 56, (6, 6, 1)) + np.array(COLOURS[colour])
    return Image.fromarray(blocks.clip(0, 255).astype(np.uint8)).resize((size, size), Image.Resampling.NEAREST)


class ClosedSpace(ColourSpace):
    """`ColourSpace` that leaves the program in no form."""

    def encoder(self) -> Encoder:
        raise NotImplementedError


def _pattern(picture: Picture) -> np.ndarray:
    """The blocks, whatever their colour; the same for the mirror image."""
    grey = np.asarray(picture.image().convert("L").resize((6, 6), Image.Resampling.BOX), np.float32)
    grey = grey + grey[:, ::-1]
    return (grey - grey.mean()).ravel()


@dataclass(frozen=True)
class AveragedSettings(Settings):
    none_below: float | None = none_below()


class Averaged(Averages[AveragedSettings], TellsCopies):
    """Class means of colours."""

    Settings = AveragedSettings

    def __init__(self, name: str = "averaged") -> None:
        self.space = ClosedSpace()
        self.card = MethodCard(
            name,
            name.title(),
            paper="-",
            checkpoint="-",
            needs_pictures=True,
            reads_text=False,
            transductive=False,
            explains=(),
            cost=1,
        )

    def embed_originals(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        return l2_normalize(np.array([_pattern(picture) for picture in pictures], np.float32).reshape(-1, 36))

    def fit(self, episode: Episode, settings: AveragedSettings, progress: Progress = quiet) -> NearestMean:
        check_pictures(episode, self.card.title)
        inputs = NearestMeanInputs(
            method=self.card.id,
            checkpoint="-",
            space=self.space,
            originals=self.embed_originals,
            temperature=Default.constant(10.0),
            none_below=Default.constant(0.5),
            settings=asdict(settings),
            note={},
        )
        return NearestMean(inputs, episode, progress)
