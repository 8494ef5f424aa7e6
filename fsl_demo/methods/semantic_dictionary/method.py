"""Regions explained by words: Faster R-CNN (Ren et al. 2015, arXiv:1506.01497) and a semantic dictionary (Zhou et al.
2021, "Deep Semantic Dictionary Learning for Multi-label Image Classification").

A class is a row of the dictionary, made of its words and refined by its pictures. The code of a region, or of a whole
picture, says how much each row explains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import Grounds, HasWeights, Locates, ReadsText
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Progress, in_latin_script, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.core.settings import Settings, none_below, slider
from fsl_demo.inference import dictionary_space, region_space
from fsl_demo.inference.dictionary_space import CHECKPOINT, DictionarySpace
from fsl_demo.inference.originals import Originals
from fsl_demo.inference.word_vectors import spoken
from fsl_demo.methods.semantic_dictionary.classifier import DictionaryClassifier
from fsl_demo.methods.semantic_dictionary.grounding import grounded


@dataclass(frozen=True)
class SemanticDictionarySettings(Settings):
    """Settings of `SemanticDictionary`.

    Attributes:
        strength: how many pictures the text of a class counts for; None lets held-out pictures choose.
        none_below: code under which a query is unlike the examples; None lets the method choose.
    """

    strength: float | None = slider(
        None,
        low=0.0,
        high=8.0,
        step=0.5,
        label="Pictures that a text counts for",
        help="How strongly the row of a class is held near its words.",
    )
    none_below: float | None = none_below()


class SemanticDictionary(
    ReadsText[SemanticDictionarySettings], Locates[SemanticDictionarySettings], Grounds, HasWeights
):
    """How much each class's row explains a query and its regions.

    Args:
        checkpoint, regions: in place of those that are shipped.
    """

    card = MethodCard(
        id="semantic-dictionary",
        title="Semantic dictionary",
        paper="Zhou et al. 2021, Deep Semantic Dictionary Learning; Ren et al. 2015, Faster R-CNN",
        checkpoint="own Faster R-CNN + EfficientNet-Lite2 (ImageNet) + all-MiniLM-L6-v2 + own dictionary",
        needs_pictures=False,
        reads_text=True,
        transductive=False,
        explains=("query", "words"),
        cost=250,
        kinds=(),
    )
    Settings = SemanticDictionarySettings

    def __init__(
        self, networks: Networks, checkpoint: Source = CHECKPOINT, regions: Source = region_space.CHECKPOINT
    ) -> None:
        self._space = dictionary_space.shared(networks, checkpoint, regions)
        self.originals = Originals(networks)

    @property
    def space(self) -> DictionarySpace:
        """With the weights that are in use now.

        Raises:
            UserError: what is wrong with the checkpoints.
        """
        return self._space()

    def weights(self, settings: SemanticDictionarySettings) -> str:
        return self.space.weights

    def fit(
        self, episode: Episode, settings: SemanticDictionarySettings, progress: Progress = quiet
    ) -> DictionaryClassifier:
        """Make a row of each class.

        Raises:
            UserError: for an episode that `check` refuses; `description_script`, `class_undescribed` for a class with
                neither pictures nor text that it reads; what is wrong with the checkpoints.
        """
        episode.check()
        for spec, shots in zip(episode.classes, episode.shots(), strict=True):
            if not shots and not spoken(spec):
                foreign = any(letter.isalpha() for text in (spec.name, *spec.descriptions) for letter in text)
                code = "description_script" if foreign else "class_undescribed"
                raise UserError(code, name=spec.name, method=self.card.title)
        return DictionaryClassifier(self, episode=episode, settings=settings, progress=progress)

    def ground(self, picture: Picture, phrases: Sequence[str], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        return grounded(self.space, picture=picture, phrases=phrases, progress=progress)

    def sentences(self, spec: ClassSpec, settings: SemanticDictionarySettings) -> tuple[list[str], list[str]]:
        """What stands for a class: its name, and its descriptions."""
        texts = spoken(spec)
        named = texts[: in_latin_script(spec.name)]
        return named, texts[len(named) :]

    def reads(self, text: str, settings: SemanticDictionarySettings) -> bool:
        """MiniLM reads English."""
        return in_latin_script(text)
