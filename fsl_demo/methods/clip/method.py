"""CLIP (Radford et al. 2021, arXiv:2103.00020) with weights of one's own choice, through open_clip.

Zero-shot by prompts, pictures by Tip-Adapter (Zhang et al. 2021, arXiv:2111.03930).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from fsl_demo.backbones.clip.names import DEFAULT
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import NONE_BELOW, MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Progress, quiet
from fsl_demo.inference.calibration import Default
from fsl_demo.inference.prompts import TEMPLATES, templates
from fsl_demo.inference.vision_language import BETA, WEIGHT, Fitted, VisionLanguage, sentences
from fsl_demo.methods.clip.space import MODEL, ClipSpace

WORTH, SHARPNESS = 1.0, 5.5
"""Tip-Adapter's beta, and a text that counts for one picture."""


@dataclass(frozen=True)
class ClipSettings:
    """Settings of `ClipMethod`.

    Attributes:
        model: name of the weights, as `backbones.clip_names` has it.
        templates: prompt templates, one a line; None for open_clip's simple ones.
        pictures: weight of the pictures against the text; None lets the method choose.
        sharpness: Tip-Adapter's beta; None lets the method choose.
        none_below: similarity under which a query is unlike the examples; None lets the method choose.
    """

    model: str = field(default=DEFAULT, metadata=MODEL)
    templates: str | None = field(default=None, metadata=TEMPLATES)
    pictures: float | None = field(default=None, metadata=WEIGHT)
    sharpness: float | None = field(default=None, metadata=BETA)
    none_below: float | None = field(default=None, metadata=NONE_BELOW)


class ClipMethod:
    """Similarity of a query to each class's prompts, and to its pictures."""

    card: ClassVar = MethodCard(
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
    Settings: ClassVar = ClipSettings

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    def fit(self, episode: Episode, settings: ClipSettings, progress: Progress = quiet) -> VisionLanguage:
        """Embed prompts and support pictures.

        There is nothing to calibrate with but the support set: the temperature is the model's own scale, and without
        two pictures of every class no query is refused.

        Raises:
            UserError: what `ClipSpace` and `VisionLanguage` raise.
        """
        episode.check()
        space = ClipSpace(self.networks, settings.model)
        self.networks.clip(settings.model).load(progress)
        return VisionLanguage(
            Fitted(
                self.card.id,
                self.card.title,
                space,
                space,
                Default.constant(space.scale),
                Default.constant(-1.0),
                WORTH,
                SHARPNESS,
                settings,
                _undefined,
            ),
            episode,
            progress,
        )

    def sentences(self, spec: ClassSpec, settings: ClipSettings) -> tuple[list[str], list[str]]:
        """What stands for a class.

        Raises:
            UserError: `clip_name`, `template_bad`, `templates_many`; where the script has to be looked up in the
                weights' own files, what `clip_files.locate` raises.
        """
        space = ClipSpace(self.networks, settings.model)
        return sentences(space, spec, templates(settings.templates), _undefined)

    def reads(self, text: str, settings: ClipSettings) -> bool:
        """Whether the model's text tower knows the script.

        Raises:
            UserError: as `sentences`.
        """
        return ClipSpace(self.networks, settings.model).reads(text)


def _undefined(name: str) -> tuple[str, ...]:
    """No dictionary: CLIP was trained on captions."""
    return ()
