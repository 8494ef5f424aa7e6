"""Cross Attention Network (Hou et al. 2019, arXiv:1910.07677): the class's map and the query's map point out to each
other which positions to compare. Inductive, and transductive with the queries it is surest of as further support."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import Classifies, Exports, HasWeights, ScoresEpisodes, Verifies
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.inference.batches import Stack, stacked
from fsl_demo.inference.nearest_mean import check_pictures
from fsl_demo.inference.originals import Originals
from fsl_demo.inference.variants import (
    HasVariants,
    Variant,
    Variants,
    VariantSettings,
    choose,
    variant_setting,
    weights_of,
)
from fsl_demo.methods.can.classifier import PAIRS, CanClassifier
from fsl_demo.methods.can.space import CrossSpace

VARIANTS = Variants(
    (
        Variant("faces", "can_faces"),
        Variant("photographs", "can_photographs"),
        Variant("small", "can_small_pictures", proposed=False),
    ),
    "can",
)


@dataclass(frozen=True)
class CanSettings(VariantSettings):
    """Settings of `Can`, as of `Siamese`."""

    variant: str | None = variant_setting(VARIANTS)


class CrossAttention(Classifies[VariantSettings], ScoresEpisodes, HasWeights, Verifies, HasVariants):
    """Cosine of pooled maps that were attended to each other: what `Can` and `CanTransductive` share."""

    card = MethodCard(
        id="can",
        title="Cross attention",
        paper="Hou et al. 2019, Cross Attention Network for Few-shot Classification",
        checkpoint="own networks for each kind of pictures",
        needs_pictures=True,
        reads_text=False,
        transductive=False,
        explains=("query", "support", "points"),
        cost=12,
        kinds=("faces", "photographs"),
    )
    Settings: type[VariantSettings] = CanSettings
    variants = VARIANTS

    def __init__(self, networks: Networks) -> None:
        self.networks, self.originals = networks, Originals(networks)

    def verify(self, first: Sequence[Picture], second: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Similarities of pairs of pictures, [P], with the first variant."""
        space, similarities = CrossSpace(self.networks, self.variants.known()[0].checkpoint), []
        for start in range(0, len(first), PAIRS):
            maps = [space.maps(pictures[start : start + PAIRS], progress) for pictures in (first, second)]
            similarities.append(space.paired(*maps))
        return np.concatenate(similarities)

    def score_episodes(
        self, episodes: Sequence[Episode], settings: VariantSettings, progress: Progress = quiet
    ) -> list[Scores]:
        """One after the other: an episode's maps are compared at once, and those of several would not fit a cache."""
        variants = self.variants.known()

        def score(stack: Stack) -> list[Scores]:
            return [
                self._fit(episode, settings=settings, variants=variants, progress=quiet).scores_alone(episode.queries)
                for episode in stack.episodes
            ]

        return stacked(episodes, score)

    def weights(self, settings: VariantSettings) -> str:
        return weights_of(self.networks, self.variants.known(), settings.variant)

    def fit(self, episode: Episode, settings: VariantSettings, progress: Progress = quiet) -> CanClassifier:
        """Choose the variant and average each class's maps.

        Raises:
            UserError: for an episode that `check` refuses, `class_empty`, `weights_missing`, `weights_differ`.
        """
        return self._fit(episode, settings=settings, variants=self.variants.known(), progress=progress)

    def _fit(
        self, episode: Episode, settings: VariantSettings, variants: Sequence[Variant], progress: Progress
    ) -> CanClassifier:
        check_pictures(episode, self.card.title)

        @cache
        def classifier(checkpoint: Source) -> CanClassifier:
            return CanClassifier(self, checkpoint=checkpoint, episode=episode, settings=settings, progress=progress)

        variant, note = choose(
            variants,
            asked=settings.variant,
            episode=episode,
            held_out=lambda checkpoint, _: classifier(checkpoint).held_out(),
            progress=progress,
        )
        chosen = classifier(variant.checkpoint)
        chosen.note = note
        return chosen


class Can(CrossAttention, Exports[VariantSettings]):
    """Answers each query by itself."""

    def portable(self, episode: Episode, settings: VariantSettings, progress: Progress = quiet) -> Portable:
        return self.fit(episode, settings, progress).portable()


class CanTransductive(CrossAttention):
    """Looks at all queries before it answers one."""

    card = replace(
        CrossAttention.card,
        id="can-transductive",
        title="Cross attention, transductive",
        transductive=True,
        kinds=(),
    )
