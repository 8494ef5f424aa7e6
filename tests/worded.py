"""A method on prompts that needs no network: the real mixing of texts and pictures, in the space of colours."""

from __future__ import annotations

from dataclasses import dataclass, field

from fsl_demo.core.capabilities import NONE_BELOW, MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Progress, quiet
from fsl_demo.inference.calibration import Default
from fsl_demo.inference.prompts import TEMPLATES, templates
from fsl_demo.inference.vision_language import BETA, WEIGHT, Fitted, VisionLanguage, sentences
from tests.colours import ColourSpace

DICTIONARY = {"rouge": ("a red powder for the cheeks", "the colour red")}


@dataclass(frozen=True)
class WordedSettings:
    templates: str | None = field(default=None, metadata=TEMPLATES)
    pictures: float | None = field(default=None, metadata=WEIGHT)
    sharpness: float | None = field(default=None, metadata=BETA)
    none_below: float | None = field(default=None, metadata=NONE_BELOW)


class Worded:
    """Knows the words red, green and blue, and the definitions of `DICTIONARY`."""

    Settings = WordedSettings
    card = MethodCard("clip", "Worded", "-", "colours", False, True, False, ("query", "support", "phrases"), 1)

    def __init__(self) -> None:
        self.space = ColourSpace()

    def embed(self, pictures):  # type: ignore[no-untyped-def]
        return self.space.embed(pictures)

    def sentences(self, spec: ClassSpec, settings: WordedSettings) -> tuple[list[str], list[str]]:
        return sentences(self.space, spec, templates(settings.templates), self.define)

    def reads(self, text: str, settings: WordedSettings) -> bool:
        return self.space.reads(text)

    def fit(self, episode: Episode, settings: WordedSettings, progress: Progress = quiet) -> VisionLanguage:
        scale, floor = Default.constant(2.0), Default.constant(-1.0)
        return VisionLanguage(
            Fitted("clip", "Worded", self.space, self.space, scale, floor, 1.0, 5.5, settings, self.define),
            episode,
            progress,
        )

    @staticmethod
    def define(name: str) -> tuple[str, ...]:
        return DICTIONARY.get(name, ())
