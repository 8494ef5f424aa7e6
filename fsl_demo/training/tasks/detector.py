"""Trains the region network on VOC 2007's boxes and Flickr30k Entities' phrases."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from fsl_demo import runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.region_network import CLASSES, RegionNetwork
from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import voc2007
from fsl_demo.evaluation.boxes import Truth, of_scores, truth
from fsl_demo.evaluation.detection import mean_precision
from fsl_demo.inference.region_space import CHECKPOINT, MOST, PREPROCESSING, PreparedPicture, RegionReader
from fsl_demo.training import scenes
from fsl_demo.training.captioned import OnOneDataSet
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import detector as objective
from fsl_demo.training.objectives.detector import DetectorObjective, Things
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared

SCHEDULE = Schedule(epochs=6, rate=4e-4, decay=0.05, warm_up=0.05)
SETTING = {
    "canvas": objective.CANVAS,
    "scales": list(objective.SCALES),
    "words": objective.WORDS_WEIGHT,
    "whole": objective.WHOLE_WEIGHT,
    "frozen_blocks": objective.FROZEN_BLOCKS,
}


@dataclass(frozen=True)
class DetectorTask(OnOneDataSet):
    """Learns from VOC 2007 and from Flickr30k Entities, which has to be in the same folder; chosen on VOC's val part.

    On a GPU the backbone learns too; on a CPU it stays as ImageNet left it.

    Attributes:
        left_out: classes of which no box and no phrase is read, for studies.
        left_out_words: what phrases call them.
    """

    left_out: tuple[str, ...] = ()
    left_out_words: re.Pattern[str] | None = None
    methods: ClassVar[tuple[str, ...]] = ("detector",)
    takes: ClassVar = frozenset({"batch"})
    checkpoint: ClassVar = CHECKPOINT
    data: ClassVar = "voc2007"

    def prepare(self, config: Config, progress: Progress) -> Prepared[DetectorObjective]:
        """Read the pictures and embed the phrases, whose vectors go into the run's folder.

        Raises:
            UserError: `data_missing`, `weights_missing`, `weights_differ`; what reading a picture raises.
        """
        training = scenes.of_voc(self.root, "train", self.left_out)
        training += scenes.of_entities(self.root, "train", self.left_out_words)
        validation = [
            photograph
            for photograph in voc2007.photographs(self.root, "val")
            if not any(thing.name in self.left_out for thing in photograph.things)
        ]
        held = [PreparedPicture.of(ingest(photograph.file)) for photograph in validation]
        truths = [truth(photograph, voc2007.NAMES) for photograph in validation]
        data = scenes.load(training, progress)
        networks = Networks(FeatureCache(map_bytes=1))
        texts = list(dict.fromkeys(scenes.texts(training)))
        vectors = _vectors(networks, texts=texts, file=config.folder / "texts.safetensors", progress=progress)
        numbers = {text: number for number, text in enumerate(texts)}
        torch.manual_seed(config.seed)
        whole = config.device != "cpu" and runtime.device().type != "cpu"
        module = DetectorObjective(
            RegionNetwork(EfficientNetLite2().pretrained()),
            Things.of(training, extents=data.extents, numbers=numbers),
            vectors=vectors,
            batch=config.batch or objective.BATCH,
            whole=whole,
        )
        setup = Setup(
            objective=module,
            data=Arrays.numbered(data.images),
            schedule=config.changed(SCHEDULE),
            validate=lambda module: Figures(0.0, figure(module.network, held, truths)),
            augment=lambda images: images,
            setting={**SETTING, "whole": whole, "left_out": list(self.left_out)},
        )

        counts = {"train": len(training), "validation": len(validation)}
        return Prepared(setup, lambda trained: _export(trained, counts=counts, whole=whole))


def _export(trained: Trained[DetectorObjective], counts: dict[str, int], whole: bool) -> Export:
    arrays = {
        name: _smaller(value.cpu().numpy()) for name, value in trained.loop.best.items() if name.startswith("network.")
    }
    facts = Facts(
        architecture="Faster R-CNN: EfficientNet-Lite2, a feature pyramid of 128 channels, boxes of no class",
        data="voc2007 and the regions and phrases of flickr8k_entities (Flickr30k Entities: for non-commercial"
        " research and education)",
        split="of VOC 2007's test set, by photographer, 3,518 training and 460 validation pictures; Flickr8k's"
        " 6,000 training pictures",
        pictures=counts,
        recipe={**SETTING, "backbone_learns": whole, "schedule": asdict(trained.loop.setup.schedule)},
        preprocessing=PREPROCESSING,
        validation={"what": "mAP at 0.5 of VOC's val part, the classes' own head", **trained.at_best("accuracy")},
        pretraining="EfficientNet-Lite2 trained on ImageNet",
    )
    return Export(arrays, facts)


def _smaller(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float16) if array.dtype == np.float32 else array


def _vectors(networks: Networks, texts: Sequence[str], file: Path, progress: Progress) -> np.ndarray:
    """Unit vectors of texts, float32 [T, 384], or what an earlier run kept of the same ones."""
    from safetensors import safe_open
    from safetensors.numpy import save

    known = {"weights": networks.texts.weights, "texts": hashlib.sha256("\n".join(texts).encode()).hexdigest()}
    if file.exists():
        with safe_open(file, framework="np") as stored:
            if stored.metadata() == known:
                return stored.get_tensor("vectors").astype(np.float32)
    vectors = networks.texts.encode(texts, progress)
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as output:
        output.write(save({"vectors": vectors.astype(np.float16)}, known))
    return vectors


def figure(network: RegionNetwork, held: Sequence[PreparedPicture], truths: Sequence[Truth]) -> float:
    """Mean average precision at 0.5 of the classes' own head on photographs."""
    proposals = dict(RegionReader(network.eval(), weights="", most=MOST).propose(held))
    detections = [of_scores(own.boxes, own.classes) for _, own in sorted(proposals.items())]
    network.train()
    return mean_precision(truths, detections, classes=CLASSES)


TASK = DetectorTask
