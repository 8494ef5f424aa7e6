"""The semantic dictionary as it is shipped: words as rows, pictures as regions, and codes of regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from fsl_demo.backbones import picture_maps
from fsl_demo.backbones.minilm import MiniLMWithWords
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Checkpoint, Current, Source
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.inference import region_space
from fsl_demo.inference.anchors import PICTURE_KEEP, PICTURE_POWER, relative
from fsl_demo.inference.region_features import DETECTOR, RegionFeatures, RegionMap, RegionTowers
from fsl_demo.inference.region_space import RegionSpace
from fsl_demo.inference.remembered import Remembered
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.inference.word_vectors import CHANNELS, SENTENCE, WordReader

CHECKPOINT = "semantic_dictionary"
PENALTY = 10.0
"""lambda of the codes."""
REGIONS, REGION_SHARE = 24, 0.5
"""The most probable regions of a picture, of which the best one speaks for a class, and its share."""
SAME = 0.75
"""Rows with a higher cosine stand for the same."""
REMEMBERED = 200
"""Pictures whose regions are not read again; 400 kB each."""


@dataclass(frozen=True)
class Seen:
    """A picture as the dictionary explains it.

    Attributes:
        boxes: of its regions, the most probable thing first, float32 [R, 4].
        objectness: [R].
        regions: unit vectors, float32 [R, d].
        whole: of the whole picture, [d].
        relations: which of ImageNet's classes the whole picture and the regions are like, float16 [1 + R, 1000].
    """

    boxes: np.ndarray
    objectness: np.ndarray
    regions: np.ndarray
    whole: np.ndarray
    relations: np.ndarray


@dataclass(frozen=True)
class Vocabulary:
    """Words, what `WordReader` gives for them, [V, e], and their rows [V, d]."""

    words: tuple[str, ...]
    vectors: np.ndarray
    rows: np.ndarray

    def apart_from(self, rows: np.ndarray) -> Vocabulary:
        """The words for other things than these rows [C, d]: they explain what belongs to none of them."""
        kept = others(rows, self.rows)
        words = tuple(word for word, is_other in zip(self.words, kept, strict=True) if is_other)
        return Vocabulary(words, self.vectors[kept], self.rows[kept])


@cache
def vocabulary() -> tuple[str, ...]:
    """Words for what photographs show: frequent nouns of Flickr30k Entities' phrases, and other things."""
    return tuple(Path(__file__).with_name("vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1])


class DictionarySpace:
    """Words and regions in one space.

    Args:
        regions: the detector that the dictionary was trained with.

    Attributes:
        weights: hashes of the weights, joined by "+".

    Raises:
        UserError: what is wrong with the checkpoints; `card_differs` for another detector.
    """

    def __init__(self, networks: Networks, regions: RegionSpace, checkpoint: Checkpoint) -> None:
        self.networks, self.towers, self.read = networks, RegionTowers(networks, regions), WordReader(networks)
        embedder = checkpoint.card.embedder
        if embedder is None or not regions.weights.endswith(embedder.sha256):
            raise UserError("card_differs", name=checkpoint.name, part="embedder")
        self.map = RegionMap.of(checkpoint)
        self._first = checkpoint.array("dictionary.first", CHANNELS, None).astype(np.float32)
        channels = sum(len(weight) for weight in self.map.weights)
        self._second = checkpoint.array("dictionary.second", self._first.shape[1], channels).astype(np.float32)
        self.scale = np.exp(checkpoint.array("scales", 2).astype(np.float32))[0]
        self.nothing = checkpoint.array("offsets", 2).astype(np.float32)[0]
        self.boxes = checkpoint.array("boxes", 3).astype(np.float32)
        self.background = checkpoint.array("background", channels).astype(np.float32)
        self.temperature = float(checkpoint.array("temperature", 1)[0])
        if networks.shuffle is not None:
            random = np.random.default_rng(networks.shuffle)
            self._first, self._second = (
                random.permuted(weight.ravel()).reshape(weight.shape) for weight in (self._first, self._second)
            )
        hashes = (checkpoint.sha256, regions.weights, networks.whole_pictures.weights)
        self.weights = "+".join([*(sha256[:16] for sha256 in hashes), self.read.weights])
        self._kept_words = checkpoint.array("vocabulary", len(vocabulary()), MiniLMWithWords.channels)
        self._learned = checkpoint.array("learned", None, SENTENCE).astype(np.float32)
        self._seen: Remembered[Seen] = Remembered(REMEMBERED)

    @property
    def channels(self) -> int:
        """Length of a vector."""
        return self._second.shape[1]

    def see(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[Seen]:
        """The regions of each picture, and the whole of it."""

        def read(missing: list[Picture]) -> list[Seen]:
            return [self._looked_at(own) for own in self.towers.propose(missing, progress)]

        return self._seen(pictures, read)

    def _looked_at(self, own: RegionFeatures) -> Seen:
        frozen = np.concatenate([own.whole[None], own.regions])[:, DETECTOR:]
        return Seen(
            own.boxes,
            own.objectness,
            regions=self.map(own.regions),
            whole=self.map(own.whole[None])[0],
            relations=relative(frozen @ self._classes.T, PICTURE_POWER, PICTURE_KEEP).astype(np.float16),
        )

    def embed(self, picture: Picture, boxes: np.ndarray) -> np.ndarray:
        """Unit vectors of boxes, fractions [n, 4]: float32 [n, d]."""
        return self.map(self.towers.embed(picture, boxes))

    def rows(self, texts: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        """A row for each ensemble of texts, float32 [C, d]; zeros for an empty one."""
        return self.encoded(self.read(texts, progress))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Words for what photographs show. The checkpoint keeps what MiniLM makes of them."""
        vectors = self.read.related(self._kept_words.astype(np.float32))
        return Vocabulary(vocabulary(), vectors, self.encoded(vectors))

    @cached_property
    def _classes(self) -> np.ndarray:
        """ImageNet's classes as the frozen network tells them apart, unit vectors [1000, 999]."""
        tower = self.networks.whole_pictures
        return picture_maps.classes(tower.classifier(), tower.axes())

    def learned(self, sentences: np.ndarray) -> np.ndarray:
        """Cosine of sentence vectors [C, 384] with the nearest word that the dictionary has learned from, [C]."""
        return np.asarray((sentences @ self._learned.T).max(axis=1))

    def encoded(self, vectors: np.ndarray) -> np.ndarray:
        """Rows [C, d] from what `WordReader` gives, [C, e]."""
        from fsl_demo.layers.semantic_dictionary import SLOPE

        hidden = vectors @ self._first
        return np.asarray(np.where(hidden > 0, hidden, SLOPE * hidden) @ self._second, np.float32)

    def odds(self, explained: np.ndarray, objectness: np.ndarray) -> np.ndarray:
        """Log-odds that regions are of each row, [R, C], from their codes [R, C] and how probably they are things, [R].

        Each row's logit is set against all others and nothing.
        """
        import torch

        from fsl_demo.layers.semantic_dictionary import margins

        logits = torch.from_numpy(self.scale * explained)
        far = margins(logits, torch.tensor(self.nothing)).numpy()
        likely = np.clip(objectness, 1e-4, 1 - 1e-4)
        by_margin, by_objectness, offset = self.boxes
        return np.asarray(by_margin * far + by_objectness * np.log(likely / (1 - likely))[:, None] + offset)


@dataclass(frozen=True)
class _OnRegions:
    """Makes the space of a dictionary on this detector's regions."""

    regions: Source

    def __call__(self, networks: Networks, dictionary: Checkpoint, _: Checkpoint) -> DictionarySpace:
        return DictionarySpace(networks, RegionSpace(networks, self.regions), dictionary)


def shared(
    networks: Networks, checkpoint: Source = CHECKPOINT, regions: Source = region_space.CHECKPOINT
) -> Current[DictionarySpace]:
    """The one space of these networks and checkpoints, so that a picture goes through the networks once."""
    return networks.shared(_OnRegions(regions), checkpoint, regions)


def codes(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """`layers.semantic_dictionary.codes`, with `PENALTY`."""
    import torch

    from fsl_demo.layers import semantic_dictionary

    return semantic_dictionary.codes(torch.from_numpy(vectors), torch.from_numpy(rows), PENALTY).numpy()


def others(rows: np.ndarray, vocabulary: np.ndarray) -> np.ndarray:
    """Which rows of a vocabulary [V, d] stand for something else than these [C, d], [V].

    A word that means nearly the same would take the part of the row that it is beside.
    """
    return np.asarray((l2_normalize(vocabulary) @ l2_normalize(rows).T).max(axis=1) < SAME)


def of_picture(explained: np.ndarray) -> np.ndarray:
    """How much rows explain a picture, [C]: a share of the whole picture's codes, the rest of the best region's.

    Args:
        explained: codes of the whole picture, and of its regions, the most probable thing first, [1 + R, C].
    """
    best = explained[1 : 1 + REGIONS].max(axis=0) if len(explained) > 1 else explained[0]
    return np.asarray((1 - REGION_SHARE) * explained[0] + REGION_SHARE * best)
