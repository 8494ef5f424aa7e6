"""A method on prompts that needs no network: the real mixing of texts and pictures, in the space of colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsl_demo.core.capabilities import Embeds, ReadsText
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.calibration import Default
from fsl_demo.inference.prompts import templates
from fsl_demo.inference.vision_language import VisionLanguage, VisionLanguageInputs, VisionLanguageSettings, sentences
from tests.colours import ColourSpace
from tests.inference.fake_space import apart

UNFAMILIAR = ("blorp", "rouge")
DICTIONARY = {"rouge": ("a red powder for the cheeks", "the colour red")}


@dataclass(frozen=True)
class WordedSettings(VisionLanguageSettings):
    """Those of every method on prompts."""


class Worded(ReadsText[WordedSettings], Embeds):
    """Knows the words red, green and blue, and the definitions of `DICTIONARY`."""

    Settings = WordedSettings
    card = MethodCard(
        "clip",
        "Worded",
        paper="-",
        checkpoint="colours",
        needs_pictures=False,
        reads_text=True,
        transductive=False,
        explains=("query", "support", "phrases"),
        cost=1,
    )

    def __init__(self) -> None:
        self.space = ColourSpace()

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        return self.space.embed(pictures)

    def sentences(self, spec: ClassSpec, settings: WordedSettings) -> tuple[list[str], list[str]]:
        return sentences(self.space, spec, prompt_lines=templates(settings.templates), define=self.define)

    def reads(self, text: str, settings: WordedSettings) -> bool:
        return self.space.reads(text)

    def fit(self, episode: Episode, settings: WordedSettings, progress: Progress = quiet) -> VisionLanguage:
        scale, floor = Default.constant(2.0), Default.constant(-1.0)
        return VisionLanguage(
            VisionLanguageInputs(
                "clip",
                "Worded",
                space=self.space,
                originals=apart,
                sentences=self.space,
                temperature=scale,
                none_below=floor,
                worth=1.0,
                settings=settings,
                define=self.define,
                unfamiliar=self.unfamiliar,
            ),
            episode,
            progress,
        )

    @staticmethod
    def define(name: str) -> tuple[str, ...]:
        return DICTIONARY.get(name, ())

    @staticmethod
    def unfamiliar(classes: Sequence[ClassSpec]) -> dict[str, str]:
        names = ", ".join(spec.name for spec in classes if spec.name in UNFAMILIAR and not spec.descriptions)
        return {"unfamiliar": names} if names else {}
