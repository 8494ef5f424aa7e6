"""Things of three data sets, for what is to hold for photographs of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets import cifar_fs, voc2007
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.datasets.parts import Classes, Dataset, Item, Part
from fsl_demo.datasets.source import Source

LEFT_OUT = frozenset({"bicycle", "diningtable", "person"})
"""Classes of VOC 2007 that CIFAR-FS's test part has too."""
OBJECTS, SMALL = 450, 100
"""How many pictures of a class of VOC 2007 and of CIFAR-FS train and validate at most: the first ones."""


def read(root: Path) -> Dataset:
    """VOC 2007's objects and the training classes of CIFAR-FS and of `photos`; the latter two validate and test.

    Of `photos`, every second class tests; of the others, three of five train and two validate.

    Raises:
        UserError: `data_missing`.
    """
    small = cifar_fs.read(root)
    training, validation, test = _photos(root)
    objects = {name: items for name, items in voc2007.objects(root, "train").items() if name not in LEFT_OUT}
    return Dataset(
        name="objects",
        protocol="17 classes of VOC 2007's objects, CIFAR-FS's 64 training classes and 15 classes of photos to train;"
        " CIFAR-FS's 16 and 10 others of photos to validate; CIFAR-FS's 20 and the 25 others of photos to test",
        train=_joined(voc2007=_first(objects, OBJECTS), cifar_fs=_first(small.train.classes, SMALL), photos=training),
        validation=_joined(cifar_fs=_first(small.validation.classes, SMALL), photos=validation),
        test=_joined(cifar_fs=small.test.classes, photos=test),
        grouped=True,
    )


def _photos(root: Path) -> tuple[Classes, Classes, Classes]:
    folder = root / "photos"
    if not folder.is_dir():
        raise UserError("data_missing", name="photos", folder=folder)
    classes = class_folders(folder)
    chosen, test = (dict(list(classes.items())[half::2]) for half in (0, 1))
    validation = {name: chosen[name] for number, name in enumerate(chosen) if number % 5 > 2}
    return {name: items for name, items in chosen.items() if name not in validation}, validation, test


def _first(classes: Classes, count: int) -> Classes:
    return {name: items[:count] for name, items in classes.items()}


def _joined(**groups: Mapping[str, Sequence[Item]]) -> Part:
    return Part({f"{group}/{name}": items for group, classes in groups.items() for name, items in classes.items()})


SOURCE = Source(read)
