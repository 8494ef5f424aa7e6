"""What the frozen towers make of captioned pictures; kept in a file for the next run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.inference.kinds import classified
from fsl_demo.training.reading import pooled


@dataclass(frozen=True)
class Features:
    """float32 each.

    Attributes:
        pictures: of `PictureTowers`, [N, 1998].
        captions: of `MiniLMWithWords`, [N, 5, 768].
        teacher: what the two networks take the pictures for, [N, 1000], rows sum to 1.
    """

    pictures: np.ndarray
    captions: np.ndarray
    teacher: np.ndarray

    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread of each channel of pictures, then of texts, [1998 + 768]: what `scaled` takes off.

        The parts of a picture that have length 1, and the words of a text, have one spread each; sentence vectors stay.
        """
        towers = self.pictures.shape[1]
        half, sentence = towers // 2, self.captions.shape[2] // 2
        captions = self.captions.reshape(-1, 2 * sentence)
        mean = np.concatenate([self.pictures.mean(axis=0), captions.mean(axis=0)])
        mean[towers : towers + sentence] = 0
        spread = np.ones_like(mean)
        for part, values in (
            (slice(0, half), self.pictures[:, :half]),
            (slice(half, towers), self.pictures[:, half:]),
            (slice(towers + sentence, None), captions[:, sentence:]),
        ):
            spread[part] = np.linalg.norm(values - mean[part], axis=1).mean()
        return mean.astype(np.float32), spread.astype(np.float32)

    def scaled(self, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """The pictures as the heads are trained on them."""
        return scaled(self.pictures, mean, spread)


def scaled(pictures: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """What `PictureTowers` gives, [N, 1998], by the statistics of all channels."""
    towers = pictures.shape[1]
    return (pictures - mean[:towers]) / spread[:towers]


def features(networks: Networks, data: Captioned, file: Path, progress: Progress = quiet) -> Features:
    """Embed pictures and captions, or read what an earlier run made of the same ones.

    Args:
        file: keeps them.

    Raises:
        UserError: what reading a picture raises; `weights_missing`, `weights_differ`.
    """
    from safetensors import safe_open
    from safetensors.numpy import save

    weights = "+".join((networks.pictures.weights, networks.whole_pictures.weights, networks.texts.weights))
    if file.exists():
        with safe_open(file, framework="np") as stored:
            if stored.metadata() == {"weights": weights, "pictures": str(len(data.files))}:
                return Features(**{field.name: stored.get_tensor(field.name) for field in fields(Features)})
    pictures, teacher = _pictures(networks, data, progress)
    captions = networks.words.encode([text for captions in data.captions for text in captions], progress)
    made = Features(
        pictures=pictures,
        captions=captions.reshape(len(pictures), -1, captions.shape[1]),
        teacher=teacher,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.ascontiguousarray(array) for name, array in vars(made).items()}
    with replacing(file) as output:
        output.write(save(arrays, {"weights": weights, "pictures": str(len(data.files))}))
    return made


def _pictures(networks: Networks, data: Captioned, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    small, large = pooled(networks, data.files, progress)
    return PictureTowers(networks).joined(small, large), classified(networks, small, large)
