"""Logistic regression on frozen picture vectors (Radford et al. 2021, arXiv:2103.00020, section 3): the usual
comparison for methods that read text, which it does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Classifies, HasWeights, ScoresEpisodes
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Explanation, Focus, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, none_below
from fsl_demo.core.spaces import ImageTextSpace
from fsl_demo.inference import calibration
from fsl_demo.inference.batches import Scored, Stack, scores_of, stacked
from fsl_demo.inference.compact_space import of_class_names
from fsl_demo.inference.explanations import direction_heatmap, nearest
from fsl_demo.inference.nearest_mean import check_pictures

STRENGTHS = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
"""scikit-learn's C, the inverse of the L2 penalty, for vectors of length 1: what held-out pictures choose from."""
STRENGTH = 3_000.0
"""Where a class has a single picture, so that none can be held out; on the validation classes of CIFAR-FS, with
EfficientNet-Lite0's vectors, the cross-entropy of one picture a class is lowest from here to 10,000."""
FOLDS = 5
ITERATIONS = 1_000

SpaceInUse = Callable[[], ImageTextSpace]
"""Gives the space with the weights that are in use now."""


@dataclass(frozen=True)
class LinearProbeSettings(Settings):
    """Settings of `LinearProbe`.

    Attributes:
        none_below: similarity under which a query is unlike the examples; None lets the method choose.
    """

    none_below: float | None = none_below()


class LinearProbe(Classifies[LinearProbeSettings], ScoresEpisodes, HasWeights):
    """Linear decision values on the vectors of a joint space, trained on the support set."""

    card = MethodCard(
        id="linear-probe",
        title="Linear probe",
        paper="Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision, section 3",
        checkpoint="the space of Compact VLM",
        needs_pictures=True,
        reads_text=False,
        transductive=False,
        explains=("query", "support"),
        cost=40,
        kinds=(),
    )
    Settings = LinearProbeSettings

    def __init__(self, networks: Networks, space: Callable[[Networks], SpaceInUse] = of_class_names) -> None:
        self.networks, self._space = networks, space(networks)

    def fit(self, episode: Episode, settings: LinearProbeSettings, progress: Progress = quiet) -> LinearProbeClassifier:
        """Embed the support set and train on it.

        Raises:
            UserError: for an episode that `check` refuses, and `class_empty`.
        """
        check_pictures(episode, self.card.title)
        return LinearProbeClassifier(
            self.card.id, space=self._space(), episode=episode, settings=settings, progress=progress
        )

    def score_episodes(
        self, episodes: Sequence[Episode], settings: LinearProbeSettings, progress: Progress = quiet
    ) -> list[Scores]:
        for episode in episodes:
            check_pictures(episode, self.card.title)
        return stacked(episodes, partial(self._score_stack, settings))

    def _score_stack(self, settings: LinearProbeSettings, stack: Stack) -> list[Scores]:
        """Embed all pictures together; each episode has a model of its own."""
        space = self._space()
        supports, queries = stack.embed(space.embed)
        probes = [Probe.trained(support, stack.owners, settings) for support in supports]
        similarities = np.stack([probe.similarities(rows) for probe, rows in zip(probes, queries, strict=True)])
        temperatures = np.array([probe.temperature for probe in probes])
        return scores_of(
            Scored(
                method=self.card.id,
                checkpoint=space.weights,
                settings=asdict(settings),
                similarities=similarities,
                probabilities=calibration.softmax(temperatures[:, None, None] * similarities),
                none_below=[probe.none_below for probe in probes],
                notes=[probe.note for probe in probes],
            )
        )

    def weights(self, settings: LinearProbeSettings) -> str:
        return self._space().weights


@dataclass(frozen=True)
class Probe:
    """What was trained on a support set.

    Attributes:
        weights: one vector a class, of mean length 1, [C, D].
        offsets: [C].
    """

    weights: np.ndarray
    offsets: np.ndarray
    temperature: float
    none_below: float
    note: dict[str, Any]

    @classmethod
    def trained(cls, support: np.ndarray, owners: np.ndarray, settings: LinearProbeSettings) -> Probe:
        """Train on vectors [S, D]; where no class has a single picture, held-out ones choose the penalty.

        The weights are sums of support vectors, so all is done in the S dimensions that these span.
        """
        vectors, axes = _spanned(support)
        strength, none_below = STRENGTH, 0.0
        held_out = np.bincount(owners).min() >= 2
        if held_out:
            trials = [(strength, *_held_out(vectors, owners, strength)) for strength in STRENGTHS]
            strength, _, similarities = min(trials, key=lambda trial: trial[1])
            none_below = float(calibration.threshold(similarities, owners=owners, before=0.0, now=0.0))
        if settings.none_below is not None:
            none_below = settings.none_below
        weights, offsets, temperature = _trained(vectors, owners, strength)
        note = {"strength": strength, "chosen": "held_out" if held_out else "default"}
        return cls(
            weights=weights if axes is None else weights @ axes.T,
            offsets=offsets,
            temperature=temperature,
            none_below=none_below,
            note=note,
        )

    def similarities(self, vectors: np.ndarray) -> np.ndarray:
        """Decision values of [N, D], [N, C]."""
        return vectors @ self.weights.T + self.offsets


class LinearProbeClassifier:
    """One weight vector a class, [C, D], and an offset.

    Similarities are decision values over the weight vectors' mean length: near to a cosine, whatever the penalty. They
    add up to 0 over the classes, so the best one is never negative.
    """

    def __init__(
        self, method: str, space: ImageTextSpace, episode: Episode, settings: LinearProbeSettings, progress: Progress
    ) -> None:
        started = time.perf_counter()
        self.method, self.space, self.episode, self.settings = method, space, episode, settings
        self.support = space.embed([example.picture for example in episode.support], progress)
        owners = np.array([example.class_index for example in episode.support])
        self.probe = Probe.trained(self.support, owners, settings)
        self.weights, self.none_below, self.note = self.probe.weights, self.probe.none_below, self.probe.note
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Decision values, and the model's own probabilities."""
        started = time.perf_counter()
        embedded = self.space.embed(queries, progress)
        similarities = self.probe.similarities(embedded)
        return Scores(
            method=self.method,
            checkpoint=self.space.weights,
            settings=asdict(self.settings),
            seconds=self.seconds + time.perf_counter() - started,
            similarities=similarities.astype(np.float32),
            probabilities=calibration.softmax(self.probe.temperature * similarities).astype(np.float32),
            none_below=self.none_below,
            pairs=(embedded @ self.support.T).astype(np.float32),
            note=self.note,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Where the class's weight vector is found, on the query and on a support picture."""
        shown = (focus and focus.support) or nearest(
            self.space, episode=self.episode, query=query, class_index=class_index
        )
        layers = [
            direction_heatmap(self.space, picture=query, role="query", directions=self.weights, index=class_index)
        ]
        if shown is not None:
            layers.append(
                direction_heatmap(self.space, picture=shown, role="support", directions=self.weights, index=class_index)
            )
        return Explanation(self.method, class_index, tuple(layers))


def _spanned(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Vectors [S, D] in a basis of their span, [S, S], and the basis [D, S]; as they are where D is not larger."""
    count, dimensions = vectors.shape
    if count >= dimensions:
        return vectors, None
    axes, within = np.linalg.qr(vectors.T.astype(np.float64))
    return within.T.astype(vectors.dtype), axes.astype(vectors.dtype)


def _trained(vectors: np.ndarray, owners: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Weight vectors [C, D] of mean length 1, offsets [C], and what both were divided by: the softmax's temperature.

    Classes count alike, however many pictures they have.
    """
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=strength, class_weight="balanced", max_iter=ITERATIONS)
    model.fit(vectors, owners)
    weights, offsets = model.coef_, model.intercept_
    if len(weights) == 1:  # of two classes, scikit-learn keeps the difference
        weights, offsets = np.stack([-weights[0], weights[0]]) / 2, np.array([-offsets[0], offsets[0]]) / 2
    length = max(float(np.linalg.norm(weights, axis=1).mean()), 1e-12)
    return weights / length, offsets / length, length


def _held_out(vectors: np.ndarray, owners: np.ndarray, strength: float) -> tuple[float, np.ndarray]:
    """The cross-entropy of held-out pictures, stratified by class, and their similarities [S, C]."""
    from sklearn.model_selection import StratifiedKFold

    folds = min(FOLDS, int(np.bincount(owners).min()))
    similarities, loss = np.zeros((len(owners), int(owners.max()) + 1)), 0.0
    for kept, left in StratifiedKFold(folds, shuffle=True, random_state=0).split(vectors, owners):
        weights, offsets, temperature = _trained(vectors[kept], owners[kept], strength)
        similarities[left] = vectors[left] @ weights.T + offsets
        likely = calibration.softmax(temperature * similarities[left])[np.arange(len(left)), owners[left]]
        loss -= float(np.log(likely + 1e-12).sum())
    return loss, similarities
