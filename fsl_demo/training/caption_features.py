"""What the frozen towers make of captioned pictures and of ImageNet's class names; kept in a file for the next run."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from fsl_demo.backbones.efficientnet_lite0 import imagenet_names
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.inference.glossary import imagenet_sentences
from fsl_demo.inference.kinds import classified
from fsl_demo.inference.prompts import default_templates

GROUP = 64
"""Pictures that are in memory at once."""


@dataclass(frozen=True)
class Features:
    """float32 each.

    Attributes:
        pictures: of `PictureTowers`, [N, 1998].
        captions: of `MiniLMWithWords`, [N, 5, 768].
        teacher: what the two networks take the pictures for, [N, 1000], rows sum to 1.
        names: sentences of ImageNet's classes, [1000, 10, 768]: in templates, bare, with the definition, and the mean
            of the first and the last.
        rows: ImageNet's classes as pictures, [1000, 1998].
    """

    pictures: np.ndarray
    captions: np.ndarray
    teacher: np.ndarray
    names: np.ndarray
    rows: np.ndarray

    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread of each channel of pictures, then of texts, [1998 + 768]: what `scaled` takes off.

        The parts of a picture that have length 1, and the words of a text, have one spread each; sentence vectors stay.
        """
        towers = self.rows.shape[1]
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

    def scaled(self, mean: np.ndarray, spread: np.ndarray) -> Features:
        """As the heads are trained on them; the rows of classifiers are differences already."""
        towers = self.pictures.shape[1]
        pictures = (self.pictures - mean[:towers]) / spread[:towers]
        texts = ((vectors - mean[towers:]) / spread[towers:] for vectors in (self.captions, self.names))
        captions, names = texts
        return replace(self, pictures=pictures, captions=captions, names=names)


def features(networks: Networks, data: Captioned, file: Path, progress: Progress = quiet) -> Features:
    """Embed pictures, captions and class names, or read what an earlier run made of the same ones.

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
    rows = np.concatenate(PictureTowers(networks).classes(progress), axis=1)
    made = Features(
        pictures=pictures,
        captions=captions.reshape(len(pictures), -1, captions.shape[1]),
        teacher=teacher,
        names=class_sentences(networks, progress),
        rows=rows.astype(np.float32),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.ascontiguousarray(array) for name, array in vars(made).items()}
    with replacing(file) as output:
        output.write(save(arrays, {"weights": weights, "pictures": str(len(data.files))}))
    return made


def class_sentences(networks: Networks, progress: Progress = quiet) -> np.ndarray:
    """`Features.names`."""
    names, lines = imagenet_names(), default_templates()
    in_templates = networks.words.encode([line.replace("{}", name) for name in names for line in lines], progress)
    in_templates = in_templates.reshape(len(names), len(lines), -1)
    bare, defined = (networks.words.encode(texts, progress)[:, None] for texts in (names, imagenet_sentences()))
    both = (in_templates.mean(axis=1, keepdims=True) + defined) / 2
    return np.concatenate([in_templates, bare, defined, both], axis=1)


def _pictures(networks: Networks, data: Captioned, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    towers, vectors, answers = PictureTowers(networks), [], []
    for start in range(0, len(data.files), GROUP):
        progress("read", start, len(data.files))
        group = [ingest(file) for file in data.files[start : start + GROUP]]
        small = networks.features.pooled(networks.pictures, group)
        large = networks.features.pooled(networks.whole_pictures, group)
        vectors.append(towers.joined(small, large))
        answers.append(classified(networks, small, large))
    return np.concatenate(vectors), np.concatenate(answers)
