"""Trains the space in which photographs are compared, a linear map on what the frozen towers say, and calibrates it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from fsl_demo import datasets
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress
from fsl_demo.datasets.parts import Part, opened
from fsl_demo.evaluation.results import data_hash
from fsl_demo.inference.calibration import REFUSED
from fsl_demo.inference.picture_space import CHECKPOINT
from fsl_demo.training.calibration.classes import of_values
from fsl_demo.training.captioned import OnOneDataSet
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import picture_space as objective
from fsl_demo.training.objectives.picture_space import PictureSpaceObjective
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared
from fsl_demo.training.validation import episode_accuracy

DATA = "objects"
SCHEDULE = Schedule(epochs=5, rate=1e-4, decay=0.0, warm_up=0.1)
SETTING = {
    "channels": objective.CHANNELS,
    "way": objective.WAY,
    "shots": list(objective.SHOTS),
    "queries": objective.QUERIES,
    "episodes": objective.EPISODES,
    "shrinkage": objective.SHRINKAGE,
    "centre": objective.CENTRE,
}
WAY, EPISODES = 5, 400
"""Of what validates."""
GROUP = 64
"""Pictures that are in memory at once."""


@dataclass(frozen=True)
class PictureSpaceTask(OnOneDataSet):
    """Learns from the things of several data sets."""

    methods: ClassVar = ("prototype",)
    checkpoint: ClassVar = CHECKPOINT
    data: ClassVar[str] = DATA

    def prepare(self, config: Config, progress: Progress) -> Prepared[PictureSpaceObjective]:
        """Embed the pictures; what the towers make of them goes into the run's folder.

        Raises:
            UserError: `data_missing`, `weights_missing`, `weights_differ`; what reading a picture raises.
        """
        data = datasets.read(DATA, self.root)
        networks = Networks(FeatureCache(map_bytes=1))
        training, validation = (
            features(networks, data=part, file=config.folder / f"{split}.safetensors", progress=progress)
            for split, part in (("train", data.train), ("validation", data.validation))
        )
        torch.manual_seed(config.seed)
        setup = Setup(
            objective=PictureSpaceObjective(training.images, training.labels, groups(training)),
            data=training,
            schedule=config.changed(SCHEDULE),
            validate=lambda module: Figures(figure(module, training), figure(module, validation)),
            augment=lambda batch: batch,
            setting=SETTING,
        )

        def export(trained: Trained[PictureSpaceObjective]) -> Export:
            module = trained.loop.module.cpu()
            module.load_state_dict(trained.loop.best)
            arrays = {f"map.{name}": value.half().numpy() for name, value in module.map.state_dict().items()}
            arrays |= objective.quick(training.images, module)
            parts = [of_values(*part, refused=REFUSED) for part in _by_group(module, validation)]
            calibrated = {
                "temperature": np.mean([part["temperature"] for part in parts], axis=0),
                "none_below": np.min([part["none_below"] for part in parts], axis=0),
            }
            facts = Facts(
                architecture="a linear map on EfficientNet-Lite0 and EfficientNet-Lite2: 1,998 channels to"
                f" {objective.CHANNELS}",
                data=data.name,
                split=data.protocol,
                pictures={"train": len(training.labels), "validation": len(validation.labels)},
                recipe={**SETTING, "schedule": asdict(trained.loop.setup.schedule)},
                preprocessing=f"{networks.pictures.preprocessing}; {networks.whole_pictures.preprocessing}",
                validation={"what": f"{WAY}-way 1-shot accuracy, mean of the groups", **trained.at_best("accuracy")},
                pretraining="EfficientNet-Lite0 and Lite2 trained on ImageNet, frozen",
            )
            return Export({**arrays, **calibrated}, facts)

        return Prepared(setup, export)


def features(networks: Networks, data: Part, file: Path, progress: Progress) -> Arrays:
    """What the towers say of a part's pictures, float32 [N, 1998], or what an earlier run kept of the same ones."""
    from safetensors import safe_open
    from safetensors.numpy import save

    items = [item for members in data.classes.values() for item in members]
    labels = np.repeat(np.arange(len(data.classes)), [len(members) for members in data.classes.values()])
    weights = f"{networks.pictures.weights}+{networks.whole_pictures.weights}"
    known = {"weights": weights, "pictures": data_hash(data.classes)}
    vectors = None
    if file.exists():
        with safe_open(file, framework="np") as stored:
            vectors = stored.get_tensor("pictures") if stored.metadata() == known else None
    if vectors is None:
        towers, parts = PictureTowers(networks), []
        for start in range(0, len(items), GROUP):
            progress("read", start, len(items))
            parts.append(towers.embed([opened(item) for item in items[start : start + GROUP]]))
        vectors = np.concatenate(parts)
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as output:
            output.write(save({"pictures": vectors}, known))
    return Arrays(images=vectors, labels=labels, names=tuple(data.classes), pairs=np.zeros((0, 3), int))


def groups(data: Arrays) -> np.ndarray:
    """The data set of each class, by number."""
    names = [name.split("/")[0] for name in data.names]
    return np.unique(names, return_inverse=True)[1]


@torch.inference_mode()
def _by_group(module: PictureSpaceObjective, data: Arrays) -> list[tuple[torch.Tensor, np.ndarray]]:
    """Vectors and labels of each data set's pictures."""
    device, of_picture = next(module.parameters()).device, groups(data)[data.labels]
    vectors = module.vectors(torch.from_numpy(data.images).to(device)).cpu()
    return [(vectors[of_picture == group], data.labels[of_picture == group]) for group in np.unique(of_picture)]


def figure(module: PictureSpaceObjective, data: Arrays) -> float:
    """5-way 1-shot accuracy, the mean of the data sets."""
    accuracies = [
        episode_accuracy(vectors, labels=labels, way=WAY, episodes=EPISODES)
        for vectors, labels in _by_group(module, data)
    ]
    return float(np.mean(accuracies))


TASK = PictureSpaceTask
