"""Fine-tunes the space in which photographs are compared: a low-rank change of its linear map, on cached features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch

from fsl_demo.core.episodes import Progress
from fsl_demo.datasets.parts import Part
from fsl_demo.inference.calibration import REFUSED
from fsl_demo.inference.picture_space import PictureSpace
from fsl_demo.training.calibration.classes import of_values
from fsl_demo.training.collected import FineTuning, dataset, labelled
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import tuned_space as objective
from fsl_demo.training.objectives.tuned_space import TunedSpaceObjective
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared
from fsl_demo.training.validation import episode_accuracy

SCHEDULE = Schedule(epochs=15, rate=3e-3, decay=0.0, patience=5)
SETTING = {
    "rank": objective.RANK,
    "way": objective.WAY,
    "shots": list(objective.SHOTS),
    "queries": objective.QUERIES,
    "episodes": objective.EPISODES,
    "pull": objective.PULL,
}
WAY, EPISODES = 5, 200
"""Of what validates: at most so many classes."""
ENOUGH = 30
"""Validation pictures from which temperature and threshold are measured."""


@dataclass(frozen=True)
class FinetunePictureSpace(FineTuning):
    """Learns a change of the map to the 512 channels of the space."""

    def prepare(self, config: Config, progress: Progress) -> Prepared[TunedSpaceObjective]:
        """Embed the pictures.

        Raises:
            UserError: `collection_small`; what is wrong with a picture or with the checkpoint.
        """
        data = dataset(self.collection)
        space = PictureSpace(self.networks, self.start)
        training, validation = (mapped(space, part, progress) for part in (data.train, data.validation))
        torch.manual_seed(config.seed)
        setup = Setup(
            objective=TunedSpaceObjective(space.channels),
            data=training,
            schedule=config.changed(SCHEDULE),
            validate=lambda module: Figures(figure(module, training), figure(module, validation)),
            augment=lambda batch: batch,
            setting=SETTING,
        )

        def export(trained: Trained[TunedSpaceObjective]) -> Export:
            module = trained.loop.module.cpu().eval()
            module.load_state_dict(trained.loop.best)
            arrays = changed(self.start.arrays, module.matrix())
            arrays |= calibrated(module, validation)
            facts = Facts(
                architecture=str(self.start.card.architecture),
                more=self.origin(),
                data=data.name,
                split=data.protocol,
                pictures={"train": len(training.labels), "validation": len(validation.labels)},
                recipe={**SETTING, "schedule": asdict(trained.loop.setup.schedule)},
                preprocessing=self.start.card.preprocessing or "",
                validation={"what": f"at most {WAY}-way 1-shot accuracy", **trained.at_best("accuracy")},
                pretraining=self.start.home.name,
            )
            return Export(arrays, facts)

        return Prepared(setup, export)


def mapped(space: PictureSpace, part: Part, progress: Progress) -> Arrays:
    """What the space's map makes of a part's pictures, before it is brought to length 1: float32 [N, 512]."""
    pictures, labels = labelled(part)
    values = space.towers.embed(pictures, progress) @ space.weight.T + space.bias
    return Arrays(
        images=values.astype(np.float32), labels=labels, names=tuple(part.classes), pairs=np.zeros((0, 3), int)
    )


def changed(arrays: Mapping[str, np.ndarray], matrix: np.ndarray) -> dict[str, np.ndarray]:
    """The maps of the space, and of the quick guess at it, with the change [D, D] behind them."""
    maps = {name: array for name, array in arrays.items() if name.split(".")[0] in ("map", "quick")}
    return {**arrays, **{name: (matrix @ array.astype(np.float64)).astype(np.float16) for name, array in maps.items()}}


@torch.inference_mode()
def calibrated(module: TunedSpaceObjective, validation: Arrays) -> dict[str, np.ndarray]:
    """Temperature and threshold, where there are pictures enough to measure them; nothing keeps those of the start."""
    if len(validation.labels) < ENOUGH:
        return {}
    vectors = module.vectors(torch.from_numpy(validation.images))
    return of_values(vectors, validation.labels, refused=REFUSED)


@torch.inference_mode()
def figure(module: TunedSpaceObjective, data: Arrays) -> float:
    """1-shot accuracy over episodes of at most five classes."""
    way = min(WAY, int((np.bincount(data.labels) > 1).sum()))
    was_training = module.training
    module.eval()
    vectors = module.vectors(torch.from_numpy(data.images).to(module.scale.device)).cpu()
    module.train(was_training)
    return episode_accuracy(vectors, labels=data.labels, way=way, episodes=EPISODES)


TASK = FinetunePictureSpace
