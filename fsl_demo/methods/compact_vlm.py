"""The built-in vision-language model: small heads on frozen towers, blended with ASIF, with prompts and class means.

LiT (Zhai et al. 2022, arXiv:2111.07991) for the frozen towers, ASIF (Norelli et al. 2022, arXiv:2210.01738).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Self

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import Exports, HasWeights, ReadsText, ScoresEpisodes, SearchesText
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Progress, Scores, in_latin_script, quiet
from fsl_demo.core.portable import Portable
from fsl_demo.inference.batches import stacked
from fsl_demo.inference.compact_space import CHECKPOINT, CompactSpace, of_class_names, of_search
from fsl_demo.inference.familiar import unfamiliar
from fsl_demo.inference.glossary import definitions
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

WORTH = 4.5
"""How many pictures a text counts for: the best of the grid on the card, over 1 to 16 pictures of CIFAR-FS's validation
classes."""


class CompactVlm(
    ReadsText[VisionLanguageSettings],
    Exports[VisionLanguageSettings],
    ScoresEpisodes,
    HasWeights,
    SearchesText,
    HasCheckpoint,
):
    """Similarity of a query to each class's prompts, and to its pictures.

    Args:
        checkpoint: in place of the one that is shipped.
    """

    card = MethodCard(
        id="compact-vlm",
        title="Compact VLM",
        paper="Zhai et al. 2022, LiT; Norelli et al. 2022, ASIF",
        checkpoint="EfficientNet-Lite0 and Lite2 (ImageNet) + all-MiniLM-L6-v2 + own heads",
        needs_pictures=False,
        reads_text=True,
        transductive=False,
        explains=("query", "support", "phrases"),
        cost=40,
    )
    Settings = VisionLanguageSettings

    def __init__(self, networks: Networks, checkpoint: Source = CHECKPOINT) -> None:
        self._networks = networks
        self._joint, self._space = of_search(networks, checkpoint), of_class_names(networks, checkpoint)
        self.originals = Originals(networks)

    def of(self, checkpoint: Source) -> Self:
        return type(self)(self._networks, checkpoint)

    @property
    def joint(self) -> CompactSpace:
        """The space in which sentences find pictures."""
        return self._joint()

    def fit(self, episode: Episode, settings: VisionLanguageSettings, progress: Progress = quiet) -> VisionLanguage:
        """Embed prompts and support pictures; definitions stand in for descriptions that nobody typed.

        Raises:
            UserError: what `VisionLanguage` raises.
        """
        return VisionLanguage(self.inputs(settings, progress), episode, progress)

    def portable(self, episode: Episode, settings: VisionLanguageSettings, progress: Progress = quiet) -> Portable:
        from fsl_demo.inference.encoders import Products

        fitted, encoder = self.fit(episode, settings, progress), self._space(progress).encoder()
        return Portable(
            recipes=encoder.recipes,
            network=Products(encoder.network, fitted.directions, fitted.offsets),
            sources=encoder.sources,
            temperature=fitted.temperature,
            none_below=fitted.none_below,
            weights=fitted.space.weights,
        )

    def score_episodes(
        self, episodes: Sequence[Episode], settings: VisionLanguageSettings, progress: Progress = quiet
    ) -> list[Scores]:
        return stacked(episodes, partial(score_stack, self.inputs(settings, progress)))

    def weights(self, settings: VisionLanguageSettings) -> str:
        return self._space().weights

    def inputs(self, settings: VisionLanguageSettings, progress: Progress = quiet) -> VisionLanguageInputs:
        """What the classifier is made of, but for the episode."""
        space = self._space(progress)
        return VisionLanguageInputs(
            method=self.card.id,
            title=self.card.title,
            space=space,
            originals=self.originals,
            sentences=self.joint,
            temperature=space.defaults.temperature,
            none_below=space.defaults.none_below,
            worth=WORTH,
            settings=settings,
            define=definitions,
            unfamiliar=partial(unfamiliar, space.networks.texts),
        )

    def sentences(self, spec: ClassSpec, settings: VisionLanguageSettings) -> tuple[list[str], list[str]]:
        """What stands for a class.

        Raises:
            UserError: `template_bad`, `templates_many`.
        """
        return sentences(self._space(), spec=spec, prompt_lines=templates(settings.templates), define=definitions)

    def reads(self, text: str, settings: VisionLanguageSettings) -> bool:
        """Whether the text tower knows the script."""
        return in_latin_script(text)
