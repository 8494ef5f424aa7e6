"""How well a semantic dictionary does on regions that it did not learn from, and its calibration on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from fsl_demo.core.episodes import Progress
from fsl_demo.inference.calibration import softmax
from fsl_demo.inference.dictionary_space import PENALTY, of_picture, others, vocabulary
from fsl_demo.inference.region_features import RegionMap
from fsl_demo.inference.word_vectors import WordReader
from fsl_demo.layers.semantic_dictionary import codes, margins
from fsl_demo.losses.semantic_dictionary import language_similarity
from fsl_demo.training import scenes
from fsl_demo.training.dictionary_words import Read
from fsl_demo.training.objectives.semantic_dictionary import SemanticDictionaryObjective
from fsl_demo.training.region_rows import NOTHING, PICTURE

TEMPERATURES = np.geomspace(5, 2000, 121)
CHOICES = 250
"""Phrases among which a region's own is looked for."""
OBJECTNESS = 0.5
"""What the log-odds to be a thing count for: of several regions of one thing that one stays which is surest. By the
mean average precision of VOC's validation boxes; the likelihood of single regions would have 0.18."""


@dataclass(frozen=True)
class DictionaryFigures:
    """
    Attributes:
        classes: average precision of all regions by the classes' names, mean of the classes.
        phrases: share of regions whose best phrase of `CHOICES` is one of their own.
        apart: mean |sD - f| of regions with the classes' dictionary; the features have length 1.
        language: mean cosine of the phrases before and after the auto-encoder.
    """

    classes: float
    phrases: float
    apart: float
    language: float

    @property
    def mean(self) -> float:
        """Of the two figures that count."""
        return (self.classes + self.phrases) / 2


@dataclass(frozen=True)
class Held:
    """Validation regions.

    Attributes:
        names: vectors of the classes' names, [C, e].
        vocabulary: vectors of words for other things, beside which probabilities are made, [V, e].
        regions: of the completely annotated pictures, [N, d].
        owners: class of each, or -1, [N].
        objectness: [N].
        pictures: number of each one's picture among `wholes`, [N].
        wholes: those pictures, [P, d].
        single: the class of a picture that shows things of no other, or -1, [P].
        spoken: regions that phrases mean, [M, d].
        phrases: vectors of all phrases, [P, e].
        means: which phrases mean each region, a list of numbers each.
    """

    names: Tensor
    vocabulary: Tensor
    regions: Tensor
    owners: np.ndarray
    objectness: np.ndarray
    pictures: np.ndarray
    wholes: Tensor
    single: np.ndarray
    spoken: Tensor
    phrases: Tensor
    means: list[list[int]]

    @classmethod
    def of(
        cls,
        read: WordReader,
        parts: Sequence[Read],
        mapped: RegionMap,
        classes: Sequence[str],
        progress: Progress,
    ) -> Held:
        """From regions of VOC and of Entities."""
        complete, called = parts
        regions = complete.rows.things != PICTURE
        things = zip(complete.rows.scenes[regions], complete.rows.things[regions], strict=True)
        owners = [
            -1 if thing == NOTHING else classes.index(complete.scenes[scene].texts[thing][0]) for scene, thing in things
        ]
        shown = [{classes.index(own[0]) for own in scene.texts} for scene in complete.scenes]
        wholes = np.flatnonzero(~regions)
        texts = list(dict.fromkeys(scenes.texts(list(called.scenes))))
        numbers = {text: number for number, text in enumerate(texts)}
        spoken = np.flatnonzero(called.rows.things >= 0)
        means = [
            [numbers[text] for text in called.scenes[called.rows.scenes[row]].texts[called.rows.things[row]]]
            for row in spoken
        ]
        return cls(
            names=torch.from_numpy(read([[name] for name in classes], progress)),
            vocabulary=torch.from_numpy(read([[word] for word in vocabulary()], progress)),
            regions=torch.from_numpy(mapped(complete.rows.features[regions])),
            owners=np.array(owners),
            objectness=complete.rows.objectness[regions],
            pictures=complete.rows.scenes[regions],
            wholes=torch.from_numpy(mapped(complete.rows.features[wholes])),
            single=np.array([own.pop() if len(own) == 1 else -1 for own in shown]),
            spoken=torch.from_numpy(mapped(called.rows.features[spoken])),
            phrases=torch.from_numpy(read([[text] for text in texts], progress)),
            means=means,
        )


@torch.inference_mode()
def figure(module: SemanticDictionaryObjective, held: Held) -> DictionaryFigures:
    """The figures of a dictionary, on the device where it is."""
    module.eval()
    device = module.offsets.device
    rows = module.dictionary(held.names.to(device)).float()
    regions = held.regions.to(device)
    explained = codes(regions, rows, PENALTY)
    scores = _margins(module, explained).sigmoid().cpu().numpy() * held.objectness[:, None]
    right = held.owners[:, None] == np.arange(len(rows))
    shown = [number for number in range(len(rows)) if right[:, number].any()]
    phrases = held.phrases.to(device)
    every = module.dictionary(phrases).float()
    return DictionaryFigures(
        classes=float(np.mean([average_precision(right[:, number], scores[:, number]) for number in shown])),
        phrases=_phrases(held, every),
        apart=float((explained @ rows - regions).norm(dim=1)[torch.from_numpy(held.owners >= 0).to(device)].mean()),
        language=float(language_similarity(phrases, module.dictionary.texts(every).float())),
    )


def _margins(module: SemanticDictionaryObjective, explained: Tensor) -> Tensor:
    return margins(module.scales[0].exp() * explained, module.offsets[0])


def _phrases(held: Held, every: Tensor) -> float:
    """Regions come in groups whose phrases, and others up to `CHOICES`, make the dictionary."""
    random, hits, start = np.random.default_rng(0), 0, 0
    others = random.permutation(len(every))
    order = random.permutation(len(held.means))
    while start < len(order):
        own, end = dict[int, None](), start
        while end < len(order) and len(own) + len(held.means[order[end]]) <= CHOICES // 2:
            own |= dict.fromkeys(held.means[order[end]])
            end += 1
        dictionary = list(dict.fromkeys([*own, *others[:CHOICES].tolist()]))[:CHOICES]
        explained = codes(held.spoken[torch.from_numpy(order[start:end])].to(every.device), every[dictionary], PENALTY)
        best = explained.argmax(1).tolist()
        hits += sum(dictionary[choice] in held.means[row] for choice, row in zip(best, order[start:end], strict=True))
        start = end
    return hits / max(len(order), 1)


def calibration(module: SemanticDictionaryObjective, held: Held) -> dict[str, np.ndarray]:
    """How margin and objectness make the probability that a box is of a class: factors of the margin and of
    objectness' log-odds, and what is added (Platt 1999, with `OBJECTNESS`)."""
    with torch.inference_mode():
        rows, words = module.dictionary(held.names).float(), module.dictionary(held.vocabulary).float()
        beside = words[torch.from_numpy(others(rows.numpy(), words.numpy()))]
        far = _margins(module, codes(held.regions, torch.cat([rows, beside]), PENALTY))[:, : len(rows)]
    right = torch.from_numpy(held.owners)[:, None] == torch.arange(len(rows))
    likely = torch.from_numpy(held.objectness.astype(np.float32)).clamp(1e-4, 1 - 1e-4)
    odds = (likely / (1 - likely)).log()[:, None]
    factors = torch.tensor([1.0, 0.0], requires_grad=True)
    optimiser = torch.optim.LBFGS([factors], max_iter=100, line_search_fn="strong_wolfe")
    far, target = far.clone(), right.float()

    def loss() -> Tensor:
        optimiser.zero_grad()
        cost = binary_cross_entropy_with_logits(factors[0] * far + OBJECTNESS * odds + factors[1], target)
        cost.backward()
        return cost

    optimiser.step(loss)
    by_margin, offset = factors.tolist()
    return {"boxes": np.array([by_margin, OBJECTNESS, offset], np.float32), **_of_pictures(held, rows)}


def _of_pictures(held: Held, rows: Tensor) -> dict[str, np.ndarray]:
    """The temperature under which pictures of one class are likeliest to be of it."""
    similarities = []
    for number in np.flatnonzero(held.single >= 0):
        own = held.regions[torch.from_numpy(held.pictures == number)]
        similarities.append(of_picture(codes(torch.cat([held.wholes[number, None], own]), rows, PENALTY).numpy()))
    stacked, truth = np.array(similarities), held.single[held.single >= 0]
    chosen = np.arange(len(truth)), truth
    temperature = max(TEMPERATURES, key=lambda t: np.log(softmax(t * stacked)[chosen] + 1e-12).mean())
    return {"temperature": np.array([temperature], np.float32)}


def average_precision(right: np.ndarray, scores: np.ndarray) -> float:
    """Mean of the precisions at each right one of a ranking, the highest score first."""
    ordered = right[np.argsort(-scores, kind="stable")]
    ranks = np.flatnonzero(ordered) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).mean())
