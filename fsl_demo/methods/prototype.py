"""Nearest class mean on frozen features (Snell et al. 2017, arXiv:1703.05175, at test time; SimpleShot,
Wang et al. 2019, arXiv:1911.04623). The yardstick for every other method."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar

import numpy as np

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.episodes import Episode, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.errors import UserError
from fsl_demo.methods.contract import MethodCard
from fsl_demo.pictures import Picture

TEMPERATURE = 20.0
NONE_BELOW = 0.2


@dataclass(frozen=True)
class PrototypeSettings:
    """Attributes:
    none_below: cosine similarity under which a query is "none of these"; None lets the method choose.
    """

    none_below: float | None = field(
        default=None, metadata={"low": 0.0, "high": 1.0, "step": 0.01, "help": "similarity below which no class fits"}
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
        cost=15,
    )
    Settings: ClassVar = PrototypeSettings

    def __init__(self, features: FeatureCache, backbone: EfficientNetLite0) -> None:
        self.features = features
        self.backbone = backbone

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
        """Unit vectors, float32 [N, 1280]."""
        return unit(self.features.pooled(self.backbone, pictures, progress))


class PrototypeClassifier:
    """Prototypes of one support set."""

    def __init__(self, method: Prototype, episode: Episode, settings: PrototypeSettings, progress: Progress) -> None:
        started = time.perf_counter()
        self.method, self.episode, self.settings = method, episode, settings
        self.support = method.embed([example.picture for example in episode.support], progress)
        owners = np.array([example.class_index for example in episode.support])
        self.prototypes = unit(np.stack([self.support[owners == c].mean(axis=0) for c in range(len(episode.classes))]))
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        started = time.perf_counter()
        embedded = self.method.embed(queries, progress)
        similarities = embedded @ self.prototypes.T
        logits = TEMPERATURE * similarities
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        return Scores(
            self.method.card.id,
            self.method.backbone.weights,
            asdict(self.settings),
            self.seconds + time.perf_counter() - started,
            similarities,
            probabilities / probabilities.sum(axis=1, keepdims=True),
            NONE_BELOW if self.settings.none_below is None else self.settings.none_below,
            embedded @ self.support.T,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Each position's share of the cosine similarity; the shares of all positions add up to it."""
        members = [example.picture for example in self.episode.support if example.class_index == class_index]
        shown = focus or members[int((self.method.embed(members) @ self.method.embed([query])[0]).argmax())]
        layers = []
        for picture, role in ((query, "query"), (shown, "support")):
            maps = self.method.features.maps(self.method.backbone, [picture])[0]
            norm = np.linalg.norm(maps.mean(axis=(1, 2)))
            shares = np.einsum("cd,dhw->chw", self.prototypes, maps) / norm / maps[0].size
            low, high = shares.min(), shares.max()
            scaled = (shares[class_index] - low) / max(high - low, 1e-12)
            layers.append(Layer(picture, role, scaled.astype(np.float32), self.method.backbone.seen(picture)))  # type: ignore[arg-type]
        return Explanation(self.method.card.id, class_index, tuple(layers))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
