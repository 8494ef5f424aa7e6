"""A frozen collection as a data set to learn from, and what fine-tunings on one share.

The training part teaches and the validation part chooses; the test part is left to the receipt.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Checkpoint
from fsl_demo.core.collections import PARTS, FrozenCollection, FrozenPicture
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.parts import Dataset, Part, opened
from fsl_demo.training.config import Config
from fsl_demo.training.task import Prepared

CLASSES, PICTURES = 2, 2
"""Each of the two parts has at least so many classes with so many pictures."""
PROTOCOL = "the training part taught, the validation part chose; the test part is not read"


def dataset(collection: FrozenCollection) -> Dataset:
    """The three parts, whose classes are the same.

    Raises:
        UserError: `collection_small` where there is too little to learn from or to choose by.
    """
    parts = {part: by_class(collection.part(part)) for part in PARTS}
    large = {part: sum(len(members) >= PICTURES for members in classes.values()) for part, classes in parts.items()}
    if min(large["train"], large["validation"]) < CLASSES:
        raise UserError(
            "collection_small",
            name=str(collection),
            classes=CLASSES,
            pictures=PICTURES,
            train=large["train"],
            validation=large["validation"],
        )
    train, validation, test = (Part(parts[part]) for part in PARTS)
    return Dataset(str(collection), PROTOCOL, train=train, validation=validation, test=test)


def by_class(pictures: Iterable[FrozenPicture]) -> dict[str, list[Picture]]:
    """The pictures of each class."""
    classes: dict[str, list[Picture]] = {}
    for frozen in pictures:
        classes.setdefault(frozen.class_name, []).append(frozen.picture)
    return classes


@dataclass(frozen=True)
class FineTuning(ABC):
    """The half of a fine-tuning's `Task` that is the same for all of them.

    Attributes:
        start: the version to begin with.
        networks: with a cache of what they make of the pictures.
    """

    method: str
    collection: FrozenCollection
    start: Checkpoint
    networks: Networks

    @property
    def checkpoint(self) -> str:
        """A fine-tuned checkpoint is a further version of the one that it began with."""
        return self.start.home.name

    @abstractmethod
    def prepare(self, config: Config, progress: Progress) -> Prepared[Any]:
        """As of `Task`; `collection_small` where there are too few pictures."""

    def origin(self) -> dict[str, object]:
        """Entries of the card: what it began with, and what it learned from."""
        collection = self.collection
        return {
            "start": {"name": self.start.home.name, "sha256": self.start.sha256},
            "collection": {"name": collection.name, "number": collection.number, "digest": collection.digest},
        }


def labelled(part: Part) -> tuple[list[Picture], np.ndarray]:
    """The pictures of a part, class by class, and the number of each one's class."""
    members = list(part.classes.values())
    pictures = [opened(item) for items in members for item in items]
    return pictures, np.repeat(np.arange(len(members)), [len(items) for items in members])
