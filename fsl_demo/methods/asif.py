"""ASIF: pictures and texts coupled without training (Norelli et al. 2022, arXiv:2210.01738).

A picture and a text are compared by what they are like: each becomes a sparse row of similarities to 1,000
anchors. An anchor's picture side is its rows in the ImageNet classifiers of EfficientNet-Lite0 and Lite2, its text side
MiniLM's embedding of the class's name and definition. Support pictures, where there are any, are blended in.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.backbones.efficientnet_lite0 import imagenet_names
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.checkpoints import Current
from fsl_demo.core.capabilities import Exports, HasWeights, NamesPictures, ReadsText, ScoresEpisodes
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import (
    ClassSpec,
    Episode,
    Explanation,
    Focus,
    Layer,
    Progress,
    Scores,
    in_latin_script,
    quiet,
)
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.core.settings import Settings, none_below, slider
from fsl_demo.inference import picture_space
from fsl_demo.inference.anchors import PICTURE_KEEP, PICTURE_POWER, PictureAnchors, TextAnchors, text_vectors
from fsl_demo.inference.batches import Scored, Stack, scores_of, stacked
from fsl_demo.inference.blend import Support
from fsl_demo.inference.explanations import heat, nearest
from fsl_demo.inference.familiar import unfamiliar
from fsl_demo.inference.glossary import sentences
from fsl_demo.inference.originals import Originals
from fsl_demo.inference.picture_space import PictureSpace

CHECKPOINT = "lite0_minilm"
WORDS = 8


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


class Asif(ReadsText[AsifSettings], Exports[AsifSettings], ScoresEpisodes, HasWeights, NamesPictures):
    """Similarity of a query to each class's text, and to its pictures."""

    card = MethodCard(
        id="asif",
        title="ASIF",
        paper="Norelli et al. 2022, ASIF: Coupled Data Turns Unimodal Models to Multimodal Without Training",
        checkpoint="EfficientNet-Lite0 and Lite2 (ImageNet) + own linear map + all-MiniLM-L6-v2",
        needs_pictures=False,
        reads_text=True,
        transductive=False,
        explains=("query", "support", "words"),
        cost=40,
    )
    Settings = AsifSettings

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.originals = Originals(networks)
        self._space = networks.shared(PictureSpace, picture_space.CHECKPOINT)
        self.anchors = Current(lambda checkpoint: TextAnchors.of(checkpoint, networks), CHECKPOINT)
        self.picture_anchors = PictureAnchors(PictureTowers(networks))

    @property
    def space(self) -> PictureSpace:
        """Where pictures are compared with pictures."""
        return self._space()

    def fit(self, episode: Episode, settings: AsifSettings, progress: Progress = quiet) -> AsifClassifier:
        """Embed names, descriptions and support pictures.

        Raises:
            UserError: for an episode that `check` refuses; `description_script`, `class_undescribed` for a class
                with neither pictures nor English text; what is wrong with the checkpoint.
        """
        self._check(episode)
        return AsifClassifier(self, episode=episode, settings=settings, progress=progress)

    def portable(self, episode: Episode, settings: AsifSettings, progress: Progress = quiet) -> Portable:
        from fsl_demo.inference.encoders import Mapped, OfFeatures, Products, Relations, Towers

        fitted, space = self.fit(episode, settings, progress), self.space
        towers, own = Towers(self.networks), Mapped(space.weight, space.bias)
        rows = Relations(self.picture_anchors.classes(progress), power=PICTURE_POWER, keep=PICTURE_KEEP)
        weights = fitted.blend[:, None]
        directions = np.concatenate([weights * fitted.prototypes, (1 - weights) * fitted.texts], axis=1)
        return Portable(
            recipes=towers.recipes,
            network=Products(OfFeatures(towers, [own, rows], [1.0, 1.0]), directions, fitted.chosen.offsets()),
            sources=(checkpoints.load(CHECKPOINT), space.checkpoint),
            temperature=fitted.temperature,
            none_below=fitted.none_below,
            weights=self.weights(settings),
        )

    def score_episodes(
        self, episodes: Sequence[Episode], settings: AsifSettings, progress: Progress = quiet
    ) -> list[Scores]:
        for episode in episodes:
            self._check(episode)
        return stacked(episodes, partial(self._score_stack, settings))

    def _score_stack(self, settings: AsifSettings, stack: Stack) -> list[Scores]:
        support, queries = stack.embed(lambda pictures, tell: np.concatenate(self.parts(pictures, tell), axis=1))
        specs = list(dict.fromkeys(spec for episode in stack.episodes for spec in episode.classes))
        anchors = self.anchors()
        texts = anchors.rows(text_vectors(self.networks, specs))[
            [[specs.index(spec) for spec in each.classes] for each in stack.episodes]
        ]
        size = support.shape[-1] - texts.shape[-1]
        known = Support(
            vectors=support[..., :size],
            originals=stack.support(self.originals),
            relations=support[..., size:],
            owners=stack.owners,
            texts=texts,
        )
        blend = anchors.blended(known, weight=settings.blend, none_below=settings.none_below)
        similarities = blend.similarities(queries[..., :size], queries[..., size:])
        return scores_of(
            Scored(
                method=self.card.id,
                checkpoint=self.weights(settings),
                settings=asdict(settings),
                similarities=similarities,
                probabilities=blend.probabilities(similarities),
                none_below=blend.none_below,
                notes=[
                    note | unfamiliar(self.networks.texts, each.classes)
                    for note, each in zip(blend.notes(), stack.episodes, strict=True)
                ],
            )
        )

    def weights(self, settings: AsifSettings) -> str:
        return f"{self.space.weights}+{self.anchors().weights}"

    def parts(self, pictures: Sequence[Picture], progress: Progress = quiet) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of the space, [N, D], and what the pictures are like, [N, 1000]."""
        space = self.space
        features = space.towers.embed(pictures, progress)
        return space.project(features), self.picture_anchors.rows(features, progress)

    def _check(self, episode: Episode) -> None:
        episode.check()
        for spec, shots in zip(episode.classes, episode.shots(), strict=True):
            if not shots and not any(sentences(spec)):
                foreign = any(letter.isalpha() for text in (spec.name, *spec.descriptions) for letter in text)
                raise UserError(
                    "description_script" if foreign else "class_undescribed", name=spec.name, method=self.card.title
                )

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
        features, names = self.space.towers.embed([picture]), imagenet_names()
        cosines = np.mean(self.picture_anchors.cosines(features), axis=0)[0]
        return tuple((names[i], float(cosines[i])) for i in np.argsort(-cosines)[:WORDS])


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
        self.support, relations = method.parts(pictures, progress)
        owners = np.array([example.class_index for example in episode.support], dtype=int)
        known = Support(
            vectors=self.support,
            originals=method.originals(pictures, progress),
            relations=relations,
            owners=owners,
            texts=self.texts,
        )
        self.chosen = self.anchors.blended(known, weight=settings.blend, none_below=settings.none_below)
        self.blend, self.prototypes = self.chosen.weights, self.chosen.prototypes
        self.temperature, self.none_below = float(self.chosen.temperature), float(self.chosen.none_below)
        (note,) = self.chosen.notes()
        self.note = note | unfamiliar(method.networks.texts, episode.classes)
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Blended similarities, and probabilities from them."""
        started = time.perf_counter()
        embedded, relations = self.method.parts(queries, progress)
        similarities = self.chosen.similarities(embedded, relations)
        return Scores(
            method=self.method.card.id,
            checkpoint=self.method.weights(self.settings),
            settings=asdict(self.settings),
            seconds=self.seconds + time.perf_counter() - started,
            similarities=similarities.astype(np.float32),
            probabilities=self.chosen.probabilities(similarities).astype(np.float32),
            none_below=self.none_below,
            pairs=(embedded @ self.support.T).astype(np.float32) if len(self.support) else None,
            note=self.note,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Each position's share of the similarity, on the query and on a support picture; the nearest names."""
        method, space = self.method, self.method.space
        shown = (focus and focus.support) or nearest(space, episode=self.episode, query=query, class_index=class_index)

        def layer(picture: Picture, role: Literal["query", "support"]) -> Layer:
            words = method.words(picture)
            return heat(space, picture=picture, role=role, evidence=self.evidence, class_index=class_index, words=words)

        layers = [layer(query, "query")]
        if shown is not None:
            layers.append(layer(shown, "support"))
        return Explanation(method.card.id, class_index, tuple(layers))

    def evidence(self, picture: Picture) -> np.ndarray:
        """What each position of a picture adds to its similarities, [C, h, w]; the sum is the similarity."""
        space, blend = self.method.space, self.blend[:, None]
        features = space.towers.embed([picture])[0]
        through, offsets = space.through(features, blend * self.prototypes)
        through = through + self.method.picture_anchors.through(features, (1 - blend) * self.texts)
        return space.towers.shares(picture, through, offsets + self.chosen.offsets())
