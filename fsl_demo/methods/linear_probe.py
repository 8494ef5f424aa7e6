"""Logistic regression on frozen picture vectors (Radford et al. 2021, arXiv:2103.00020, section 3): the usual
comparison for methods that read text, which it does not."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Exports, HasWeights, ScoresEpisodes
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Explanation, Focus, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.core.settings import Settings, none_below
from fsl_demo.inference import calibration, logistic_regression
from fsl_demo.inference.batches import Scored, Stack, scores_of, stacked
from fsl_demo.inference.compact_space import CompactSpace, of_class_names
from fsl_demo.inference.explanations import direction_heatmap, nearest
from fsl_demo.inference.logistic_regression import Models
from fsl_demo.inference.nearest_mean import check_pictures
from fsl_demo.inference.originals import Originals
from fsl_demo.inference.shares import Shares

STRENGTHS = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
"""The inverse of the L2 penalty, for vectors of length 1: what held-out pictures choose from."""
STRENGTH = 3_000.0
"""Where a class has a single picture, so that none can be held out; on the validation classes of CIFAR-FS, with
EfficientNet-Lite0's vectors, the cross-entropy of one picture a class is lowest from here to 10,000."""
FOLDS = 5

SpaceInUse = Callable[[], CompactSpace]
"""Gives the space with the weights that are in use now."""


@dataclass(frozen=True)
class LinearProbeSettings(Settings):
    """Settings of `LinearProbe`.

    Attributes:
        none_below: similarity under which a query is unlike the examples; None lets the method choose.
    """

    none_below: float | None = none_below()


class LinearProbe(Exports[LinearProbeSettings], ScoresEpisodes, HasWeights):
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
        self.networks, self._space, self.originals = networks, space(networks), Originals(networks)

    def fit(self, episode: Episode, settings: LinearProbeSettings, progress: Progress = quiet) -> LinearProbeClassifier:
        """Embed the support set and train on it.

        Raises:
            UserError: for an episode that `check` refuses, and `class_empty`.
        """
        check_pictures(episode, self.card.title)
        return LinearProbeClassifier(self, episode=episode, settings=settings, progress=progress)

    def portable(self, episode: Episode, settings: LinearProbeSettings, progress: Progress = quiet) -> Portable:
        from fsl_demo.inference.encoders import Products

        fitted = self.fit(episode, settings, progress)
        encoder, offsets = fitted.space.encoder(), fitted.probes.models.offsets[0]
        return Portable(
            recipes=encoder.recipes,
            network=Products(encoder.network, fitted.weights, offsets),
            sources=encoder.sources,
            temperature=float(fitted.probes.temperatures[0]),
            none_below=fitted.none_below,
            weights=fitted.space.weights,
        )

    def score_episodes(
        self, episodes: Sequence[Episode], settings: LinearProbeSettings, progress: Progress = quiet
    ) -> list[Scores]:
        for episode in episodes:
            check_pictures(episode, self.card.title)
        return stacked(episodes, partial(self._score_stack, settings))

    def _score_stack(self, settings: LinearProbeSettings, stack: Stack) -> list[Scores]:
        """Embed all pictures together; each episode has a model of its own."""
        space = self.space
        supports, queries = stack.embed(space.embed)
        copied = stack.support(self.originals)
        probes = Probes.trained(supports, originals=copied, owners=stack.owners, settings=settings)
        similarities = probes.similarities(queries)
        return scores_of(
            Scored(
                method=self.card.id,
                checkpoint=space.weights,
                settings=asdict(settings),
                similarities=similarities,
                probabilities=probes.probabilities(similarities),
                none_below=probes.none_below,
                notes=probes.notes,
            )
        )

    @property
    def space(self) -> CompactSpace:
        """With the weights that are in use now."""
        return self._space()

    def weights(self, settings: LinearProbeSettings) -> str:
        return self.space.weights


@dataclass(frozen=True)
class Probes:
    """What was trained on the support sets of B episodes, a model each.

    Attributes:
        models: weights of mean length 1, [B, C, D], and offsets.
        temperatures, none_below: [B].
        notes: one an episode.
    """

    models: Models
    temperatures: np.ndarray
    none_below: np.ndarray
    notes: list[dict[str, Any]]

    @classmethod
    def trained(
        cls, support: np.ndarray, originals: np.ndarray, owners: np.ndarray, settings: LinearProbeSettings
    ) -> Probes:
        """Train on vectors [B, S, D]; where no class has a single picture, held-out ones choose the penalty.

        Args:
            originals: vectors of the same pictures, in which near-duplicates are found. A picture that has
                some is not really held out, and says nothing.
        """
        vectors, axes = logistic_regression.in_span(support)
        strengths, none_below = np.full(len(vectors), STRENGTH), np.full(len(vectors), np.nan)
        held_out = np.zeros(len(vectors), bool)
        if np.bincount(owners).min() >= 2:
            cosines = originals @ originals.swapaxes(-1, -2)
            shares = Shares.of(cosines, owners=owners, classes=int(owners.max()) + 1, limit=math.nan)
            evidence = shares.evidence * (shares.weights == 1)
            held_out = evidence.any(axis=-1)
            losses, similarities = _held_out(vectors, owners=owners, strengths=STRENGTHS, evidence=evidence)
            best = losses.argmin(axis=1)
            strengths = np.where(held_out, np.array(STRENGTHS)[best], STRENGTH)
            own = replace(shares.seen(similarities[np.arange(len(best)), best]), evidence=evidence)
            none_below = np.where(held_out, own.threshold(before=0.0, now=0.0), np.nan)
        if settings.none_below is not None:
            none_below = np.full(len(vectors), settings.none_below)
        models, temperatures = _scaled(logistic_regression.fit(vectors, owners, strengths[:, None]))
        weights = (models.weights[:, 0] @ axes).astype(support.dtype)
        return cls(
            models=Models(weights=weights, offsets=models.offsets[:, 0].astype(support.dtype)),
            temperatures=temperatures[:, 0],
            none_below=none_below,
            notes=[
                {"strength": float(strength), "chosen": "held_out" if by_pictures else "default"}
                for strength, by_pictures in zip(strengths, held_out, strict=True)
            ],
        )

    def similarities(self, vectors: np.ndarray) -> np.ndarray:
        """Decision values of queries [B, Q, D], [B, Q, C]."""
        return self.models.decisions(vectors)

    def probabilities(self, similarities: np.ndarray) -> np.ndarray:
        """The models' own, from similarities [B, Q, C]."""
        return calibration.softmax(self.temperatures[:, None, None] * similarities)


class LinearProbeClassifier:
    """One weight vector a class, [C, D], and an offset.

    Similarities are decision values over the weight vectors' mean length: near to a cosine, whatever the penalty. They
    add up to 0 over the classes, so the best one is never negative.
    """

    def __init__(
        self, method: LinearProbe, episode: Episode, settings: LinearProbeSettings, progress: Progress
    ) -> None:
        started = time.perf_counter()
        self.method, self.space, self.episode, self.settings = method.card.id, method.space, episode, settings
        pictures = [example.picture for example in episode.support]
        self.support = self.space.embed(pictures, progress)
        self.probes = Probes.trained(
            self.support[None],
            originals=method.originals(pictures, progress)[None],
            owners=np.array([example.class_index for example in episode.support]),
            settings=settings,
        )
        self.weights, self.note = self.probes.models.weights[0], self.probes.notes[0]
        self.none_below = float(self.probes.none_below[0])
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Decision values, and the model's own probabilities."""
        started = time.perf_counter()
        embedded = self.space.embed(queries, progress)
        similarities = self.probes.similarities(embedded[None])
        return Scores(
            method=self.method,
            checkpoint=self.space.weights,
            settings=asdict(self.settings),
            seconds=self.seconds + time.perf_counter() - started,
            similarities=similarities[0].astype(np.float32),
            probabilities=self.probes.probabilities(similarities)[0].astype(np.float32),
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


def _scaled(models: Models) -> tuple[Models, np.ndarray]:
    """With weight vectors of mean length 1, and what they and the offsets were divided by: softmax's temperatures."""
    lengths = np.maximum(np.linalg.norm(models.weights, axis=-1).mean(axis=-1), 1e-12)
    scaled = Models(weights=models.weights / lengths[..., None, None], offsets=models.offsets / lengths[..., None])
    return scaled, lengths


def _held_out(
    vectors: np.ndarray, owners: np.ndarray, strengths: Sequence[float], evidence: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The cross-entropies of held-out pictures with each strength, [B, T], and their similarities, [B, T, S, C].

    Args:
        vectors: [B, S, D].
        evidence: how much each picture counts, [B, S].
    """
    folds = _folds(owners)
    included = folds != np.arange(folds.max() + 1)[:, None]
    models, temperatures = _scaled(
        logistic_regression.fit(
            vectors,
            owners,
            strengths=np.repeat(strengths, len(included)),
            included=np.tile(included, (len(strengths), 1)),
        )
    )
    pictures, shape = np.arange(len(owners)), (len(vectors), len(strengths), len(included))
    decisions = models.decisions(vectors[:, None]).reshape(*shape, len(owners), -1)
    similarities = decisions[:, :, folds, pictures]
    scales = temperatures.reshape(shape)[:, :, folds]
    likely = calibration.softmax(scales[..., None] * similarities)[:, :, pictures, owners]
    return -(np.log(likely + 1e-12) * evidence[:, None]).sum(axis=-1), similarities


def _folds(owners: np.ndarray) -> np.ndarray:
    """In which fold each picture is held out, [S]; every class has about as many pictures in each."""
    folds = np.empty_like(owners)
    folds[np.argsort(owners, kind="stable")] = np.arange(len(owners)) % min(FOLDS, np.bincount(owners).min())
    return folds
