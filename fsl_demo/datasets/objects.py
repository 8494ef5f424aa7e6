"""Things of three data sets, for what is to hold for photographs of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fsl_demo.datasets import cifar_fs, photos, voc2007
from fsl_demo.datasets.parts import Classes, Dataset, Item, Part
from fsl_demo.datasets.source import Source

LEFT_OUT = frozenset({"bicycle", "diningtable", "person"})
"""Classes of VOC 2007 that CIFAR-FS's test part has too."""
OBJECTS, SMALL = 450, 100
"""How many pictures of a class of VOC 2007 and of CIFAR-FS train and validate at most: the first ones."""


def read(root: Path) -> Dataset:
    """CIFAR-FS and `photos` in their own parts; VOC 2007's objects train.

    Raises:
        UserError: `data_missing`.
    """
    small, large = cifar_fs.read(root), photos.read(root)
    boxes = {name: items for name, items in voc2007.objects(root, "train").items() if name not in LEFT_OUT}
    return Dataset(
        name="objects",
        protocol="17 classes of VOC 2007's objects, CIFAR-FS's 64 and photos' 15 training classes to train; CIFAR-FS's"
        " 16 and photos' 10 validation classes to validate; CIFAR-FS's 20 and photos' 25 test classes to test",
        train=_joined(
            voc2007=_first(boxes, OBJECTS), cifar_fs=_first(small.train.classes, SMALL), photos=large.train.classes
        ),
        validation=_joined(cifar_fs=_first(small.validation.classes, SMALL), photos=large.validation.classes),
        test=_joined(cifar_fs=small.test.classes, photos=large.test.classes),
        grouped=True,
    )


def _first(classes: Classes, count: int) -> Classes:
    return {name: items[:count] for name, items in classes.items()}


def _joined(**groups: Mapping[str, Sequence[Item]]) -> Part:
    return Part({f"{group}/{name}": items for group, classes in groups.items() for name, items in classes.items()})


SOURCE = Source(read)
