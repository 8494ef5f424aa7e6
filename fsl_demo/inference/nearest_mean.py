"""The classifier that prototypes and Siamese networks share: the class whose mean vector is most like the query's."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fsl_demo.core.episodes import Episode, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.inference import calibration
from fsl_demo.inference.batches import Embed, Scored, Stack, scores_of
from fsl_demo.inference.calibration import FACTORS, Default
from fsl_demo.inference.explanations import heat, nearest
from fsl_demo.inference.shares import Shares, usual_cosine
from fsl_demo.inference.space import Space


@dataclass(frozen=True)
class NearestMeanInputs:
    """What a method hands to its classifier.

    Attributes:
        checkpoint: hash of the weights.
        settings: as `Scores` reports them.
        originals: gives vectors in which near-duplicates are found (see `originals`).
        temperature, none_below: defaults of the space.
        note: as `Scores` reports it.
    """

    method: str
    checkpoint: str
    space: Space
    originals: Embed
    temperature: Default
    none_below: Default
    settings: Mapping[str, Any]
    note: Mapping[str, Any]


@dataclass(frozen=True)
class ClassMeans:
    """Class means and their calibration, of one support set or of several that are stacked.

    Attributes:
        prototypes: [..., C, D].
        held_out: cosines of the support pictures when their class does without them, [..., S, C].
        left: how many others their class has then, [..., S].
        temperature, none_below: [...].
    """

    prototypes: np.ndarray
    held_out: np.ndarray
    left: np.ndarray
    temperature: Any
    none_below: Any

    @classmethod
    def of(
        cls, inputs: NearestMeanInputs, support: np.ndarray, originals: np.ndarray, owners: np.ndarray, classes: int
    ) -> ClassMeans:
        """Average the support vectors, [..., S, D], and calibrate on held-out ones.

        Args:
            originals: vectors of the same pictures, in which near-duplicates are found.
        """
        cosines = originals @ originals.swapaxes(-1, -2)
        shares = Shares.of(cosines, owners=owners, classes=classes, limit=inputs.none_below.pictures[0])
        cosines = shares.held_out_cosines(support)
        held_out = shares.seen(cosines * shares.held_out_scales)
        factors = FACTORS[held_out.losses(inputs.temperature.at(classes, shares.before)).argmin(axis=-1)]
        none_below = inputs.settings["none_below"]
        if none_below is None:
            before, now = (shares.none_below(inputs.none_below, shots) for shots in (shares.before, shares.shots))
            none_below = held_out.threshold(before=before, now=now)
        return cls(
            prototypes=shares.class_means(support),
            held_out=cosines,
            left=shares.left,
            temperature=factors * inputs.temperature.at(classes, shares.shots),
            none_below=none_below,
        )

    def similarities(self, queries: np.ndarray) -> np.ndarray:
        """Cosines of queries [..., Q, D] to the class means, [..., Q, C]."""
        return queries @ self.prototypes.swapaxes(-1, -2)

    def held_out_probabilities(self) -> np.ndarray:
        """Of support pictures when their class does without them, [..., S, C]; NaN for those whose class is empty."""
        return np.where(self.left[..., None] > 0, self.probabilities(self.held_out), np.nan)

    def probabilities(self, similarities: np.ndarray) -> np.ndarray:
        """From similarities [..., Q, C]."""
        return calibration.softmax(np.asarray(self.temperature)[..., None, None] * similarities)


def score_stack(inputs: NearestMeanInputs, stack: Stack) -> list[Scores]:
    """The scores of stacked episodes' queries, without `pairs`."""
    support, queries = stack.embed(inputs.space.embed)
    means = ClassMeans.of(
        inputs,
        support=support,
        originals=stack.support(inputs.originals),
        owners=stack.owners,
        classes=stack.classes,
    )
    similarities = means.similarities(queries)
    return scores_of(
        Scored(
            method=inputs.method,
            checkpoint=inputs.checkpoint,
            settings=inputs.settings,
            similarities=similarities,
            probabilities=means.probabilities(similarities),
            none_below=means.none_below,
            notes=[inputs.note] * len(stack.episodes),
        )
    )


class NearestMean:
    """Class means of one support set in one space, and their calibration.

    Args:
        read: embeds the queries in place of the space.
    """

    def __init__(
        self, inputs: NearestMeanInputs, episode: Episode, progress: Progress = quiet, read: Embed | None = None
    ) -> None:
        started = time.perf_counter()
        self.inputs, self.episode, self.space = inputs, episode, inputs.space
        self._read = read or self.space.embed
        pictures = [example.picture for example in episode.support]
        self.support = self.space.embed(pictures, progress)
        self.usual = usual_cosine(inputs.none_below.pictures[0])
        self.means = ClassMeans.of(
            inputs,
            support=self.support,
            originals=inputs.originals(pictures, progress),
            owners=np.array([example.class_index for example in episode.support]),
            classes=len(episode.classes),
        )
        self.prototypes = self.means.prototypes
        self.temperature, self.none_below = float(self.means.temperature), float(self.means.none_below)
        self.seconds = time.perf_counter() - started

    def held_out(self) -> np.ndarray:
        """Probabilities of each support picture when its class does without it, [S, C]; NaN for its only one."""
        return self.means.held_out_probabilities()

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors of other pictures, [N, D]."""
        return self._read(pictures, progress)

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Cosine similarities, and probabilities from them."""
        started = time.perf_counter()
        embedded = self.embed(queries, progress)
        similarities = self.means.similarities(embedded)
        return Scores(
            method=self.inputs.method,
            checkpoint=self.inputs.checkpoint,
            settings=self.inputs.settings,
            seconds=self.seconds + time.perf_counter() - started,
            similarities=similarities.astype(np.float32),
            probabilities=self.means.probabilities(similarities).astype(np.float32),
            none_below=self.none_below,
            pairs=(embedded @ self.support.T).astype(np.float32),
            note=self.inputs.note,
        )

    def portable(self) -> Portable:
        """The classifier in a form of its own."""
        from fsl_demo.inference.encoders import Products

        encoder = self.space.encoder()
        return Portable(
            recipes=encoder.recipes,
            network=Products(encoder.network, self.prototypes),
            temperature=self.temperature,
            none_below=self.none_below,
            weights=self.inputs.checkpoint,
            sources=encoder.sources,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """What each position says for the class, on the query and on a support picture."""
        shown = (focus and focus.support) or nearest(
            self.space, episode=self.episode, query=query, class_index=class_index
        )

        def layer(picture: Picture, role: Literal["query", "support"]) -> Layer:
            return heat(self.space, picture=picture, role=role, evidence=self.evidence, class_index=class_index)

        layers = [layer(query, "query")]
        if shown is not None:
            layers.append(layer(shown, "support"))
        return Explanation(self.inputs.method, class_index, tuple(layers))

    def evidence(self, picture: Picture) -> np.ndarray:
        """What each position of a picture says for each class, [C, h, w]."""
        return self.space.evidence(picture, self.prototypes)


def check_pictures(episode: Episode, title: str) -> None:
    """Raise `UserError` for an episode that `check` refuses, and `class_empty` where a class has no pictures."""
    episode.check()
    for spec, shots in zip(episode.classes, episode.shots(), strict=True):
        if not shots:
            raise UserError("class_empty", name=spec.name, method=title)
