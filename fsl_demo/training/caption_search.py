"""How well the two-stream model re-orders what the built-in model finds for captions, while it learns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.evaluation import matching
from fsl_demo.inference.compact_space import CompactSpace
from fsl_demo.layers.two_stream import GRID
from fsl_demo.methods.two_stream.model import blended
from fsl_demo.training.caption_features import Features
from fsl_demo.training.objectives.two_stream import TwoStreamObjective
from fsl_demo.training.texts import Texts

NEAR, GATHER = 50, 100
"""Pictures that hard ones are drawn from; texts, or pictures, that are encoded at once."""


@dataclass(frozen=True)
class Blend:
    """A weight of the match beside the built-in model's similarity.

    Attributes:
        accuracy: share of captions that find their picture first with it.
        built_in_order, match_alone: the same with the similarity alone, and with the match alone.
    """

    weight: float
    accuracy: float
    built_in_order: float
    match_alone: float

    def as_dict(self) -> dict[str, object]:
        """For the card."""
        return {
            "what": "text to image, recall at 1, the built-in model's first ten in a new order",
            "accuracy": self.accuracy,
            "built-in order": self.built_in_order,
            "match alone": self.match_alone,
        }


@dataclass(frozen=True)
class Searched:
    """Captions of a part, and where the built-in model looks for their pictures.

    Attributes:
        positions: of the pictures, float16 [N, 130, 999].
        texts: their captions, N * 5.
        similarities, candidates: of each caption to the first pictures, and which ones these are, [N * 5, TOP].
    """

    positions: np.ndarray
    texts: Texts
    similarities: np.ndarray
    candidates: np.ndarray

    @classmethod
    def read(
        cls,
        space: CompactSpace,
        minilm: MiniLM,
        data: Captioned,
        known: Features,
        positions: np.ndarray,
        count: int,
    ) -> Searched:
        """The first `count` pictures, from what the towers make of the part; see `features` and `maps`."""
        captions = space.texts([[text] for texts in data.captions[:count] for text in texts])
        similarities = captions @ space.project(known.pictures[:count]).T
        candidates = matching.first(similarities)
        likeness = np.take_along_axis(similarities, candidates, axis=1)
        return cls(
            positions=positions[:count],
            texts=Texts.read(minilm, data.captions[:count]),
            similarities=likeness,
            candidates=candidates,
        )

    @torch.inference_mode()
    def matches(self, module: TwoStreamObjective, every: int = 1) -> np.ndarray:
        """How well the model says every so many captions match their candidates, [M, TOP]."""
        module.eval()
        device = module.vocabulary.device
        tokens, real = (part.flatten(0, 1)[::every].to(device) for part in (self.texts.tokens, self.texts.real))
        pictures = torch.cat(
            [
                module.model.pictures(torch.from_numpy(np.array(group[:, : GRID**2], np.float32)).to(device))
                for group in np.split(self.positions, range(GATHER, len(self.positions), GATHER))
            ]
        )
        matches = []
        for start in range(0, len(tokens), GATHER):
            group = slice(start, start + GATHER)
            vectors = module.model.texts(module.vectors(tokens[group], real[group]))
            candidates = torch.from_numpy(self.candidates[::every][group]).to(device)
            matches.append(module.model.matches(pictures, texts=vectors, mask=real[group], candidates=candidates))
        return torch.cat(matches).cpu().numpy()

    def blend(self, module: TwoStreamObjective, every: int = 1) -> Blend:
        """The best weight for every so many captions."""
        each = self.texts.tokens.shape[1]
        likeness, candidates = self.similarities[::every], self.candidates[::every]
        own, matches = np.arange(len(self.similarities))[::every] // each, self.matches(module, every)
        weight = matching.best_weight(likeness, matches=matches, candidates=candidates, own=own)
        before, after, alone = (
            float(matching.first_hits(blended(likeness, matches, share), candidates, own).mean())
            for share in (0, weight, 1)
        )
        return Blend(weight=weight, accuracy=after, built_in_order=before, match_alone=alone)


def confused(space: CompactSpace, known: Features, data: Captioned) -> np.ndarray:
    """The pictures that the built-in model takes each picture's captions for, but for the own one, [N, NEAR]."""
    pictures, texts = space.project(known.pictures), space.texts(data.captions)
    similarities = texts @ pictures.T
    np.fill_diagonal(similarities, -np.inf)
    return matching.first(similarities, NEAR)
