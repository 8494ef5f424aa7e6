"""How each method is trained on each data set. The settings were chosen on validation parts, never on test parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.core.errors import UserError
from fsl_demo.training.augmentation import Augmentation
from fsl_demo.training.objectives.metric import Can, MetricObjective, S3Net, Sampling, Siamese
from fsl_demo.training.schedule import Schedule

OBJECTIVES: dict[str, Callable[..., MetricObjective]] = {
    "siamese": Siamese,
    "siamese-cbam": Siamese,
    "s3net": S3Net,
    "can": Can,
}


@dataclass(frozen=True)
class Recipe:
    """Everything about a training but its data, seed and machine.

    Attributes:
        options: of the objective.
        way: classes of the validation episodes; 0 validates on pairs.
        known: the classes to validate on are those trained on: validate by how many of their held-out pictures the
            means of the training pictures get right.
        started: the schedule where the weights to begin with are a checkpoint's.
        least, each: how many pictures of a class are read: a class with fewer is left out, more are not read.
        turned: whether classes are also trained on turned by 90, 180 and 270 degrees, as other classes.
    """

    architecture: Architecture
    sampling: Sampling
    schedule: Schedule
    augmentation: Augmentation
    options: dict[str, Any] = field(default_factory=dict)
    way: int = 5
    known: bool = False
    least: int = 1
    each: int | None = None
    turned: bool = False
    started: Schedule | None = None


INK = Augmentation(turn=0.2, stretch=0.12, shift=0.1, border="zeros")
FACE = Augmentation(turn=0.12, stretch=0.1, shift=0.06, flip=True, light=0.2, erase=0.3)
MOVED_FACE = Augmentation(turn=0.17, stretch=0.12, shift=0.08, flip=True, light=0.2, erase=0.3)
SMALL = Augmentation(turn=0.1, stretch=0.15, shift=0.12, flip=True, light=0.1, erase=0.2)

DIGITS = Recipe(
    architecture=Architecture("twin", "ink28", 32),
    sampling=Sampling(size=200, together=10),
    schedule=Schedule(epochs=25, rate=4e-3, decay=0.01),
    augmentation=INK,
    way=0,
)
CHARACTERS = Recipe(
    architecture=Architecture("conv4", "ink28", 128, dropout=0.1),
    sampling=Sampling(size=256, together=8),
    schedule=Schedule(epochs=12, rate=4e-3, decay=0.02),
    augmentation=INK,
    options={"softmax": (1.0, 16.0, 0.2)},
    way=20,
    turned=True,
)
DIGITS_AND_CHARACTERS = replace(
    CHARACTERS,
    schedule=replace(CHARACTERS.schedule, epochs=30),
    augmentation=replace(INK, turn=0.3, stretch=0.2, shift=0.12),
)
FACES = Recipe(
    architecture=Architecture("resnet10", "face80", 384, dropout=0.4, mirrored=True, members=3, windows=True),
    sampling=Sampling(size=256, together=2),
    schedule=Schedule(epochs=20, rate=4e-3, decay=0.05),
    augmentation=FACE,
    options={"softmax": (1.0, 24.0, 0.2)},
    least=2,
)
WHOLE_FACES = Recipe(
    architecture=Architecture("resnet10", "face64", 256, cbam=True, dropout=0.3),
    sampling=Sampling(size=128, together=2),
    schedule=Schedule(epochs=24, rate=2e-3, decay=0.05),
    augmentation=MOVED_FACE,
    options={"softmax": (1.0, 24.0, 0.2)},
)
FEW_FACES = replace(
    FACES,
    sampling=Sampling(size=56, together=5),
    schedule=Schedule(epochs=80, rate=2e-3, decay=0.05),
    options={"softmax": (1.0, 16.0, 0.2)},
    way=0,
    started=Schedule(epochs=20, rate=3e-4, decay=0.05),
)
SMALL_PICTURES = Recipe(
    architecture=Architecture("conv4", "rgb32", 128, dropout=0.1),
    sampling=Sampling(size=256, together=8),
    schedule=Schedule(epochs=20, rate=3e-3, decay=0.05),
    augmentation=SMALL,
    options={"softmax": (1.0, 16.0, 0.1)},
)
FINE_TUNING = Schedule(epochs=40, rate=3e-4, decay=0.05, patience=15)
CAN_ON_FACES: dict[str, Any] = {
    "sampling": Sampling(size=8 * 15, way=5, queries=2, episodes=800),
    "schedule": Schedule(epochs=5, rate=2e-3, decay=0.05),
    "options": {"frozen": True},
}
CAN_ON_SMALL_PICTURES = Recipe(
    architecture=Architecture("narrow-resnet12", "rgb32", 0, mirrored=True),
    sampling=Sampling(size=24 * 35, queries=6, episodes=7200),
    schedule=Schedule(epochs=24, rate=0.25, decay=5e-4, momentum=0.9),
    augmentation=Augmentation(turn=0.1, stretch=0.15, shift=0.2, flip=True, light=0.2, erase=0.3),
    turned=True,
)

PHOTOGRAPHS = Recipe(
    architecture=Architecture("efficientnet_lite0", "lite0-maps", 0, weighted=True),
    sampling=Sampling(size=256, together=4),
    schedule=Schedule(epochs=6, rate=5e-3, decay=0.05),
    augmentation=Augmentation(),
    options={"softmax": (1.0, 16.0, 0.1)},
    each=100,
)

RECIPES: dict[tuple[str, ...], Recipe] = {
    ("siamese", "mnist"): replace(DIGITS, architecture=replace(DIGITS.architecture, shifted=True)),
    ("siamese", "omniglot"): CHARACTERS,
    ("siamese", "digits_and_characters"): DIGITS_AND_CHARACTERS,
    ("siamese", "att_faces"): FEW_FACES,
    ("siamese", "lfw"): FACES,
    ("siamese", "cifar_fs"): SMALL_PICTURES,
    ("siamese-cbam", "omniglot"): replace(CHARACTERS, architecture=replace(CHARACTERS.architecture, cbam=True)),
    ("siamese-cbam", "lfw"): WHOLE_FACES,
    ("s3net", "omniglot"): replace(CHARACTERS, options={}),
    ("can", "lfw"): replace(FACES, **CAN_ON_FACES),
    ("can", "cifar_fs"): CAN_ON_SMALL_PICTURES,
    ("siamese", "cifar_fs", "efficientnet_lite0"): PHOTOGRAPHS,
    ("can", "cifar_fs", "efficientnet_lite0"): replace(
        PHOTOGRAPHS,
        sampling=Sampling(size=4 * 35, queries=6, episodes=400),
        schedule=Schedule(epochs=4, rate=2e-3, decay=0.05),
        options={"frozen": True},
    ),
}
"""By method and data; for some, by the backbone too."""
AUGMENTATIONS = {
    "ink28": INK,
    "face64": MOVED_FACE,
    "face80": FACE,
    "rgb32": SMALL,
    "lite0-maps": Augmentation(),
}


def recipe(
    method: str, data: str, pictures: int, start: Architecture | None = None, backbone: str | None = None
) -> Recipe:
    """The recipe of a method for a data set of the table, or for going on with a network on anything else.

    Args:
        pictures: that there are to train on.
        start: what the weights to begin with belong to.
        backbone: in place of the recipe's.

    Raises:
        UserError: `setting_bad`, naming what there is.
    """
    if start is not None and backbone not in (None, start.backbone):
        reason = f"The checkpoint to begin with has {start.backbone}."
        raise UserError("setting_bad", name="backbone", value=backbone, reason=reason)
    named = start.backbone if start else backbone
    listed = RECIPES.get((method, data, named or ""), RECIPES.get((method, data)))
    if listed is not None:
        if backbone:
            listed = replace(listed, architecture=replace(listed.architecture, backbone=backbone))
        return replace(listed, architecture=start, schedule=listed.started or listed.schedule) if start else listed
    if start is not None:
        sampling = Sampling(size=min(64, pictures), together=4, queries=1, episodes=60)
        softmax = {"softmax": (1.0, 16.0, 0.1)} if method.startswith("siamese") else {}
        return Recipe(
            architecture=start,
            sampling=sampling,
            schedule=FINE_TUNING,
            augmentation=AUGMENTATIONS[start.preprocessing],
            options=softmax,
            known=True,
        )
    known = ", ".join(dict.fromkeys(f"{method} on {data}" for method, data, *_ in RECIPES))
    reason = f"Give --from CHECKPOINT to go on with a network. From nothing there is: {known}."
    raise UserError("setting_bad", name="train", value=f"{method} on {data}", reason=reason)


def objective(method: str, recipe: Recipe, classes: int) -> MetricObjective:
    """The module to train, with fresh weights."""
    return OBJECTIVES[method](Embedder(recipe.architecture), classes, recipe.sampling, **recipe.options)
