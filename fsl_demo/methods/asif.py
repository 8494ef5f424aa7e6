"""ASIF: pictures and texts coupled without training (Norelli et al. 2022, arXiv:2210.01738).

A picture and a text are compared by what they are like: each becomes a sparse row of similarities to 1,000
anchors. An anchor's picture side is a row of EfficientNet-Lite0's ImageNet classifier, its text side MiniLM's
embedding of the class's name and definition. Support pictures, where there are any, are blended in.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from fsl_demo.backbones.efficientnet_lite0 import imagenet_names
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Checkpoint, Current
from fsl_demo.core.capabilities import NamesPictures, ReadsText
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Explanation, Focus, Progress, Scores, in_latin_script, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, none_below, slider
from fsl_demo.inference import calibration
from fsl_demo.inference.anchors import PICTURE_KEEP, PICTURE_POWER, TEXT_KEEP, TEXT_POWER, relative
from fsl_demo.inference.calibration import Defaults
from fsl_demo.inference.explanations import heat, nearest
from fsl_demo.inference.glossary import sentences
from fsl_demo.inference.image_space import ImageSpace
from fsl_demo.inference.vectors import l2_normalize

CHECKPOINT = "lite0_minilm"
WORTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""How many support pictures the text may count for; 1 unless held-out pictures say otherwise."""
PRIOR = 2.0
"""How strongly held-out pictures have to disagree with a worth of 1."""
WORDS = 8
ANCHORS = 1_000


@dataclass(frozen=True)
class AsifSettings(Settings):
    """Settings of `Asif`.

    Attributes:
        blend: weight of the pictures against the text; None lets the method choose.
        none_below: similarity under which a query is unlike the examples; None lets the method choose.
    """

    blend: float | None = slider(
        None,
        low=0.0,
        high=1.0,
        step=0.05,
        label="Weight of pictures against text",
        help="0 uses the text only, 1 the pictures.",
    )
    none_below: float | None = none_below()


class Asif(ReadsText[AsifSettings], NamesPictures):
    """Similarity of a query to each class's text, and to its pictures."""

    card = MethodCard(
        id="asif",
        title="ASIF",
        paper="Norelli et al. 2022, ASIF: Coupled Data Turns Unimodal Models to Multimodal Without Training",
        checkpoint="EfficientNet-Lite0 (ImageNet) + all-MiniLM-L6-v2",
        needs_pictures=False,
        reads_text=True,
        transductive=False,
        explains=("query", "support", "words"),
        cost=12,
    )
    Settings = AsifSettings

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.space = ImageSpace(networks)
        self.anchors = Current(lambda checkpoint: TextAnchors.of(checkpoint, networks), CHECKPOINT)

    def fit(self, episode: Episode, settings: AsifSettings, progress: Progress = quiet) -> AsifClassifier:
        """Embed names, descriptions and support pictures.

        Raises:
            UserError: for an episode that `check` refuses; `description_script`, `class_undescribed` for a class
                with neither pictures nor English text; what is wrong with the checkpoint.
        """
        episode.check()
        for spec, shots in zip(episode.classes, episode.shots(), strict=True):
            if not shots and not any(sentences(spec)):
                foreign = any(letter.isalpha() for text in (spec.name, *spec.descriptions) for letter in text)
                raise UserError(
                    "description_script" if foreign else "class_undescribed", name=spec.name, method=self.card.title
                )
        return AsifClassifier(self, episode, settings, progress)

    def text_rows(self, classes: Sequence[ClassSpec], progress: Progress = quiet) -> np.ndarray:
        """What each class's text is like, [C, 1000]; zeros for a class without English text."""
        return self.anchors().rows(text_vectors(self.networks, classes, progress))

    def sentences(self, spec: ClassSpec, settings: AsifSettings) -> tuple[list[str], list[str]]:
        """What stands for a class: its name in templates, and descriptions or else dictionary definitions."""
        return sentences(spec)

    def reads(self, text: str, settings: AsifSettings) -> bool:
        """MiniLM reads English."""
        return in_latin_script(text)

    def words(self, picture: Picture) -> tuple[tuple[str, float], ...]:
        """The ImageNet names that a picture is most like, with the cosine."""
        cosines, names = self.space.embed([picture])[0] @ self.space.anchors().T, imagenet_names()
        return tuple((names[i], float(cosines[i])) for i in np.argsort(-cosines)[:WORDS])


@dataclass(frozen=True)
class TextAnchors:
    """What a checkpoint holds: what anchors' texts are, and what goes with them.

    Attributes:
        weights: hashes of the weights, joined by "+".
        origin: the mean of the anchors' vectors, [384].
        vectors: from there to the anchors, unit vectors [1000, 384].
    """

    weights: str
    defaults: Defaults
    origin: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of(cls, checkpoint: Checkpoint, networks: Networks) -> TextAnchors:
        """
        Raises:
            UserError: `card_differs`.
        """
        texts = checkpoint.array("anchors", ANCHORS, networks.texts.channels).astype(np.float32)
        hashes = (networks.pictures.weights, networks.texts.weights, checkpoint.sha256)
        origin = texts.mean(axis=0)
        return cls(
            weights="+".join(sha256[:16] for sha256 in hashes),
            defaults=Defaults.of(checkpoint),
            origin=origin,
            vectors=l2_normalize(texts - origin),
        )

    def rows(self, texts: np.ndarray) -> np.ndarray:
        """What texts, [C, 384], are like, [C, 1000]; zeros for zeros."""
        rows = relative(l2_normalize(texts - self.origin) @ self.vectors.T, TEXT_POWER, TEXT_KEEP)
        return np.where(texts.any(axis=1, keepdims=True), rows, 0.0)


class AsifClassifier:
    """Text rows and prototypes of one episode, how they are blended, and their calibration.

    Attributes:
        blend: weight of the pictures in each class's similarity, [C]; 0 without pictures, 1 without text.
    """

    def __init__(self, method: Asif, episode: Episode, settings: AsifSettings, progress: Progress) -> None:
        started = time.perf_counter()
        self.method, self.episode, self.settings = method, episode, settings
        self.anchors = method.anchors()
        self.texts = self.anchors.rows(text_vectors(method.networks, episode.classes, progress))
        pictures = [example.picture for example in episode.support]
        self.support = method.space.embed(pictures, progress)
        self.counts = np.array(episode.shots())
        owners = np.array([example.class_index for example in episode.support], dtype=int)
        self.prototypes = calibration.class_means(self.support, owners, len(self.counts))
        shots = 1 / float((1 / self.counts[self.counts > 0]).mean()) if pictures else 0.0
        if self.counts.min() >= 2:
            by_picture = calibration.held_out(self.support, owners, len(self.counts))
            self._calibrate(by_picture, self._by_text(self.support), owners, shots)
        else:
            self.blend = self._blends(shots)
            defaults = self.anchors.defaults
            self.temperature = defaults.temperature.at(len(self.counts), shots, float(self.blend.mean()))
            self.none_below = defaults.none_below.at(len(self.counts), shots, float(self.blend.mean()))
        if settings.none_below is not None:
            self.none_below = settings.none_below
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Blended similarities, and probabilities from them."""
        started = time.perf_counter()
        embedded = self.method.space.embed(queries, progress)
        similarities = self.blend * (embedded @ self.prototypes.T) + (1 - self.blend) * self._by_text(embedded)
        return Scores(
            self.method.card.id,
            self.anchors.weights,
            asdict(self.settings),
            self.seconds + time.perf_counter() - started,
            similarities.astype(np.float32),
            calibration.softmax(self.temperature * similarities).astype(np.float32),
            self.none_below,
            (embedded @ self.support.T).astype(np.float32) if len(self.support) else None,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Each position's share of the similarity, on the query and on a support picture; the nearest names."""
        method, shown = (
            self.method,
            (focus and focus.support) or nearest(self.method.space, self.episode, query, class_index),
        )
        layers = [heat(method.space, query, "query", self.evidence, class_index, method.words(query))]
        if shown is not None:
            layers.append(heat(method.space, shown, "support", self.evidence, class_index, method.words(shown)))
        return Explanation(method.card.id, class_index, tuple(layers))

    def evidence(self, picture: Picture) -> np.ndarray:
        """What each position of a picture adds to its similarities, [C, h, w]; the sum is the similarity.

        An anchor's part of the text similarity is shared out as the positions share its cosine.
        """
        anchors, space = self.method.space.anchors(), self.method.space
        maps = space.maps(picture)
        cosines = space.project(maps.mean(axis=(1, 2))[None])[0] @ anchors.T
        row = relative(cosines[None], PICTURE_POWER, PICTURE_KEEP)[0]
        parts = self.texts * np.divide(row, cosines, out=np.zeros_like(row), where=row > 0)
        blend = self.blend[:, None]
        return space.shares(maps, blend * self.prototypes + (1 - blend) * (parts @ anchors))

    def _by_text(self, embedded: np.ndarray) -> np.ndarray:
        return relative(embedded @ self.method.space.anchors().T, PICTURE_POWER, PICTURE_KEEP) @ self.texts.T

    def _blends(self, shots: float, worth: float = 1.0) -> np.ndarray:
        chosen = shots / (shots + worth) if self.settings.blend is None else self.settings.blend
        return np.where(self.counts == 0, 0.0, np.where(self.texts.any(axis=1), chosen, 1.0))

    def _calibrate(self, by_picture: np.ndarray, by_text: np.ndarray, owners: np.ndarray, shots: float) -> None:
        """Choose blend, temperature and threshold by how well held-out support pictures are told apart."""
        temperature, none_below = self.anchors.defaults.temperature, self.anchors.defaults.none_below

        def tried(worth: float) -> tuple[float, float, float, np.ndarray, float]:
            blend = self._blends(shots - 1, worth)
            mixed = blend * by_picture + (1 - blend) * by_text
            losses = calibration.losses(mixed, owners, temperature.at(len(self.counts), shots - 1, float(blend.mean())))
            cost = float(losses.min()) + PRIOR * np.log(worth) ** 2
            return cost, worth, float(calibration.FACTORS[losses.argmin()]), mixed, float(blend.mean())

        trials = [tried(worth) for worth in (WORTHS if self.settings.blend is None else (1.0,))]
        _, worth, factor, mixed, before = min(trials, key=lambda trial: trial[0])
        self.blend = self._blends(shots, worth)
        overall = float(self.blend.mean())
        self.temperature = factor * temperature.at(len(self.counts), shots, overall)
        self.none_below = calibration.threshold(
            mixed,
            owners,
            none_below.at(len(self.counts), shots - 1, before),
            none_below.at(len(self.counts), shots, overall),
        )


def text_vectors(networks: Networks, classes: Sequence[ClassSpec], progress: Progress = quiet) -> np.ndarray:
    """What MiniLM makes of names and descriptions, unit vectors [C, 384]; zeros for a class without English text."""
    vectors = np.zeros((len(classes), networks.texts.channels), np.float32)
    for vector, spec in zip(vectors, classes, strict=True):
        for part in filter(None, sentences(spec)):
            vector += l2_normalize(networks.features.texts(networks.texts, part, progress).mean(axis=0))
    return l2_normalize(vectors)
