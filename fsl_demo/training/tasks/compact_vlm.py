"""Trains the heads of the built-in vision-language model on frozen towers, and calibrates it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Progress
from fsl_demo.datasets import cifar_fs, flickr8k
from fsl_demo.datasets.parts import Dataset
from fsl_demo.inference.compact_space import CHECKPOINT
from fsl_demo.methods.compact_vlm import CompactVlm
from fsl_demo.training.calibration.vision_language import calibrated
from fsl_demo.training.caption_features import features
from fsl_demo.training.captioned import OnOneDataSet
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import compact_vlm as objective
from fsl_demo.training.objectives.compact_vlm import CompactVlmObjective, figure, folded
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared

SCHEDULE = Schedule(epochs=8, rate=2e-3, decay=0.1, warm_up=0.1)
SETTING = {
    "dimension": objective.DIMENSION,
    "hidden": objective.HIDDEN,
    "dropout": objective.DROPOUT,
    "names": objective.NAMES_WEIGHT,
    "teacher": objective.TEACHER_WEIGHT,
}
BLANK = {"temperature": np.ones(6, np.float32), "none_below": np.zeros(6, np.float32)}
"""Defaults before they are calibrated."""


@dataclass(frozen=True)
class CompactVlmTask(OnOneDataSet):
    """Learns from Flickr8k; calibrated on CIFAR-FS's validation classes, which have to be in the same folder."""

    methods: ClassVar = ("compact-vlm",)
    checkpoint: ClassVar = CHECKPOINT

    def prepare(self, config: Config, progress: Progress) -> Prepared[CompactVlmObjective]:
        """Embed pictures, captions and class names; what the towers make of them goes into the run's folder.

        Raises:
            UserError: `data_missing`, `weights_missing`, `weights_differ`; what reading a picture raises.
        """
        data, objects = flickr8k.read(self.root), cifar_fs.read(self.root)
        networks = Networks(FeatureCache(map_bytes=1))
        training, validation = (
            features(networks, data=part, file=config.folder / f"{split}.safetensors", progress=progress)
            for split, part in (("train", data.train), ("validation", data.validation))
        )
        mean, spread = training.statistics()
        training, validation = training.scaled(mean, spread), validation.scaled(mean, spread)
        torch.manual_seed(config.seed)
        count = len(validation.pictures)
        sample = replace(training, pictures=training.pictures[:count], captions=training.captions[:count])
        setup = Setup(
            objective=CompactVlmObjective(training),
            data=Arrays.numbered(training.pictures),
            schedule=config.changed(SCHEDULE),
            validate=lambda module: Figures(figure(module, sample), figure(module, validation)),
            augment=lambda pictures: pictures,
            setting=SETTING,
        )

        def export(trained: Trained[CompactVlmObjective]) -> Export:
            heads = folded({name: value.float().numpy() for name, value in trained.loop.best.items()}, mean, spread)
            draft = Export({**heads, **BLANK}, _facts(trained, networks, count))
            return _calibrated(trained, draft=draft, networks=networks, objects=objects)

        return Prepared(setup, export)


def _facts(trained: Trained[CompactVlmObjective], networks: Networks, validation: int) -> Facts:
    return Facts(
        architecture="heads on EfficientNet-Lite0, EfficientNet-Lite2 and all-MiniLM-L6-v2: pictures 1,998 to"
        f" {objective.DIMENSION}, texts 768 to {objective.DIMENSION} beside 768 to {objective.HIDDEN} to"
        f" {objective.DIMENSION}",
        data="flickr8k, ImageNet's class names and definitions",
        split="Flickr8k's 6,000 training and 1,000 validation pictures; its 1,000 test pictures are not read",
        pictures={"train": len(trained.loop.setup.data.labels), "validation": validation},
        recipe={
            **SETTING,
            "batch": objective.BATCH,
            "passes": objective.PASSES,
            "schedule": asdict(trained.loop.setup.schedule),
        },
        preprocessing=f"{networks.pictures.preprocessing}; {networks.whole_pictures.preprocessing}",
        validation={"what": "text to image, recall at 1, heads alone", **trained.at_best("accuracy")},
        pretraining="EfficientNet-Lite0 and Lite2 trained on ImageNet, MiniLM on sentence pairs, all frozen",
    )


def _calibrated(trained: Trained[CompactVlmObjective], draft: Export, networks: Networks, objects: Dataset) -> Export:
    trained.reporter.note("calibrating on CIFAR-FS's validation classes")
    with trained.draft(draft) as folder:
        method = CompactVlm(networks, folder)
        defaults, grid = calibrated(method, objects.validation.classes, trained.reporter.progress)
    return Export({**draft.arrays, **defaults}, replace(draft.facts, calibration=grid))


TASK = CompactVlmTask
