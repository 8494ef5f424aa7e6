"""The classifier of the Cross Attention Network: class maps of one support set, attended to those of each query."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fsl_demo.checkpoints import Source
from fsl_demo.core.episodes import Episode, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.inference import calibration
from fsl_demo.inference.calibration import FACTORS, Defaults, HeldOut
from fsl_demo.inference.explanations import scaled
from fsl_demo.inference.shares import Shares
from fsl_demo.inference.variants import VariantSettings
from fsl_demo.methods.can.space import CrossSpace

if TYPE_CHECKING:
    from fsl_demo.methods.can.method import CrossAttention

PAIRS = 32
"""Pairs that are compared at once."""
ROUNDS = (35 / 75, 70 / 75)
"""Shares of the queries that join the support set, round by round (section 5.1: 35, then 70 of 75)."""


class CanClassifier:
    """Class maps of one support set, and their calibration.

    Attributes:
        note: why it was chosen, as `Scores` reports it.
    """

    def __init__(
        self,
        method: CrossAttention,
        checkpoint: Source,
        episode: Episode,
        settings: VariantSettings,
        progress: Progress,
    ) -> None:
        started = time.perf_counter()
        self.method, self.episode, self.settings = method, episode, settings
        self.note: Mapping[str, Any] = {}
        self.space = CrossSpace(method.networks, checkpoint)
        self.classes = len(episode.classes)
        self.owners = np.array([example.class_index for example in episode.support])
        self.support = self.space.maps([example.picture for example in episode.support], progress)
        defaults = Defaults.of_pictures(self.space.network.checkpoint)
        temperature, none_below = defaults.temperature, defaults.none_below
        vectors = method.originals([example.picture for example in episode.support], progress)
        self.shares = Shares.of(
            vectors @ vectors.T, owners=self.owners, classes=self.classes, limit=none_below.pictures[0]
        )
        before, now = self.shares.before, self.shares.shots
        factors = FACTORS[self._held_out.losses(temperature.at(self.classes, before)).argmin()]
        self.temperature = factors * temperature.at(self.classes, now)
        limits = (self.shares.none_below(none_below, shots) for shots in (before, now))
        below = self._held_out.threshold(*limits) if settings.none_below is None else settings.none_below
        self.none_below = float(below)  # a plain number, which JSON takes
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Cosines of pooled, attended maps, and probabilities from them."""
        started = time.perf_counter()
        asked = self.space.maps(queries, progress)
        similarities = self._similarities(asked)
        return Scores(
            method=self.method.card.id,
            checkpoint=self.space.network.weights,
            settings=asdict(self.settings),
            seconds=self.seconds + time.perf_counter() - started,
            similarities=similarities.astype(np.float32),
            probabilities=calibration.softmax(self.temperature * similarities).astype(np.float32),
            none_below=self.none_below,
            pairs=self.space.similarities(self.support, asked).astype(np.float32),
            note=self.note,
        )

    def portable(self) -> Portable:
        """The classifier in a form of its own."""
        from fsl_demo.inference.encoders import OfMaps

        network = self.space.network
        return Portable(
            recipes=(network.preprocessing,),
            network=OfMaps(network, classes=self.maps, scales=self.shares.scales),
            sources=network.sources,
            temperature=float(self.temperature),
            none_below=self.none_below,
            weights=network.weights,
        )

    def scores_alone(self, queries: Sequence[Picture]) -> Scores:
        """What `predict` gives, without `pairs`, which take longer than all the rest."""
        similarities = self._similarities(self.space.maps(queries))
        return Scores(
            method=self.method.card.id,
            checkpoint=self.space.network.weights,
            settings=asdict(self.settings),
            seconds=0.0,
            similarities=similarities.astype(np.float32),
            probabilities=calibration.softmax(self.temperature * similarities).astype(np.float32),
            none_below=self.none_below,
            note=self.note,
        )

    def _similarities(self, asked: np.ndarray) -> np.ndarray:
        """Of queries' maps, [Q, C]."""
        similarities = self.space.similarities(self.maps, asked) * self.shares.scales
        if self.method.card.transductive:
            for share in ROUNDS:
                similarities = self.space.similarities(self._joined(asked, similarities, share), asked)
        return similarities

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """What the attention of query and class for each other adds; with a point, what that place attends to.

        With a support picture in focus, that picture takes the place of the class's mean map.
        """
        asked = self.space.maps([query])[0]
        members = np.flatnonzero(self.owners == class_index)
        if focus is not None and focus.support is not None:
            shown = focus.support
            support = self.space.maps([shown])[0]
        else:
            near = self.space.similarities(self.support[members], asked[None])[0]
            shown = self.episode.support[members[int(near.argmax())]].picture
            support = self.support[members[int(near.argmax())]]
        if focus is not None and focus.point is not None:
            layers = self._of_point(query, asked=asked, shown=shown, support=support, focus=focus)
        else:
            own = np.where((np.arange(self.classes) == class_index)[:, None, None, None], support, self.maps)
            on_class, on_query = self.space.gains(own, asked)
            layers = (
                self._layer(query, role="query", gains=on_query, index=class_index),
                self._layer(shown, role="support", gains=on_class, index=class_index),
            )
        return Explanation(self.method.card.id, class_index, layers)

    def held_out(self) -> np.ndarray:
        """Probabilities of each support picture when its class does without it, [S, C]; NaN for its only one."""
        probabilities = calibration.softmax(self.temperature * self._held_out_cosines)
        return np.where(self.shares.left[:, None] > 0, probabilities, np.nan)

    @cached_property
    def maps(self) -> np.ndarray:
        """Mean maps of the classes, [C, D, h, w]."""
        shares = self.shares
        sums = np.tensordot(shares.members.T * shares.weights, self.support, axes=1)
        return sums / shares.counts[:, None, None, None]

    @property
    def _held_out(self) -> HeldOut:
        """As with one picture a class less."""
        return self.shares.seen(self._held_out_cosines * self.shares.held_out_scales)

    @cached_property
    def _held_out_cosines(self) -> np.ndarray:
        """Of the support pictures when their class does without them and their near-duplicates, [S, C]."""
        shares = self.shares
        cosines = self.space.similarities(self.maps, self.support)
        rows = np.flatnonzero(shares.left)
        for part in np.split(rows, range(PAIRS, len(rows), PAIRS)):
            own = self.owners[part]
            parts = shares.members.T[own] * shares.weights * (1 - shares.near[part]) / shares.left[part, None]
            cosines[part, own] = self.space.paired(np.tensordot(parts, self.support, axes=1), self.support[part])
        return cosines

    def _joined(self, asked: np.ndarray, similarities: np.ndarray, share: float) -> np.ndarray:
        """Class maps with the surest queries as further support."""
        answers, sure = similarities.argmax(axis=1), similarities.max(axis=1)
        joining = np.argsort(-sure, kind="stable")[: round(share * len(asked))]
        maps = np.concatenate([self.support, asked[joining]])
        owners = np.concatenate([self.owners, answers[joining]])
        return np.stack([maps[owners == index].mean(axis=0) for index in range(self.classes)])

    def _layer(self, picture: Picture, role: Literal["query", "support"], gains: np.ndarray, index: int) -> Layer:
        return Layer(picture, role, map=scaled(gains, index), seen=self.space.seen(picture), kind="cross")

    def _of_point(
        self, query: Picture, asked: np.ndarray, shown: Picture, support: np.ndarray, focus: Focus
    ) -> tuple[Layer, Layer]:
        """How like a place of one picture each position of the other is; the place itself on the first."""
        assert focus.point is not None
        pictures, maps = {"query": query, "support": shown}, {"query": asked, "support": support}
        row, column = self.space.position(pictures[focus.on], focus.point)
        other: Literal["query", "support"] = "support" if focus.on == "query" else "query"
        place = np.zeros(asked.shape[1:], np.float32)
        place[row, column] = 1.0
        like = self.space.cosines(maps[focus.on][:, row, column], maps[other])
        likeness = scaled(like[None], 0)
        layers = {
            role: Layer(pictures[role], role, map=heat_map, seen=self.space.seen(pictures[role]), kind="point")
            for role, heat_map in ((focus.on, place), (other, likeness))
        }
        return layers["query"], layers["support"]
