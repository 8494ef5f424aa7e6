"""Siamese networks with a contrastive loss (Bromley et al. 1993; Hadsell et al. 2006; Koch et al. 2015).

Both branches are one network. A query belongs to the class whose support vectors' mean it is nearest to; on unit
vectors the Siamese distance d and the cosine c say the same: d^2 = 2 - 2c.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import Averages, Exports, HasWeights, ScoresEpisodes, Verifies
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.inference.batches import Stack, by_key, stacked
from fsl_demo.inference.calibration import Defaults
from fsl_demo.inference.local_scaling import locally_scaled
from fsl_demo.inference.nearest_mean import ClassMeans, NearestMean, NearestMeanInputs, check_pictures, score_stack
from fsl_demo.inference.originals import Originals
from fsl_demo.inference.space import TrainedSpace
from fsl_demo.inference.variants import (
    HasVariants,
    Variant,
    Variants,
    VariantSettings,
    choose,
    variant_setting,
    weights_of,
)

VARIANTS = Variants(
    (
        Variant("digits", "siamese_digits"),
        Variant("characters", "siamese_characters"),
        Variant("faces", "siamese_faces"),
        Variant("photographs", "siamese_photographs"),
    ),
    "siamese",
)


@dataclass(frozen=True)
class SiameseSettings(VariantSettings):
    """Settings of `Siamese`."""

    variant: str | None = variant_setting(VARIANTS)


class Siamese(Averages[VariantSettings], Exports[VariantSettings], ScoresEpisodes, HasWeights, Verifies, HasVariants):
    """Distance of a query to the mean of each class's support vectors, in the space of a trained network."""

    card = MethodCard(
        id="siamese",
        title="Siamese",
        paper="Koch et al. 2015, Siamese Neural Networks for One-shot Image Recognition; Hadsell et al. 2006",
        checkpoint="own networks for each kind of pictures",
        needs_pictures=True,
        reads_text=False,
        transductive=False,
        explains=("query", "support", "distances"),
        cost=12,
        kinds=("characters", "faces"),
    )
    Settings: type[VariantSettings] = SiameseSettings
    variants = VARIANTS

    def __init__(self, networks: Networks) -> None:
        self.networks, self.originals = networks, Originals(networks)

    def verify(self, first: Sequence[Picture], second: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Cosines of pairs of pictures, [P], in the space of the first variant; locally scaled, if it has a cohort."""
        space = TrainedSpace(self.networks, self.variants.known()[0].checkpoint)
        left, right = space.embed(first, progress), space.embed(second, progress)
        cohort = space.network.arrays.get("cohort")
        return (left * right).sum(axis=1) if cohort is None else locally_scaled(left, right, cohort.astype(np.float32))

    def fit(self, episode: Episode, settings: VariantSettings, progress: Progress = quiet) -> NearestMean:
        """Choose the variant, embed the support set and average it.

        Raises:
            UserError: for an episode that `check` refuses, `class_empty`, `weights_missing`, `weights_differ`.
        """
        check_pictures(episode, self.card.title)

        def held_out(checkpoint: Source, tell: Progress) -> np.ndarray:
            return NearestMean(self.inputs(checkpoint, asdict(settings), {}), episode, tell).held_out()

        variant, note = choose(
            self.variants.known(), asked=settings.variant, episode=episode, held_out=held_out, progress=progress
        )
        return self.classifier(self.inputs(variant.checkpoint, asdict(settings), note), episode, progress)

    def portable(self, episode: Episode, settings: VariantSettings, progress: Progress = quiet) -> Portable:
        return self.fit(episode, settings, progress).portable()

    def score_episodes(
        self, episodes: Sequence[Episode], settings: VariantSettings, progress: Progress = quiet
    ) -> list[Scores]:
        for episode in episodes:
            check_pictures(episode, self.card.title)
        return stacked(episodes, partial(self._score_stack, settings))

    def _score_stack(self, settings: VariantSettings, stack: Stack) -> list[Scores]:
        """Choose the variant of each episode, and score those of each variant together."""

        variants = self.variants.known()

        @cache
        def held_out(checkpoint: Source) -> np.ndarray:
            inputs = self.inputs(checkpoint, asdict(settings), {})
            support, _ = stack.embed(inputs.space.embed)
            means = ClassMeans.of(
                inputs,
                support=support,
                originals=stack.support(inputs.originals),
                owners=stack.owners,
                classes=stack.classes,
            )
            return means.held_out_probabilities()

        def chosen_for(row: int) -> tuple[Variant, Mapping[str, Any]]:
            return choose(
                variants,
                asked=settings.variant,
                episode=stack.episodes[row],
                held_out=lambda checkpoint, _: held_out(checkpoint)[row],
            )

        chosen = [chosen_for(row) for row in range(len(stack.episodes))]

        def score(rows: list[int]) -> list[Scores]:
            inputs = self.inputs(chosen[rows[0]][0].checkpoint, asdict(settings), {})
            scores = score_stack(inputs, stack.part(rows))
            return [replace(each, note=chosen[row][1]) for each, row in zip(scores, rows, strict=True)]

        return by_key([variant.id for variant, _ in chosen], score)

    def weights(self, settings: VariantSettings) -> str:
        return weights_of(self.networks, self.variants.known(), settings.variant)

    def classifier(self, inputs: NearestMeanInputs, episode: Episode, progress: Progress) -> NearestMean:
        return NearestMean(inputs, episode, progress)

    def inputs(self, checkpoint: Source, settings: dict[str, Any], note: Any) -> NearestMeanInputs:
        """The space of a checkpoint and its defaults."""
        space = TrainedSpace(self.networks, checkpoint)
        defaults = Defaults.of_pictures(space.network.checkpoint)
        return NearestMeanInputs(
            method=self.card.id,
            checkpoint=space.network.weights,
            space=space,
            originals=self.originals,
            temperature=defaults.temperature,
            none_below=defaults.none_below,
            settings=settings,
            note=note,
        )
