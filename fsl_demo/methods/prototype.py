"""Nearest class mean (Snell et al. 2017, arXiv:1703.05175) in the space of photographs. The yardstick for every other
method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Self

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import Averages, Embeds, Exports, FitsQuickly, HasWeights, ScoresEpisodes, TellsCopies
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.core.settings import Settings, none_below
from fsl_demo.inference.batches import stacked
from fsl_demo.inference.calibration import Defaults
from fsl_demo.inference.nearest_mean import NearestMean, NearestMeanInputs, check_pictures, score_stack
from fsl_demo.inference.originals import Originals
from fsl_demo.inference.picture_space import CHECKPOINT, PictureSpace
from fsl_demo.inference.variants import HasCheckpoint


@dataclass(frozen=True)
class PrototypeSettings(Settings):
    """Settings of `Prototype`.

    Attributes:
        none_below: cosine similarity under which a query is unlike the examples; None lets the method choose.
    """

    none_below: float | None = none_below()


class Prototype(
    Averages[PrototypeSettings],
    FitsQuickly[PrototypeSettings],
    Exports[PrototypeSettings],
    ScoresEpisodes,
    HasWeights,
    Embeds,
    TellsCopies,
    HasCheckpoint,
):
    """Cosine similarity of a query to the mean of each class's support features.

    Args:
        checkpoint: in place of the one that is shipped.
    """

    card = MethodCard(
        id="prototype",
        title="Prototype",
        paper="Snell et al. 2017, Prototypical Networks",
        checkpoint="EfficientNet-Lite0 and Lite2 (ImageNet) + own linear map",
        needs_pictures=True,
        reads_text=False,
        transductive=False,
        explains=("query", "support"),
        cost=40,
    )
    Settings = PrototypeSettings

    def __init__(self, networks: Networks, checkpoint: Source = CHECKPOINT) -> None:
        self._networks, self._space = networks, networks.shared(PictureSpace, checkpoint)
        self._originals = Originals(networks)

    def of(self, checkpoint: Source) -> Self:
        return type(self)(self._networks, checkpoint)

    def fit(self, episode: Episode, settings: PrototypeSettings, progress: Progress = quiet) -> NearestMean:
        """Embed the support set and average it.

        Raises:
            UserError: for an episode that `check` refuses, and `class_empty`; what is wrong with the checkpoint.
        """
        check_pictures(episode, self.card.title)
        return NearestMean(self.inputs(settings), episode, progress)

    def fit_quick(self, episode: Episode, settings: PrototypeSettings, progress: Progress = quiet) -> NearestMean:
        """A classifier that sees the support set with both networks, and queries with the smaller one alone.

        Raises:
            UserError: as of `fit`.
        """
        check_pictures(episode, self.card.title)
        return NearestMean(self.inputs(settings), episode, progress, read=self._space().embed_quickly)

    def portable(self, episode: Episode, settings: PrototypeSettings, progress: Progress = quiet) -> Portable:
        return self.fit(episode, settings, progress).portable()

    def score_episodes(
        self, episodes: Sequence[Episode], settings: PrototypeSettings, progress: Progress = quiet
    ) -> list[Scores]:
        for episode in episodes:
            check_pictures(episode, self.card.title)
        return stacked(episodes, partial(score_stack, self.inputs(settings)))

    def weights(self, settings: PrototypeSettings) -> str:
        return self._space().weights

    def inputs(self, settings: PrototypeSettings) -> NearestMeanInputs:
        """What the classifier is made of, but for the episode."""
        space = self._space()
        defaults = Defaults.of_pictures(space.checkpoint)
        return NearestMeanInputs(
            method=self.card.id,
            checkpoint=space.weights,
            space=space,
            originals=self._originals,
            temperature=defaults.temperature,
            none_below=defaults.none_below,
            settings=asdict(settings),
            note={},
        )

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]."""
        return self._space().embed(pictures, progress)

    def embed_originals(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, 1998]."""
        return self._originals(pictures, progress)
