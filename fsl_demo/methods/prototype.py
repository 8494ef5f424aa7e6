"""Nearest class mean on frozen features (Snell et al. 2017, arXiv:1703.05175, at test time; SimpleShot,
Wang et al. 2019, arXiv:1911.04623). The yardstick for every other method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Checkpoint, Current
from fsl_demo.core.capabilities import Classifies, Embeds, HasWeights, ScoresEpisodes
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, none_below
from fsl_demo.inference.batches import stacked
from fsl_demo.inference.calibration import Defaults
from fsl_demo.inference.image_space import ImageSpace
from fsl_demo.inference.nearest_mean import NearestMean, NearestMeanInputs, check_pictures, score_stack
from fsl_demo.inference.originals import originals

CHECKPOINT = "lite0_minilm"


@dataclass(frozen=True)
class PrototypeSettings(Settings):
    """Settings of `Prototype`.

    Attributes:
        none_below: cosine similarity under which a query is unlike the examples; None lets the method choose.
    """

    none_below: float | None = none_below()


class Prototype(Classifies[PrototypeSettings], ScoresEpisodes, HasWeights, Embeds):
    """Cosine similarity of a query to the mean of each class's support features."""

    card = MethodCard(
        id="prototype",
        title="Prototype",
        paper="Snell et al. 2017, Prototypical Networks; Wang et al. 2019, SimpleShot",
        checkpoint="EfficientNet-Lite0 (ImageNet)",
        needs_pictures=True,
        reads_text=False,
        transductive=False,
        explains=("query", "support"),
        cost=12,
    )
    Settings = PrototypeSettings

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.space = ImageSpace(networks)
        self._current = Current(self._inputs, CHECKPOINT)

    def fit(self, episode: Episode, settings: PrototypeSettings, progress: Progress = quiet) -> NearestMean:
        """Embed the support set and average it.

        Raises:
            UserError: for an episode that `check` refuses, and `class_empty`; what is wrong with the checkpoint.
        """
        check_pictures(episode, self.card.title)
        return NearestMean(self.inputs(settings), episode, progress)

    def score_episodes(
        self, episodes: Sequence[Episode], settings: PrototypeSettings, progress: Progress = quiet
    ) -> list[Scores]:
        for episode in episodes:
            check_pictures(episode, self.card.title)
        return stacked(episodes, partial(score_stack, self.inputs(settings)))

    def weights(self, settings: PrototypeSettings) -> str:
        return self._current().checkpoint

    def inputs(self, settings: PrototypeSettings) -> NearestMeanInputs:
        """What the classifier is made of, but for the episode."""
        return replace(self._current(), settings=asdict(settings))

    def _inputs(self, checkpoint: Checkpoint) -> NearestMeanInputs:
        defaults = Defaults.of(checkpoint)
        return NearestMeanInputs(
            method=self.card.id,
            checkpoint=f"{self.networks.pictures.weights[:16]}+{checkpoint.sha256[:16]}",
            space=self.space,
            originals=originals(self.networks),
            temperature=defaults.temperature,
            none_below=defaults.none_below,
            settings={},
            note={},
        )

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]."""
        return self.space.embed(pictures, progress)
