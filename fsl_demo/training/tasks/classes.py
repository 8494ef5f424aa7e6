"""Trains a method that compares pictures on labelled ones, from nothing or from a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import ClassVar, Self

import numpy as np
import torch

from fsl_demo import checkpoints, datasets
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.backbones.preprocessing import PREPROCESSINGS
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.checkpoints import Checkpoint
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import Dataset, Item, Part, large_enough
from fsl_demo.training import recipes
from fsl_demo.training.calibration.classes import DEFAULTS, defaults
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays, load
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives.metric import MetricObjective
from fsl_demo.training.recipes import Recipe
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared, Source
from fsl_demo.training.validation import episode_accuracy, features, known_accuracy, pair_accuracy, sample

EPISODES = 400
COHORT = 256


@dataclass(frozen=True)
class ClassesTask:
    """Learns to tell the classes of a data set apart.

    Attributes:
        recipe: in place of the one that belongs to method and data.
    """

    method: str
    data: Dataset
    recipe: Recipe | None = None
    methods: ClassVar = tuple(recipes.OBJECTIVES)
    takes: ClassVar = frozenset({"start", "backbone", "batch"})

    @classmethod
    def named(cls, method: str, source: Source) -> Self:
        data = datasets.read(
            source.name, root=source.root, fold=source.fold, download=source.download, report=source.report
        )
        return cls(method, data)

    @property
    def checkpoint(self) -> str:
        return f"{self.method}_{self.data.name}".replace("-", "_")

    def prepare(self, config: Config, progress: Progress) -> Prepared[MetricObjective]:
        """Read the pictures into memory.

        Raises:
            UserError: `setting_bad` where there is no recipe; what reading a picture raises; `weights_missing`,
                `weights_differ`, `card_incomplete` of the checkpoint to begin with.
        """
        start = TrainedNetwork(config.start) if config.start else None
        recipe = self._recipe(config, start)
        torch.manual_seed(config.seed)
        pictures = PREPROCESSINGS[recipe.architecture.preprocessing]
        large = replace(self.data.train, classes=large_enough(self.data.train.classes, recipe.least))
        training, validation = (
            load(part, recipe=pictures, progress=progress, each=recipe.each) for part in (large, self.data.validation)
        )
        if recipe.turned:
            training = training.turned()
        objective = recipes.objective(self.method, recipe, len(training.names))
        if start is not None:
            _begin(objective, start)
        augment, setting = recipe.augmentation.preparing(recipe.architecture)
        setup = Setup(
            objective=objective,
            data=training,
            schedule=recipe.schedule,
            validate=lambda module: figures(module, recipe=recipe, training=training, validation=validation),
            augment=augment,
            setting=setting,
        )

        def export(trained: Trained[MetricObjective]) -> Export:
            module = trained.loop.module
            module.load_state_dict(trained.loop.best)
            facts = self._facts(trained, recipe=recipe, validation=validation, start=start)
            arrays = self._arrays(trained, recipe=recipe, validation=validation, start=start)
            return Export(arrays, facts)

        return Prepared(setup, export)

    def _recipe(self, config: Config, start: TrainedNetwork | None) -> Recipe:
        count = sum(map(len, self.data.train.classes.values()))
        architecture = start.architecture if start else None
        recipe = self.recipe or recipes.recipe(
            self.method,
            data=self.data.name,
            pictures=count,
            start=architecture,
            backbone=config.backbone,
        )
        if config.batch is not None:
            if config.batch < 2:
                reason = "Pictures are compared with each other."
                raise UserError("setting_bad", name="batch", value=config.batch, reason=reason)
            recipe = replace(recipe, sampling=replace(recipe.sampling, size=config.batch))
        return replace(recipe, schedule=config.changed(recipe.schedule))

    def _arrays(
        self, trained: Trained[MetricObjective], recipe: Recipe, validation: Arrays, start: TrainedNetwork | None
    ) -> dict[str, np.ndarray]:
        """The shipped parts at the best epoch, and their defaults."""
        module = trained.loop.module
        shipped = ("attention",) if _lender(trained, start) else ("embedder", "attention")
        arrays = {
            name: value.half().numpy() if value.is_floating_point() else value.numpy()
            for name, value in trained.loop.best.items()
            if name.split(".")[0] in shipped
        }
        arrays |= defaults(module, validation) or {name: start.arrays[name] for name in DEFAULTS if start}
        strangers = self._strangers(recipe)
        if strangers and module.attention is None:
            arrays["cohort"] = cohort(module.embedder, strangers)
        return arrays

    def _strangers(self, recipe: Recipe) -> list[Sequence[Item]]:
        """Classes for local scaling: those too small to train on; those to validate on where single pictures train."""
        small = [items for items in self.data.train.classes.values() if len(items) < recipe.least]
        return list(self.data.validation.classes.values()) if recipe.options.get("twins") else small

    def _facts(
        self, trained: Trained[MetricObjective], recipe: Recipe, validation: Arrays, start: TrainedNetwork | None
    ) -> Facts:
        embedder, lender = trained.loop.module.embedder, _lender(trained, start)
        borrowed = {"embedder": {"name": lender.home.name, "sha256": lender.sha256}} if lender else {}
        more = {**borrowed, "size": list(embedder.size), "channels": embedder.channels, "fold": self.data.fold}
        return Facts(
            architecture=recipe.architecture.as_dict(),
            more=more,
            data=self.data.name,
            split=self.data.protocol,
            pictures={"train": len(trained.loop.setup.data.labels), "validation": len(validation.labels)},
            recipe={key: value for key, value in asdict(recipe).items() if key != "architecture"},
            preprocessing=recipe.architecture.preprocessing,
            validation={"what": what(recipe), **trained.at_best("accuracy")},
            pretraining=pretraining(recipe, start),
        )


def _begin(objective: MetricObjective, start: TrainedNetwork) -> None:
    """Take the weights of a checkpoint for the parts that it has."""
    given = {name: torch.from_numpy(np.array(array, np.float32)) for name, array in start.arrays.items()}
    own = objective.state_dict()
    objective.load_state_dict({name: value for name, value in given.items() if name in own}, strict=False)


def _lender(trained: Trained[MetricObjective], start: TrainedNetwork | None) -> Checkpoint | None:
    """The checkpoint whose embedder the trained one goes on using; None where it has its own."""
    if start is None or not trained.loop.module.frozen:
        return None
    return start.embedder if checkpoints.may_refer(start.embedder, trained.config.out) else None


def figures(module: MetricObjective, recipe: Recipe, training: Arrays, validation: Arrays) -> Figures:
    """What the recipe validates by, on a sample of the training pictures and on the validation pictures."""
    if recipe.known:
        return Figures(known_accuracy(module, training, training), known_accuracy(module, training, validation))
    return Figures(_figure(module, recipe, sample(training)), _figure(module, recipe, validation))


def _figure(module: MetricObjective, recipe: Recipe, data: Arrays) -> float:
    values = features(module.embedder, data.images, maps=module.attention is not None)
    if recipe.way:
        return episode_accuracy(
            values, labels=data.labels, way=recipe.way, episodes=EPISODES, attention=module.attention
        )
    return pair_accuracy(values, data.pairs)


def cohort(embedder: Embedder, small: Sequence[Sequence[Item]]) -> np.ndarray:
    """A picture each of some classes that were not trained on, for local scaling: unit vectors [N, D]."""
    chosen = np.random.default_rng(0).permutation(len(small))[:COHORT]
    classes = {str(i): small[i][:1] for i in chosen}
    images = load(Part(classes), PREPROCESSINGS[embedder.architecture.preprocessing]).images
    return features(embedder, images, maps=False).half().numpy()


def pretraining(recipe: Recipe, start: TrainedNetwork | None) -> str:
    """What the training began with."""
    is_frozen = PREPROCESSINGS[recipe.architecture.preprocessing].frozen
    frozen = "EfficientNet-Lite0 trained on ImageNet, frozen" if is_frozen else ""
    return ", and ".join(filter(None, (start.checkpoint.home.name if start else "", frozen))) or "none"


def what(recipe: Recipe) -> str:
    """What the validation figure is."""
    if recipe.known:
        return "held-out pictures of the training classes, by the means of the training pictures"
    return f"{recipe.way}-way 1-shot accuracy" if recipe.way else "pair accuracy at the best threshold"


TASK = ClassesTask
