"""The space of the built-in model: trained heads, ASIF's relations to ImageNet's classes, and the pictures' features.

A picture's vector is [z | r | v] and a text's [h | t | 0], each part at length 1 and weighted by the root of its share,
so one product of two vectors blends all of them. z and h come from heads trained on captions and class names (see
`training`); r and t are ASIF's sparse rows (Norelli et al. 2022, arXiv:2210.01738), r of two networks; v
is what pictures are compared with pictures by: a vector of `PictureSpace` beside class names, which are of things, and
what the towers say beside sentences, which are of scenes. Where sentences look for pictures, [... | -b] and [... | 1]
set back pictures that are like most sentences, which would else be found by all (`likeness`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.backbones.minilm import MiniLM, MiniLMWithWords
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PICTURE, PictureTowers
from fsl_demo.backbones.trained import shuffled
from fsl_demo.backbones.tuned_minilm import tuned
from fsl_demo.checkpoints import Checkpoint, Current, Source
from fsl_demo.core.episodes import Box, Progress, in_latin_script, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Encoder
from fsl_demo.inference import picture_space
from fsl_demo.inference.anchors import (
    PICTURE_KEEP,
    PICTURE_POWER,
    TEXT_KEEP,
    TEXT_POWER,
    PictureAnchors,
    relative,
)
from fsl_demo.inference.calibration import Defaults
from fsl_demo.inference.encoding import encoded
from fsl_demo.inference.picture_space import PictureSpace, Unlearned
from fsl_demo.inference.vector_cache import VectorCache
from fsl_demo.inference.vectors import l2_normalize

CHECKPOINT, ANCHORS = "compact_vlm", "lite0_minilm"
OTHERS = (ANCHORS, picture_space.CHECKPOINT)
"""Checkpoints that the space rests on, beside its own."""


@dataclass(frozen=True)
class Parts:
    """How much the parts of a vector count.

    Attributes:
        pictures: the share of v.
        relations: of the rest, the share of r and t.
        learned: whether v is a vector of `PictureSpace`, or what the towers say.
        banked: whether pictures that are like most of the query bank are set back.
    """

    pictures: float
    relations: float
    learned: bool
    banked: bool = False


NAMES = Parts(pictures=0.8, relations=0.65, learned=True)
SENTENCES = Parts(pictures=0.5, relations=0.0, learned=False)
SEARCH = replace(SENTENCES, banked=True)
"""Captions teach scenes, class names teach objects, so class names are compared by relations too. The shares for names
are the best of 0.5, 0.65, 0.75 and 0.85 on CIFAR-FS's training and validation classes, and of 0.5, 0.7, 0.8 and 0.9 on
the validation classes of CIFAR-FS and `photos`; that for sentences was set by hand."""
BANK, SHARPNESS, SETBACK = 1_500, 20.0, 0.75
"""Captions in the query bank, what their cosines are multiplied with, and what being like them counts for: chosen by
recall at 1 of Flickr8k's validation pictures (30.4 % without a bank; 31.3 to 32.4 % for sharpnesses from 10 to 40 and
their best weights)."""
HEAD, HIDDEN, TEXT = 512, 1_024, 768
SHAPES = {
    "pictures.weight": (HEAD, PICTURE),
    "pictures.bias": (HEAD,),
    "texts.hidden.weight": (HIDDEN, TEXT),
    "texts.hidden.bias": (HIDDEN,),
    "texts.out.weight": (HEAD, HIDDEN),
    "texts.out.bias": (HEAD,),
    "texts.weight": (HEAD, TEXT),
    "texts.bias": (HEAD,),
}
REMEMBERED = 4_096
"""Vectors of pictures, and of texts, that are not computed again; 14 kB each."""


class CompactSpace:
    """A `ImageTextSpace` that needs no download.

    Args:
        parts: `NAMES` for class names, `SENTENCES` for a picture's own sentences, `SEARCH` for finding pictures by one.
        checkpoint, anchors, pictures: in place of those that are shipped.

    Attributes:
        defaults: of the checkpoint.
        sources: the checkpoints, without their weights.

    Raises:
        UserError: what is wrong with the checkpoints.
    """

    title = "Compact VLM"

    def __init__(
        self,
        networks: Networks,
        parts: Parts,
        checkpoint: Source | Checkpoint = CHECKPOINT,
        anchors: Source | Checkpoint = ANCHORS,
        pictures: Source | Checkpoint = picture_space.CHECKPOINT,
    ) -> None:
        self.networks, self.towers, learned = networks, PictureTowers(networks), PictureSpace(networks, pictures)
        self.own: PictureSpace | Unlearned = learned if parts.learned else Unlearned()
        self.picture_anchors = PictureAnchors(self.towers)
        shipped, coupled = checkpoints.load(checkpoint), checkpoints.load(anchors)
        self.sources = tuple(replace(each, arrays={}) for each in (shipped, coupled, learned.checkpoint))
        self.id, self.parts = f"{CHECKPOINT}_{parts.relations:g}" + "_banked" * parts.banked, parts
        self.defaults = Defaults.of(shipped)
        hashes = (networks.texts.weights, shipped.sha256, coupled.sha256)
        self.weights = "+".join([learned.weights, *(sha256[:16] for sha256 in hashes)])
        heads = {name: shipped.array(name, *shape).astype(np.float32) for name, shape in SHAPES.items()}
        if networks.shuffle is not None:
            import torch

            state = shuffled({name: torch.from_numpy(array) for name, array in heads.items()}, networks.shuffle)
            heads = {name: value.numpy() for name, value in state.items()}
        self.heads = heads
        self.words = MiniLMWithWords(tuned(networks.texts, shipped))
        texts = coupled.array("anchors", None, networks.texts.channels).astype(np.float32)
        self.origin = texts.mean(axis=0)
        self.text_anchors = l2_normalize(texts - self.origin)
        common = 1 - parts.pictures
        shares = np.array([common * (1 - parts.relations), common * parts.relations, parts.pictures])
        self.roots = np.sqrt(shares).astype(np.float32)
        if parts.banked:
            self.bank = shipped.array("bank", BANK, HEAD).astype(np.float32)
            self.typical = float(shipped.array("bank.typical", 1)[0])
        self._pictures, self._texts = VectorCache(REMEMBERED), VectorCache(REMEMBERED)

    @property
    def channels(self) -> int:
        """Length of a vector."""
        return len(self.heads["pictures.weight"]) + len(self.text_anchors) + self.own.channels + self.parts.banked

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, but for a last channel that sets back, float32 [N, D]."""

        def compute(missing: list[int]) -> np.ndarray:
            return self.project(self.towers.embed([pictures[number] for number in missing], progress), progress)

        return self._pictures([picture.sha256 for picture in pictures], compute, self.channels)

    def project(self, features: np.ndarray, progress: Progress = quiet) -> np.ndarray:
        """From what `PictureTowers.embed` gives."""
        headed = l2_normalize(features @ self.heads["pictures.weight"].T + self.heads["pictures.bias"])
        head, relation, own = self.roots
        rows = self.picture_anchors.rows(features, progress)
        parts = [head * headed, relation * rows, own * self.own.project(features)]
        if self.parts.banked:
            parts.append(head * SETBACK * (self.typical - likeness(headed, self.bank))[:, None])
        return np.concatenate(parts, axis=1).astype(np.float32)

    def encoder(self) -> Encoder:
        """What `embed` computes, in a form of its own."""
        from fsl_demo.inference.encoders import Mapped, OfFeatures, Relations, Towers

        assert isinstance(self.own, PictureSpace)
        towers, own = Towers(self.networks), Mapped(self.own.weight, self.own.bias)
        head = Mapped(self.heads["pictures.weight"], self.heads["pictures.bias"])
        rows = Relations(self.picture_anchors.classes(), power=PICTURE_POWER, keep=PICTURE_KEEP)
        return Encoder(towers.recipes, OfFeatures(towers, [head, rows, own], list(self.roots)), self.sources)

    def texts(self, sentences: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        """A unit vector for the mean of each ensemble of sentences, float32 [C, D]; zeros for an empty one."""

        def compute(missing: list[int]) -> np.ndarray:
            wanted = [sentences[number] for number in missing]
            there = np.array([bool(ensemble) for ensemble in wanted])[:, None]
            return np.where(there, self._project_texts(wanted, progress), 0).astype(np.float32)

        return self._texts([tuple(ensemble) for ensemble in sentences], compute, self.channels)

    def _project_texts(self, ensembles: Sequence[Sequence[str]], progress: Progress) -> np.ndarray:
        """The head reads the tuned encoder; relations, where they count, the one that the anchors are from."""
        means, width = self._means(self.words, ensembles, progress), self.networks.texts.channels
        sentence = l2_normalize(means[:, :width])
        headed = text_head(self.heads, np.concatenate([sentence, means[:, width:]], axis=1))
        rows = np.zeros((len(means), len(self.text_anchors)), np.float32)
        if self.parts.relations:
            frozen = sentence
            if self.words.minilm is not self.networks.texts:
                frozen = l2_normalize(self._means(self.networks.texts, ensembles, progress))
            rows = relative(l2_normalize(frozen - self.origin) @ self.text_anchors.T, TEXT_POWER, TEXT_KEEP)
        nothing = np.zeros((len(means), self.own.channels), np.float32)
        head, relation, _ = self.roots / np.sqrt(1 - self.parts.pictures)
        parts = [head * headed, relation * rows, nothing, np.ones((len(means), int(self.parts.banked)))]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def _means(
        self, encoder: MiniLM | MiniLMWithWords, ensembles: Sequence[Sequence[str]], progress: Progress
    ) -> np.ndarray:
        """Of what the encoder says of the sentences of each ensemble; zeros for an empty one."""
        vectors = encoded(self.networks.features, encoder=encoder, sentences=ensembles, progress=progress)
        nothing = np.zeros(encoder.channels, np.float32)
        return np.stack([each.mean(axis=0) if len(each) else nothing for each in vectors])

    def reads(self, text: str) -> bool:
        """MiniLM reads English; names of another language in Latin letters are told by `familiar`."""
        return in_latin_script(text)

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        """Each position's share of a picture's products with the directions [C, D]; the shares add up to them.

        What sets a picture back is of no position and left out.

        Returns:
            float [C, 9, 9].
        """
        features = self.towers.embed([picture])[0]
        weight, bias = self.heads["pictures.weight"], self.heads["pictures.bias"]
        length = max(float(np.linalg.norm(weight @ features + bias)), 1e-12)
        size, count = len(weight), len(self.text_anchors)
        by_head, by_rows, own, _ = np.split(directions, np.cumsum([size, count, self.own.channels]), axis=1)
        head, relation, root = self.roots
        pull = head / length * by_head
        through, offsets = self.own.through(features, root * own)
        related = self.picture_anchors.through(features, relation * by_rows)
        return self.towers.shares(picture, through + related + pull @ weight, offsets + pull @ bias)

    def seen(self, picture: Picture) -> Box:
        """All of the picture, but for the ends of a very long one."""
        return self.towers.seen(picture)


def of_class_names(networks: Networks, checkpoint: Source = CHECKPOINT) -> Current[CompactSpace]:
    """The space in which class names and pictures are compared; whoever asks on the same networks shares it."""
    return networks.shared(_Makes(NAMES), checkpoint, *OTHERS)


def of_search(networks: Networks, checkpoint: Source = CHECKPOINT) -> Current[CompactSpace]:
    """The space in which sentences find pictures; whoever asks on the same networks shares it."""
    return networks.shared(_Makes(SEARCH), checkpoint, *OTHERS)


def of_sentences(networks: Networks, checkpoint: Source = CHECKPOINT) -> Current[CompactSpace]:
    """The space in which sentences and pictures are compared; whoever asks on the same networks shares it."""
    return networks.shared(_Makes(SENTENCES), checkpoint, *OTHERS)


@dataclass(frozen=True)
class _Makes:
    """Makes the space of checkpoints."""

    parts: Parts

    def __call__(self, networks: Networks, *loaded: Checkpoint) -> CompactSpace:
        return CompactSpace(networks, self.parts, *loaded)


def likeness(pictures: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """How much pictures [N, d] are like the sentences of a bank [B, d], unit vectors: log mean exp(s cos) / s, [N].

    With it taken off their cosines with other sentences, pictures that all sentences find are found less (inverted
    softmax: Smith et al. 2017, arXiv:1702.03859; query banks: Bogolin et al. 2022, arXiv:2112.12777).
    """
    cosines = pictures @ bank.T
    most = cosines.max(axis=1, keepdims=True)
    return np.asarray(most[:, 0] + np.log(np.exp(SHARPNESS * (cosines - most)).mean(axis=1)) / SHARPNESS)


def text_head(heads: dict[str, np.ndarray], features: np.ndarray) -> np.ndarray:
    """`layers.joint_heads.TextHead` in evaluation, [C, 768] to unit vectors."""
    import torch
    from torch.nn.functional import gelu

    hidden = gelu(torch.from_numpy(features @ heads["texts.hidden.weight"].T + heads["texts.hidden.bias"])).numpy()
    linear = features @ heads["texts.weight"].T + heads["texts.bias"]
    return l2_normalize(linear + hidden @ heads["texts.out.weight"].T + heads["texts.out.bias"])
