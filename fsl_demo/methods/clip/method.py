"""CLIP (Radford et al. 2021, arXiv:2103.00020) with weights of one's own choice, through open_clip.

Zero-shot by prompts, pictures by class means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from fsl_demo.backbones.clip.names import ADAPTED, DEFAULT
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import HasWeights, ReadsText, ScoresEpisodes
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Progress, Scores, quiet
from fsl_demo.core.settings import Settings, weights
from fsl_demo.inference.batches import stacked
from fsl_demo.inference.calibration import Default
from fsl_demo.inference.originals import Originals
from fsl_demo.inference.prompts import templates
from fsl_demo.inference.variants import HasCheckpoint
from fsl_demo.inference.vision_language import (
    VisionLanguage,
    VisionLanguageInputs,
    VisionLanguageSettings,
    score_stack,
    sentences,
)
from fsl_demo.methods.clip.space import ClipSpace

WORTH = 1.0
"""A text counts for one picture."""


@dataclass(frozen=True)
class ClipWeights(Settings):
    """The setting that names the weights, `architecture/tag`, as `backbones.clip.names` has it."""

    model: str = weights(
        DEFAULT, label="Model", help="architecture/tag, architecture:/file, local-dir:/folder or adapted:checkpoint."
    )


@dataclass(frozen=True)
class ClipSettings(VisionLanguageSettings, ClipWeights):
    """Settings of `ClipMethod`; a dataclass's fields begin with those of its last base."""


class ClipMethod(ReadsText[ClipSettings], ScoresEpisodes, HasWeights, HasCheckpoint):
    """Similarity of a query to each class's prompts, and to its pictures.

    Args:
        checkpoint: a change of some weights, in place of those that the settings name.
    """

    card = MethodCard(
        id="clip",
        title="CLIP",
        paper="Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision",
        checkpoint="open_clip weights that you choose",
        needs_pictures=False,
        reads_text=True,
        transductive=False,
        explains=("query", "support", "phrases"),
        cost=100,
        kinds=(),
    )
    Settings = ClipSettings

    def __init__(self, networks: Networks, checkpoint: Source | None = None) -> None:
        self.networks, self.originals, self._checkpoint = networks, Originals(networks), checkpoint

    def of(self, checkpoint: Source) -> Self:
        return type(self)(self.networks, checkpoint)

    def _model(self, settings: ClipSettings) -> str:
        """The name of the weights."""
        return settings.model if self._checkpoint is None else f"{ADAPTED}{self._checkpoint}"

    def fit(self, episode: Episode, settings: ClipSettings, progress: Progress = quiet) -> VisionLanguage:
        """Embed prompts and support pictures.

        The temperature is the model's own scale; which queries are unlike the examples, nobody has measured.

        Raises:
            UserError: what `ClipSpace` and `VisionLanguage` raise.
        """
        episode.check()
        return VisionLanguage(self.inputs(settings, progress), episode, progress)

    def score_episodes(
        self, episodes: Sequence[Episode], settings: ClipSettings, progress: Progress = quiet
    ) -> list[Scores]:
        for episode in episodes:
            episode.check()
        return stacked(episodes, partial(score_stack, self.inputs(settings, progress)))

    def weights(self, settings: ClipSettings) -> str:
        self.networks.clip(self._model(settings)).load(quiet)
        return ClipSpace(self.networks, self._model(settings)).weights

    def inputs(self, settings: ClipSettings, progress: Progress) -> VisionLanguageInputs:
        """What the classifier is made of, but for the episode."""
        space = ClipSpace(self.networks, self._model(settings))
        space.network.load(progress)
        return VisionLanguageInputs(
            method=self.card.id,
            title=self.card.title,
            space=space,
            originals=self.originals,
            sentences=space,
            temperature=Default.constant(space.scale),
            none_below=Default.constant(math.nan),
            worth=WORTH,
            settings=settings,
            define=_undefined,
            unfamiliar=_none_unfamiliar,
        )

    def sentences(self, spec: ClassSpec, settings: ClipSettings) -> tuple[list[str], list[str]]:
        """What stands for a class.

        Raises:
            UserError: `clip_name`, `template_bad`, `templates_many`; where the script has to be looked up in the
                weights' own files, what `clip_files.locate` raises.
        """
        space = ClipSpace(self.networks, self._model(settings))
        return sentences(space, spec=spec, prompt_lines=templates(settings.templates), define=_undefined)

    def reads(self, text: str, settings: ClipSettings) -> bool:
        """Whether the model's text tower knows the script.

        Raises:
            UserError: as `sentences`.
        """
        return ClipSpace(self.networks, self._model(settings)).reads(text)


def _undefined(name: str) -> tuple[str, ...]:
    """No dictionary: CLIP was trained on captions."""
    return ()


def _none_unfamiliar(classes: Sequence[ClassSpec]) -> dict[str, list[str]]:
    """CLIP was trained on words of every kind."""
    return {}
