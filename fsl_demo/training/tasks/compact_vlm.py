"""Trains the heads of the built-in vision-language model on frozen towers, and calibrates it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.tuned_minilm import PREFIX
from fsl_demo.core.episodes import Progress
from fsl_demo.datasets import cifar_fs, flickr8k
from fsl_demo.datasets.parts import Dataset
from fsl_demo.inference.compact_space import BANK, CHECKPOINT, of_sentences
from fsl_demo.methods.compact_vlm import CompactVlm
from fsl_demo.training.calibration.query_bank import UNBANKED, query_bank
from fsl_demo.training.calibration.vision_language import calibrated
from fsl_demo.training.caption_features import features, scaled
from fsl_demo.training.captioned import OnOneDataSet
from fsl_demo.training.captioned_maps import maps
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.named import named
from fsl_demo.training.objectives import compact_vlm as objective
from fsl_demo.training.objectives.compact_vlm import CompactVlmObjective, Lessons, figure, folded, pooled_figure
from fsl_demo.training.regions import Regions, regions
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared
from fsl_demo.training.texts import Texts

SCHEDULE = Schedule(epochs=20, rate=2e-3, decay=0.1, warm_up=0.1)
SETTING = {
    "dimension": objective.DIMENSION,
    "hidden": objective.HIDDEN,
    "dropout": objective.DROPOUT,
    "names": objective.NAMES_WEIGHT,
    "teacher": objective.TEACHER_WEIGHT,
    "phrases": objective.PHRASES_WEIGHT,
    "kept": objective.KEPT_WEIGHT,
    "rank": objective.RANK,
    "bank": BANK,
}
BLANK: dict[str, np.ndarray] = {
    "temperature": np.ones(6, np.float32),
    "none_below": np.zeros(6, np.float32),
    **UNBANKED,
}
"""Defaults before they are calibrated."""
DRAFT = "draft"
"""Folder of the checkpoint that has them, in the run's folder."""


@dataclass(frozen=True)
class CompactVlmTask(OnOneDataSet):
    """Learns from Flickr8k; calibrated on CIFAR-FS's validation classes, which have to be in the same folder."""

    methods: ClassVar = ("compact-vlm",)
    checkpoint: ClassVar = CHECKPOINT

    def prepare(self, config: Config, progress: Progress) -> Prepared[CompactVlmObjective]:
        """Embed pictures, their regions and captions; what the towers make of them goes into the run's folder.

        Raises:
            UserError: `data_missing`, `weights_missing`, `weights_differ`; what reading a picture raises.
        """
        data, objects = flickr8k.read(self.root), cifar_fs.read(self.root)
        networks = Networks(FeatureCache(map_bytes=1))
        training, validation = (
            features(networks, data=part, file=config.folder / f"{split}.safetensors", progress=progress)
            for split, part in (("train", data.train), ("validation", data.validation))
        )
        maps_of = {
            split: maps(networks, files=part.files, file=config.runs / "captions" / f"{split}.npy", progress=progress)
            for split, part in (("train", data.train), ("validation", data.validation))
        }
        mean, spread = training.statistics()
        seen, unseen = training.scaled(mean, spread), validation.scaled(mean, spread)
        captions, asked = (
            Texts.read(networks.texts, part.captions, objective.LONGEST) for part in (data.train, data.validation)
        )
        count = len(unseen)
        sample = Texts(captions.tokens[:count], captions.real[:count])
        file = config.folder / "regions.npy"
        torch.manual_seed(config.seed)
        setup = Setup(
            objective=CompactVlmObjective(
                networks.texts,
                _lessons(
                    networks,
                    positions=maps_of["train"],
                    captions=captions,
                    teacher=training.teacher,
                    parts=regions(networks, root=self.root, file=file, progress=progress),
                    statistics=(mean, spread),
                ),
            ),
            data=Arrays.numbered(seen),
            schedule=config.changed(SCHEDULE),
            validate=lambda module: Figures(
                figure(module, maps_of["train"][:count], sample), figure(module, maps_of["validation"], asked)
            ),
            augment=lambda pictures: pictures,
            setting=SETTING,
        )

        def export(trained: Trained[CompactVlmObjective]) -> Export:
            state = {name: value.float().numpy() for name, value in trained.loop.best.items()}
            tuned = {name: array.astype(np.float16) for name, array in state.items() if name.startswith(PREFIX)}
            trained.loop.module.load_state_dict(trained.loop.best)
            pooled = pooled_figure(trained.loop.module, unseen, asked)
            facts = _facts(trained, networks=networks, validation=count, pooled=pooled)
            draft = Export({**folded(state, mean, spread), **tuned, **BLANK}, facts)
            space = of_sentences(networks, trained.save(draft, config.folder / DRAFT))()
            bank = query_bank(space, data.train, pictures=training.pictures, progress=progress)
            banked = replace(draft, arrays={**draft.arrays, **bank})
            return _calibrated(trained, draft=banked, networks=networks, objects=objects)

        return Prepared(setup, export)


def _lessons(
    networks: Networks,
    positions: np.ndarray,
    captions: Texts,
    teacher: np.ndarray,
    parts: Regions,
    statistics: tuple[np.ndarray, np.ndarray],
) -> Lessons:
    names, (mean, spread), words = named(networks), statistics, MiniLM.channels
    return Lessons(
        positions=positions,
        captions=captions,
        teacher=teacher,
        names=Texts.read(networks.texts, names.texts, objective.LONGEST),
        rows=names.rows,
        alike=names.alike,
        regions=scaled(parts.pictures, mean, spread),
        phrases=Texts.read(networks.texts, parts.phrases, objective.LONGEST),
        nouns=parts.nouns,
        weights=parts.weights,
        mean=mean[-words:],
        spread=spread[-words:],
    )


def _facts(trained: Trained[CompactVlmObjective], networks: Networks, validation: int, pooled: float) -> Facts:
    return Facts(
        architecture="heads on EfficientNet-Lite0, EfficientNet-Lite2 and all-MiniLM-L6-v2, whose layers have changes"
        f" of rank {objective.RANK}: pictures 1,998 to {objective.DIMENSION}, texts 768 to {objective.DIMENSION} beside"
        f" 768 to {objective.HIDDEN} to {objective.DIMENSION}",
        data="flickr8k, its regions and phrases (Flickr30k Entities), ImageNet's class names and definitions, WordNet",
        split="Flickr8k's 6,000 training and 1,000 validation pictures; its 1,000 test pictures are not read",
        pictures={"train": len(trained.loop.setup.data.labels), "validation": validation},
        recipe={
            **SETTING,
            "batch": objective.BATCH,
            "passes": objective.PASSES,
            "schedule": asdict(trained.loop.setup.schedule),
        },
        preprocessing=f"{networks.pictures.preprocessing}; {networks.whole_pictures.preprocessing}",
        validation={
            "what": "text to image, recall at 1, heads alone, pooled by attention",
            **trained.at_best("accuracy"),
            "by the mean": pooled,
        },
        pretraining="EfficientNet-Lite0 and Lite2 trained on ImageNet, MiniLM on sentence pairs",
    )


def _calibrated(trained: Trained[CompactVlmObjective], draft: Export, networks: Networks, objects: Dataset) -> Export:
    """The draft stays in the run's folder: `python -m experiments.calibrate` goes on from there."""
    trained.reporter.note("calibrating on CIFAR-FS's validation classes")
    method = CompactVlm(networks, trained.save(draft, trained.config.folder / DRAFT))
    defaults, grid = calibrated(method, objects.validation.classes, trained.reporter.progress)
    return Export({**draft.arrays, **defaults}, replace(draft.facts, calibration=grid))


TASK = CompactVlmTask
