"""Fine-tunings, on a frozen collection, of networks that compare pictures, as `classes` trains them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.core.episodes import Progress
from fsl_demo.datasets.parts import Dataset
from fsl_demo.training import recipes
from fsl_demo.training.collected import FineTuning, dataset
from fsl_demo.training.config import Config
from fsl_demo.training.export import Export, Trained
from fsl_demo.training.objectives.metric import MetricObjective, Sampling
from fsl_demo.training.recipes import Recipe
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.task import Prepared
from fsl_demo.training.tasks.classes import ClassesTask

WAY, QUERIES, EPISODES = 5, 4, 60
"""At most, of the episodes that validate and that CAN learns from."""
STEPS, SIZES = 4, (12, 64)
"""Of the others: steps an epoch, as far as batches of fewest and most pictures let them."""
EPOCHS, RATE, DECAY, PATIENCE = 40, 3e-4, 0.05, 10


class FinetuneClasses(FineTuning):
    """Goes on with all weights at a low rate."""

    def prepare(self, config: Config, progress: Progress) -> Prepared[MetricObjective]:
        """Read the pictures into memory.

        Raises:
            UserError: `collection_small`; what is wrong with a picture or with the checkpoint.
        """
        data = dataset(self.collection)
        source = checkpoints.source_of(self.start.home, self.start.version)
        task = ClassesTask(self.method, data, recipe=self._recipe(data))
        prepared = task.prepare(replace(config, start=source), progress)

        def export(trained: Trained[MetricObjective]) -> Export:
            made = prepared.export(trained)
            return Export(made.arrays, replace(made.facts, more={**made.facts.more, **self.origin()}))

        return Prepared(prepared.setup, export)

    def _recipe(self, data: Dataset) -> Recipe:
        """The recipe for going on with a network, within what the parts have."""
        taught = np.sort([len(members) for members in data.train.classes.values()])[::-1]
        chosen = sum(len(members) > 1 for members in data.validation.classes.values())
        architecture, count = TrainedNetwork(self.start).architecture, int(taught.sum())
        recipe = recipes.recipe(self.method, data.name, pictures=count, start=architecture)
        way = min(WAY, int((taught > 1).sum()))
        queries = min(QUERIES, int(taught[way - 1]) - 1)
        size = way * (1 + queries) if self.method == "can" else min(count, int(np.clip(count // STEPS, *SIZES)))
        return replace(
            recipe,
            schedule=Schedule(epochs=EPOCHS, rate=RATE, decay=DECAY, patience=PATIENCE),
            sampling=Sampling(size=size, together=4, way=way, queries=queries, episodes=EPISODES),
            way=min(WAY, chosen),
            known=False,
        )


TASK = FinetuneClasses
