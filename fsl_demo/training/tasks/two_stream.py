"""Trains the two-stream model on Flickr8k, on frozen towers, and calibrates it on CIFAR-FS's validation classes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Progress
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import cifar_fs, flickr8k
from fsl_demo.datasets.flickr8k import Captioned, Flickr8k
from fsl_demo.datasets.parts import Dataset
from fsl_demo.evaluation import matching
from fsl_demo.inference import compact_space
from fsl_demo.inference.compact_space import of_search
from fsl_demo.layers import two_stream as network
from fsl_demo.layers.two_stream import GRID
from fsl_demo.methods.two_stream.method import TwoStream
from fsl_demo.methods.two_stream.model import CHECKPOINT
from fsl_demo.training.calibration.two_stream import calibrated
from fsl_demo.training.caption_features import features
from fsl_demo.training.caption_search import NEAR, Blend, Searched, confused
from fsl_demo.training.captioned import OnOneDataSet
from fsl_demo.training.captioned_maps import maps
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import two_stream as objective
from fsl_demo.training.objectives.two_stream import TwoStreamObjective
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared
from fsl_demo.training.texts import Texts

EVERY, EVERY_TRAINING = 10, 50
"""While it learns, one in so many captions of validation pictures is searched with, and of training pictures."""
WORDS = 100
"""Validation pictures in whose captions words are masked, for the card."""
SCHEDULE = Schedule(epochs=14, rate=1e-3, decay=0.05, warm_up=0.1, patience=7)
SETTING = {
    "channels": network.CHANNELS,
    "layers": network.LAYERS,
    "heads": network.HEADS,
    "dropout": network.DROPOUT,
    "group": objective.GROUP,
    "hard": objective.HARD,
    "near": NEAR,
    "batch": objective.BATCH,
    "masked": objective.MASKED,
    "blank": objective.BLANK,
    "aligned": objective.ALIGNED,
    "words": objective.WORDS_WEIGHT,
}
BLANK = {"temperature": np.array([1, 0], np.float32), "none_below": np.zeros(1, np.float32)}
"""Defaults before they are calibrated."""


@dataclass(frozen=True)
class TwoStreamTask(OnOneDataSet):
    """Learns from Flickr8k; calibrated on CIFAR-FS's validation classes, which have to be in the same folder.

    The last weights are kept: what few captions say of an epoch is decided by chance more than by the epoch.
    """

    methods: ClassVar = ("two-stream",)
    checkpoint: ClassVar = CHECKPOINT

    def prepare(self, config: Config, progress: Progress) -> Prepared[TwoStreamObjective]:
        """Embed pictures and captions; what the towers make of them is shared with `compact-vlm` and the captioners.

        Raises:
            UserError: `data_missing`, `weights_missing`, `weights_differ`; what reading a picture raises.
        """
        data, objects = flickr8k.read(self.root), cifar_fs.read(self.root)
        networks = Networks(FeatureCache(map_bytes=1))
        space, parts = of_search(networks)(), {"train": data.train, "validation": data.validation}
        shared = config.runs / compact_space.CHECKPOINT
        vectors = {
            split: features(networks, data=part, file=shared / f"{split}.safetensors", progress=progress)
            for split, part in parts.items()
        }
        positions = {
            split: maps(networks, files=part.files, file=config.runs / "captions" / f"{split}.npy", progress=progress)
            for split, part in parts.items()
        }
        count = len(data.validation.files)
        searched, searched_training = (
            Searched.read(
                space,
                minilm=networks.texts,
                data=parts[split],
                known=vectors[split],
                positions=positions[split],
                count=count,
            )
            for split in ("validation", "train")
        )
        texts = Texts.read(networks.texts, data.train.captions)
        torch.manual_seed(config.seed)
        setup = Setup(
            objective=TwoStreamObjective(
                networks.texts,
                texts=texts,
                known=vectors["train"],
                near=confused(space, known=vectors["train"], data=data.train),
            ),
            data=Arrays.numbered(positions["train"]),
            schedule=config.changed(SCHEDULE),
            validate=lambda module: Figures(
                searched_training.blend(module, EVERY_TRAINING).accuracy,
                searched.blend(module, EVERY).accuracy,
            ),
            augment=lambda pictures: pictures[:, : GRID**2].float(),
            setting=SETTING,
        )

        def export(trained: Trained[TwoStreamObjective]) -> Export:
            trained.reporter.note("choosing the blend on Flickr8k's validation pictures")
            with trained.loop.accelerator.autocast():
                blend = searched.blend(trained.loop.module)
            facts = _facts(trained, networks=networks, data=data, blend=blend)
            draft = Export(_arrays(trained, blend), facts)
            return _calibrated(trained, draft=draft, networks=networks, validation=data.validation, objects=objects)

        return Prepared(setup, export)


def _arrays(trained: Trained[TwoStreamObjective], blend: Blend) -> dict[str, np.ndarray]:
    """What is shipped, but for the calibration."""
    module = trained.loop.module
    return {
        **{
            name: value.numpy(force=True).astype(np.float16)
            for name, value in module.state_dict().items()
            if name.startswith("model.")
        },
        "vocabulary": module.vocabulary.cpu().numpy().astype(np.int32),
        "blend": np.array([blend.weight], np.float32),
        **BLANK,
    }


def _facts(trained: Trained[TwoStreamObjective], networks: Networks, data: Flickr8k, blend: Blend) -> Facts:
    return Facts(
        architecture=f"{network.LAYERS} layer of co-attention of {network.HEADS} heads, {network.CHANNELS} channels,"
        " between the 9 x 9 positions of EfficientNet-Lite2 and the tokens of all-MiniLM-L6-v2",
        data="flickr8k",
        split="Flickr8k's 6,000 training and 1,000 validation pictures; its 1,000 test pictures are not read",
        pictures={"train": len(data.train.files), "validation": len(data.validation.files)},
        recipe={**SETTING, "schedule": asdict(trained.loop.setup.schedule)},
        preprocessing=networks.whole_pictures.preprocessing,
        validation={**blend.as_dict(), "epoch": len(trained.loop.history.rows)},
        pretraining="EfficientNet-Lite2 trained on ImageNet, MiniLM on sentence pairs, both frozen",
    )


def _calibrated(
    trained: Trained[TwoStreamObjective], draft: Export, networks: Networks, validation: Captioned, objects: Dataset
) -> Export:
    """With temperature and threshold, and how well it fills blanks in validation captions."""
    trained.reporter.note(
        "masked words of Flickr8k's validation pictures, and calibration on CIFAR-FS's validation classes"
    )
    few = Captioned(validation.files[:WORDS], validation.captions[:WORDS])
    pictures, progress = [ingest(file) for file in few.files], trained.reporter.progress
    with trained.draft(draft) as folder:
        method = TwoStream(networks, folder)
        words = matching.masked_words(method.matcher, pictures=pictures, data=few, progress=progress).as_dict()
        defaults = calibrated(method, objects.validation.classes, progress)
    facts = replace(draft.facts, validation={**draft.facts.validation, "words": words})
    return Export({**draft.arrays, **defaults}, facts)


TASK = TwoStreamTask
