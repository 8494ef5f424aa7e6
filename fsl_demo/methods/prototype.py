"""Nearest class mean on frozen features (Snell et al. 2017, arXiv:1703.05175, at test time; SimpleShot,
Wang et al. 2019, arXiv:1911.04623). The yardstick for every other method."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.backbones.networks import Networks
from fsl_demo.episodes import Episode, Explanation, Focus, Progress, Scores, quiet
from fsl_demo.errors import UserError
from fsl_demo.methods import calibration
from fsl_demo.methods.calibration import Default
from fsl_demo.methods.contract import MethodCard
from fsl_demo.methods.explaining import heat, nearest
from fsl_demo.methods.picture_space import PictureSpace
from fsl_demo.pictures import Picture

CHECKPOINT = "lite0_minilm"


@dataclass(frozen=True)
class PrototypeSettings:
    """Settings of `Prototype`.

    Attributes:
        none_below: cosine similarity under which a query is "none of these"; None lets the method choose.
    """

    none_below: float | None = field(
        default=None, metadata={"low": 0.0, "high": 1.0, "step": 0.01, "help": "Similarity below which no class fits."}
    )


class Prototype:
    """Cosine similarity of a query to the mean of each class's support features."""

    card: ClassVar = MethodCard(
        id="prototype",
        title="Prototype",
        paper="Snell et al. 2017, Prototypical Networks; Wang et al. 2019, SimpleShot",
        checkpoint="EfficientNet-Lite0 (ImageNet)",
        needs_pictures=True,
        reads_text=False,
        transductive=False,
        explains=("query", "support"),
        cost=12,
    )
    Settings: ClassVar = PrototypeSettings

    def __init__(self, networks: Networks) -> None:
        shipped = checkpoints.load(CHECKPOINT)
        self.networks = networks
        self.space = PictureSpace(networks)
        self.temperature = Default.unpack(shipped.arrays["temperature"])
        self.none_below = Default.unpack(shipped.arrays["none_below"])
        self.checkpoint = f"{networks.pictures.weights[:16]}+{shipped.sha256[:16]}"

    def fit(self, episode: Episode, settings: PrototypeSettings, progress: Progress = quiet) -> PrototypeClassifier:
        """Embed the support set and average it.

        Raises:
            UserError: for an episode that `check` refuses, and `class_empty`.
        """
        episode.check()
        for spec, shots in zip(episode.classes, episode.shots(), strict=True):
            if not shots:
                raise UserError("class_empty", name=spec.name, method=self.card.title)
        return PrototypeClassifier(self, episode, settings, progress)

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]."""
        return self.space.embed(pictures, progress)


class PrototypeClassifier:
    """Prototypes of one support set, and its calibration."""

    def __init__(self, method: Prototype, episode: Episode, settings: PrototypeSettings, progress: Progress) -> None:
        started = time.perf_counter()
        self.method, self.episode, self.settings = method, episode, settings
        classes, counts = len(episode.classes), np.array(episode.shots())
        self.support = method.space.embed([example.picture for example in episode.support], progress)
        owners = np.array([example.class_index for example in episode.support])
        self.prototypes = calibration.class_means(self.support, owners, classes)
        shots = 1 / float((1 / counts).mean())
        self.temperature, self.none_below = method.temperature.at(classes, shots), method.none_below.at(classes, shots)
        if counts.min() >= 2:
            similarities = calibration.held_out(self.support, owners, classes)
            losses = calibration.losses(similarities, owners, method.temperature.at(classes, shots - 1))
            self.temperature *= calibration.FACTORS[losses.argmin()]
            before = method.none_below.at(classes, shots - 1)
            self.none_below = calibration.threshold(similarities, owners, before, self.none_below)
        if settings.none_below is not None:
            self.none_below = settings.none_below
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Cosine similarities, and probabilities from them."""
        started = time.perf_counter()
        embedded = self.method.space.embed(queries, progress)
        similarities = embedded @ self.prototypes.T
        return Scores(
            self.method.card.id,
            self.method.checkpoint,
            asdict(self.settings),
            self.seconds + time.perf_counter() - started,
            similarities.astype(np.float32),
            calibration.softmax(self.temperature * similarities).astype(np.float32),
            self.none_below,
            (embedded @ self.support.T).astype(np.float32),
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Each position's share of the cosine similarity, on the query and on a support picture."""
        networks, shown = self.method.networks, focus or nearest(self.method.space, self.episode, query, class_index)
        layers = [heat(networks, query, "query", self.shares, class_index)]
        if shown is not None:
            layers.append(heat(networks, shown, "support", self.shares, class_index))
        return Explanation(self.method.card.id, class_index, tuple(layers))

    def shares(self, maps: np.ndarray) -> np.ndarray:
        """What each position of a picture adds to its similarities, [C, h, w]; the sum is the similarity."""
        return self.method.space.shares(maps, self.prototypes)
