"""Trains the semantic dictionary on what a detector and a frozen network make of regions, and calibrates it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from fsl_demo import checkpoints
from fsl_demo.backbones import picture_maps, region_maps
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.minilm import MiniLMWithWords
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.episodes import Progress
from fsl_demo.datasets import voc2007
from fsl_demo.inference import region_space
from fsl_demo.inference.dictionary_space import CHECKPOINT, PENALTY
from fsl_demo.inference.region_features import RegionMap, RegionTowers
from fsl_demo.inference.region_space import RegionSpace
from fsl_demo.inference.word_vectors import WordReader
from fsl_demo.losses.semantic_dictionary import BETA, Denominator
from fsl_demo.training import dictionary_words, region_rows, scenes
from fsl_demo.training.captioned import OnOneDataSet
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.dictionary_figures import Held, calibration, figure
from fsl_demo.training.dictionary_words import Read
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import semantic_dictionary as objective
from fsl_demo.training.objectives.semantic_dictionary import Rights, SemanticDictionaryObjective, Words
from fsl_demo.training.region_whitening import often, region_map
from fsl_demo.training.scenes import Scene
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared

SCHEDULE = Schedule(epochs=3, rate=3e-3, decay=0.01, warm_up=0.05)
SETTING = {
    "hidden": objective.HIDDEN,
    "penalty": PENALTY,
    "beta": BETA,
    "rows": objective.ROWS,
    "batch": objective.BATCH,
    "steps": objective.STEPS,
    "alike": objective.ALIKE,
    "shares": list(objective.SHARES),
}


REGION_FILES = "regions"
"""The folder within a run's that keeps what networks make of regions."""
HELD = (300, 100)
VALIDATION = ("val", "dev")
"""Parts of VOC and of Flickr8k."""
MEASURED = (
    "mean of two: average precision of VOC's val regions by their names, and share of Entities' val regions whose best"
    " phrase of 250 is their own"
)


@dataclass(frozen=True)
class SemanticDictionaryTask(OnOneDataSet):
    """Learns from VOC 2007 and from Flickr30k Entities, which has to be in the same folder.

    Attributes:
        detector: whose regions are read.
        denominator: of the loss.
        left_out: classes of which no box and no phrase is read, for studies.
        left_out_words: what phrases call them.
        pictures: that are read of each data set to train; those that measure are `HELD` of VOC and of Flickr8k.
    """

    detector: Source = region_space.CHECKPOINT
    denominator: Denominator = "similarity"
    left_out: tuple[str, ...] = ()
    left_out_words: re.Pattern[str] | None = None
    pictures: int = 1_500
    methods: ClassVar[tuple[str, ...]] = ("semantic-dictionary",)
    checkpoint: ClassVar = CHECKPOINT
    data: ClassVar = "voc2007"

    def prepare(self, config: Config, progress: Progress) -> Prepared[SemanticDictionaryObjective]:
        """Read the regions, which go into the run's folder, and embed the words.

        Raises:
            UserError: `data_missing`, `weights_missing`, `weights_differ`; what is wrong with the detector.
        """
        detector = checkpoints.load(self.detector)
        data = self.read(config.folder, progress)
        setup = data.setup(self.denominator, schedule=config.changed(SCHEDULE), seed=config.seed)
        setup = replace(setup, setting={**SETTING, "denominator": self.denominator, "left_out": list(self.left_out)})

        def export(trained: Trained[SemanticDictionaryObjective]) -> Export:
            module = trained.loop.module.cpu()
            module.load_state_dict(trained.loop.best)
            arrays = {name: value.half().numpy() for name, value in module.state_dict().items()}
            arrays |= data.mapped.arrays() | calibration(module, data.held) | {"background": data.background}
            arrays["learned"] = data.words.sentences[often(data.rights, len(data.words.texts))].astype(np.float16)
            arrays["vocabulary"] = data.held.vocabulary[:, : MiniLMWithWords.channels].half().numpy()
            facts = Facts(
                architecture="an encoder of words with tied weights: 768 channels of MiniLM and 1,000 relations to"
                f" ImageNet's classes to {objective.HIDDEN} to {data.vectors.shape[1]}, half of them the detector's",
                data="voc2007 and the regions and phrases of flickr8k_entities (Flickr30k Entities: for non-commercial"
                " research and education)",
                split="VOC 2007: training and validation pictures of its test set, by photographer; Flickr8k's training"
                " and validation pictures",
                pictures={"train": data.pictures[0], "validation": data.pictures[1]},
                recipe={
                    **SETTING,
                    "denominator": self.denominator,
                    "left_out": list(self.left_out),
                    "words": len(data.words.texts),
                    "regions": len(data.vectors),
                    "schedule": asdict(trained.loop.setup.schedule),
                },
                preprocessing=f"{region_space.PREPROCESSING}; {region_maps.PREPROCESSING}",
                validation={"what": MEASURED, **trained.at_best("accuracy")},
                pretraining="EfficientNet-Lite2 trained on ImageNet; MiniLM trained on sentences; both frozen; and the"
                " checkpoint of the detector",
                more={"embedder": {"name": detector.home.name, "sha256": detector.sha256}},
            )
            return Export(arrays, facts)

        return Prepared(setup, export)

    def read(self, folder: Path, progress: Progress, held: tuple[str, str] = VALIDATION) -> DictionaryData:
        """The regions and words, and what a folder keeps of them.

        Args:
            held: the parts of VOC and of Flickr8k that measure.

        Raises:
            UserError: as of `prepare`.
        """
        networks = Networks(FeatureCache(map_bytes=1))
        towers, reader = RegionTowers(networks, RegionSpace(networks, self.detector)), WordReader(networks)

        def read(every: Sequence[Scene], count: int, *, training: bool) -> Read:
            own = drawn(every, count)
            rows = region_rows.read(towers, own, folder=folder / REGION_FILES, every=not training, progress=progress)
            return Read(rows, own)

        training = [
            read(own, self.pictures, training=True)
            for own in (
                scenes.of_voc(self.root, "train", self.left_out),
                scenes.of_entities(self.root, "train", self.left_out_words),
            )
        ]
        voc, entities = held
        validation = [
            read(scenes.of_voc(self.root, voc, self.left_out), HELD[0], training=False),
            read(scenes.of_entities(self.root, entities, self.left_out_words), HELD[1], training=False),
        ]
        classes = [name for name in voc2007.NAMES if name not in self.left_out]
        texts = [text for part in training for text in scenes.texts(list(part.scenes))]
        words = dictionary_words.words(reader, texts, classes=classes, progress=progress)
        tower = networks.whole_pictures
        names = picture_maps.classes(tower.classifier(progress), tower.axes(progress))
        rights = dictionary_words.rights(words, training, classifier=len(names))
        features = np.concatenate([part.rows.features for part in training])
        mapped = region_map(features, rights, classes=words.classes)
        return DictionaryData(
            words=words,
            rights=rights,
            vectors=np.concatenate([mapped(features), mapped.frozen_alone(names)]).astype(np.float16),
            mapped=mapped,
            held=Held.of(reader, validation, mapped=mapped, classes=words.texts[: words.classes], progress=progress),
            pictures=(sum(len(part.scenes) for part in training), sum(len(part.scenes) for part in validation)),
        )


@dataclass(frozen=True)
class DictionaryData:
    """What a dictionary learns from.

    Attributes:
        vectors: of regions, and of ImageNet's classes, float16 [N, d].
        pictures: how many train and validate.
    """

    words: Words
    rights: Rights
    vectors: np.ndarray
    mapped: RegionMap
    held: Held
    pictures: tuple[int, int]

    @property
    def background(self) -> np.ndarray:
        """The mean of regions of nothing that is annotated, float32 [d]."""
        nothing = self.vectors[self.rights.kinds == objective.BACKGROUND]
        return np.asarray(nothing.mean(axis=0, dtype=np.float32))

    def setup(
        self, denominator: Denominator, schedule: Schedule, seed: int, steps: int = objective.STEPS
    ) -> Setup[SemanticDictionaryObjective]:
        """A dictionary with fresh weights, and so many steps an epoch."""
        torch.manual_seed(seed)
        return Setup(
            objective=SemanticDictionaryObjective(
                self.words, self.rights, features=self.vectors.shape[1], denominator=denominator, steps=steps
            ),
            data=Arrays.numbered(self.vectors),
            schedule=schedule,
            validate=lambda module: Figures(0.0, figure(module, self.held).mean),
            augment=lambda batch: batch,
            setting=None,
        )


def drawn(every: Sequence[Scene], count: int) -> list[Scene]:
    """So many of the photographs, always the same ones, in their order."""
    return [every[number] for number in np.sort(np.random.default_rng(0).permutation(len(every))[:count])]


TASK = SemanticDictionaryTask
