"""Whether doubt about a caption tells photographs from what a captioner cannot know: digits, textures, noise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from fsl_demo.core.capabilities import Captioner
from fsl_demo.core.episodes import Caption, Progress, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.evaluation.calibration import auroc

EACH, SIDE = 200, 224


@dataclass(frozen=True)
class Doubt:
    """How well the fit of picture and caption tells photographs from others.

    Attributes:
        photographs: share of them that is called doubtful.
        others: by kind, the area under the ROC curve, and the share that is called doubtful; "all" for all together.
    """

    captioner: str
    photographs: float
    others: Mapping[str, tuple[float, float]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        kinds = ", ".join(f"{kind} {area:.3f} ({share:.0%})" for kind, (area, share) in self.others.items())
        return (
            f"{self.captioner}, doubt: {self.photographs:.0%} of the photographs; area under the ROC curve (and share"
            f" in doubt) for {kinds}"
        )


def doubt(captioner: Captioner, captions: Sequence[Caption], progress: Progress = quiet) -> Doubt:
    """Describe pictures of nothing.

    Args:
        captions: of test photographs, the best of each.
    """
    kinds = {
        kind: [candidates[0] for candidates in captioner.describe(pictures, progress)]
        for kind, pictures in others().items()
    }
    kinds["all"] = [caption for described in kinds.values() for caption in described]
    inside = np.array([caption.fit for caption in captions])
    areas = {
        kind: (
            auroc(inside, np.array([caption.fit for caption in described])),
            float(np.mean([caption.doubtful for caption in described])),
        )
        for kind, described in kinds.items()
    }
    return Doubt(captioner.card.id, float(np.mean([caption.doubtful for caption in captions])), areas)


def others(seed: int = 0) -> dict[str, list[Picture]]:
    """Handwritten digits of scikit-learn, crops of scikit-image's textures, and noise of several grains."""
    from skimage import data
    from sklearn.datasets import load_digits

    random = np.random.default_rng(seed)
    digits = random.permutation(255 - load_digits().images * (255 / 16))[:EACH]
    textures = [data.brick(), data.grass(), data.gravel()]

    def crop(number: int) -> np.ndarray:
        whole = textures[number % len(textures)]
        side = int(random.integers(128, 400))
        top, left = random.integers(0, len(whole) - side, 2)
        return whole[top : top + side, left : left + side]

    def noise(number: int) -> np.ndarray:
        grain = (SIDE, 56, 14, 7)[number % 4]
        return random.integers(0, 256, (grain, grain, 3))

    drawn: dict[str, Iterable[np.ndarray]] = {
        "digits": digits,
        "textures": map(crop, range(EACH)),
        "noise": map(noise, range(EACH)),
    }
    return {kind: [_picture(values, f"{kind}.png") for values in images] for kind, images in drawn.items()}


def _picture(values: np.ndarray, name: str) -> Picture:
    image = Image.fromarray(np.asarray(values).astype(np.uint8)).convert("RGB")
    return from_image(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC), name)
