"""A semantic dictionary fitted to one episode: what a query is, what is where on it, and which words explain that."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from fsl_demo.core.episodes import Box, Episode, Example, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region, RegionExplanation, RegionNeighbour
from fsl_demo.inference import boxes as boxes_
from fsl_demo.inference import region_evidence
from fsl_demo.inference.calibration import FACTORS, HeldOut, softmax
from fsl_demo.inference.dictionary_space import REGIONS, Seen, codes, of_picture
from fsl_demo.inference.explanations import scaled
from fsl_demo.inference.familiar import unfamiliar
from fsl_demo.inference.region_features import WHOLE
from fsl_demo.inference.shares import Shares
from fsl_demo.inference.word_vectors import spoken
from fsl_demo.methods.semantic_dictionary.rows import Known, refined

if TYPE_CHECKING:
    from fsl_demo.methods.semantic_dictionary.method import SemanticDictionary, SemanticDictionarySettings

APART, LEAST = 0.4, 0.005
"""How much of two boxes of one class may overlap, and the least probability of a region that is shown."""
ELSEWHERE = 0.3
"""Overlap with a box on a support picture under which a region is not the thing."""
WORDS, NEIGHBOURS = 8, 5
GRID = 32
"""Positions of a map's side."""


class DictionaryClassifier:
    """The rows of one episode's classes.

    Attributes:
        rows: of the classes, [C, d].
    """

    def __init__(
        self, method: SemanticDictionary, episode: Episode, settings: SemanticDictionarySettings, progress: Progress
    ) -> None:
        started = time.perf_counter()
        self.method, self.episode, self.settings, self.space = method.card.id, episode, settings, method.space
        read = self.space.read([spoken(spec) for spec in episode.classes], progress)
        texts = np.where(read.any(axis=1, keepdims=True), self.space.encoded(read), 0)
        pictures = [example.picture for example in episode.support]
        self.support = self._support(progress)
        originals = method.originals(pictures, progress)
        owners = np.array([example.class_index for example in episode.support], dtype=int)
        known = Known(
            texts=texts,
            vectors=self.support,
            owners=owners,
            shares=Shares.of(originals @ originals.T, owners=owners, classes=len(texts), limit=np.nan),
            background=self.space.background,
            length=float(np.linalg.norm(self.space.vocabulary.rows, axis=1).mean()),
        )
        chosen = refined(known, temperature=self.space.temperature, strength=settings.strength)
        self.rows, held_out = chosen.rows, chosen.held_out
        self.temperature = float(self.space.temperature * FACTORS[held_out.losses(self.space.temperature).argmin()])
        self.none_below = _threshold(held_out) if settings.none_below is None else settings.none_below
        self.note = {"strength": chosen.strength} if texts.any() and len(owners) else {}
        self.note |= unfamiliar(self.space.networks.texts, episode.classes)
        beside = self.space.vocabulary.apart_from(self.rows)
        self.words, self.dictionary = beside.words, np.concatenate([self.rows, beside.rows])
        self.by_words = region_evidence.Words(read, texts, self.space.vocabulary.apart_from(texts))
        self.by_examples = region_evidence.Examples.of(
            known.shares.sums(self.support),
            known.shares.counts,
            told=np.asarray(read.any(axis=1)),
            background=region_evidence.background(self.space.background, self._elsewhere(progress)),
            strength=chosen.strength,
        )
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """How much the rows explain the whole picture and its best region, and probabilities from that."""
        started = time.perf_counter()
        seen = self.space.see(queries, progress)
        similarities = np.array([self._similarities(each) for each in seen]).reshape(len(seen), len(self.rows))
        whole = np.array([each.whole for each in seen]).reshape(len(seen), self.space.channels)
        return Scores(
            method=self.method,
            checkpoint=self.space.weights,
            settings=asdict(self.settings),
            seconds=self.seconds + time.perf_counter() - started,
            similarities=similarities.astype(np.float32),
            probabilities=softmax(self.temperature * similarities).astype(np.float32),
            none_below=self.none_below,
            pairs=(whole @ self.support.T).astype(np.float32) if len(self.support) else None,
            note=self.note,
        )

    def regions(self, queries: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        """What each query shows: boxes of one class lie apart, and one box may be of several classes."""
        return [self._regions(seen) for seen in self.space.see(queries, progress)]

    def explain_region(self, query: Picture, box: Box) -> RegionExplanation:
        """The words of the classes and of the vocabulary that explain a rectangle, and support regions like it."""
        vector = self.space.embed(query, np.array([box], np.float32))[0]
        return RegionExplanation(words=self._words(vector), neighbours=self._neighbours(vector))

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Where the regions of a class lie on a query, and the words that explain the whole of it."""
        (seen,) = self.space.see([query])
        evidence = _laid(seen.boxes, self._probabilities(seen).T)
        layer = Layer(query, "query", map=scaled(evidence, class_index), words=self._words(seen.whole))
        return Explanation(self.method, class_index, (layer,))

    def _words(self, vector: np.ndarray) -> tuple[tuple[str, float], ...]:
        """The words that explain a vector, each with its share of all that is explained, the largest first.

        What s D adds to its product with f is s (D f), word by word.
        """
        parts = np.maximum(codes(vector[None], self.dictionary)[0] * (self.dictionary @ vector), 0)
        shares, words = parts / max(parts.sum(), 1e-12), [*(spec.name for spec in self.episode.classes), *self.words]
        return tuple((words[number], float(shares[number])) for number in np.argsort(-shares)[:WORDS] if shares[number])

    def _support(self, progress: Progress) -> np.ndarray:
        """A vector for each example, [S, d]: the mean of its boxes, or the whole picture."""
        whole = [example.picture for example in self.episode.support if not example.boxes]
        vectors = dict(zip(whole, (seen.whole for seen in self.space.see(whole, progress)), strict=True))
        rows = [self._boxed(example) if example.boxes else vectors[example.picture] for example in self.episode.support]
        return np.array(rows, np.float32).reshape(len(rows), self.space.channels)

    def _elsewhere(self, progress: Progress) -> list[np.ndarray]:
        """Of each support picture with boxes, the vectors of regions that lie apart from all of them, [N, d]."""
        drawn: dict[Picture, list[Box]] = {}
        for example in self.episode.support:
            if example.boxes:
                drawn.setdefault(example.picture, []).extend(example.boxes)
        seen = self.space.see(list(drawn), progress)
        shared = [boxes_.overlaps(own.boxes, np.array(drawn[each])) for own, each in zip(seen, drawn, strict=True)]
        return [own.regions[each.max(axis=1) < ELSEWHERE] for own, each in zip(seen, shared, strict=True)]

    def _boxed(self, example: Example) -> np.ndarray:
        mean = self.space.embed(example.picture, np.array(example.boxes, np.float32)).mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12))

    def _similarities(self, seen: Seen) -> np.ndarray:
        """Of the classes, [C]; the vocabulary takes no part."""
        return of_picture(codes(np.concatenate([seen.whole[None], seen.regions[:REGIONS]]), self.rows))

    def _probabilities(self, seen: Seen) -> np.ndarray:
        """That each region is of each class, [R, C]."""
        return region_evidence.probabilities(self.space, seen, words=self.by_words, examples=self.by_examples)

    def _regions(self, seen: Seen) -> tuple[Region, ...]:
        likely = self._probabilities(seen)
        given = np.zeros(likely.shape, bool)
        for label, own in enumerate(likely.T):
            candidates = np.flatnonzero(own >= LEAST)
            given[candidates[boxes_.apart(seen.boxes[candidates], own[candidates], APART)], label] = True
        names, regions = [spec.name for spec in self.episode.classes], []
        for number in np.flatnonzero(given.any(axis=1)):
            order = [label for label in np.argsort(-likely[number]) if given[number, label]]
            words = tuple((names[label], float(likely[number, label])) for label in order)
            region = Region.within(boxes_.as_box(seen.boxes[number]), score=words[0][1], words=words)
            regions += [region] if region else []
        return tuple(sorted(regions, key=lambda region: -region.score))

    def _neighbours(self, vector: np.ndarray) -> tuple[RegionNeighbour, ...]:
        """The support pictures' boxes, or else their best regions, that are most like a vector."""
        near = []
        for example in dict.fromkeys(self.episode.support):
            if example.boxes:
                places = np.array(example.boxes, np.float32)
                vectors = self.space.embed(example.picture, places)
            else:
                (seen,) = self.space.see([example.picture])
                places = np.concatenate([WHOLE, seen.boxes])
                vectors = np.concatenate([seen.whole[None], seen.regions])
            cosines = vectors @ vector
            best = int(cosines.argmax())
            near.append(
                RegionNeighbour(
                    example.picture,
                    box=boxes_.as_box(places[best]),
                    class_index=example.class_index,
                    similarity=float(cosines[best]),
                )
            )
        return tuple(sorted(near, key=lambda neighbour: -neighbour.similarity)[:NEIGHBOURS])


def _threshold(held_out: HeldOut) -> float:
    """Under which a query is unlike the examples; NaN where no picture was held out: codes by words alone are as large
    as the words are known to the dictionary."""
    return float(held_out.threshold(before=0.0, now=0.0)) if held_out.evidence.any() else math.nan


def _laid(boxes: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """Probabilities of regions, [C, R], where their boxes lie, [C, GRID, GRID]: that one there is of the class."""
    centres = (np.arange(GRID) + 0.5) / GRID
    across = (boxes[:, :1] <= centres) & (centres < boxes[:, 2:3])
    down = (boxes[:, 1:2] <= centres) & (centres < boxes[:, 3:])
    absent = np.ones((len(likely), GRID, GRID))
    for row, column, own in zip(down, across, likely.T, strict=True):
        absent[:, row[:, None] & column] *= 1 - own[:, None]
    return 1 - absent
