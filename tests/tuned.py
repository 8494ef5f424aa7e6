"""A fine-tuning that takes a second: the smallest network that is shipped, on a few real digits."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import layout
from fsl_demo.core.collections import CollectionLabel, FrozenCollection
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.services.finetuning import FinetuneOptions, FinetuneRequest, requested
from fsl_demo.store import Workspace
from fsl_demo.training.events import Event
from tests.backbones import loaded
from tests.frozen import frozen

DIGITS = "siamese_digits"
PARTS = (8, 4, 6)
EACH = sum(PARTS)


@cache
def digits() -> dict[str, list[Picture]]:
    """Three classes of eighteen pictures."""
    data = load_digits()

    def picture(image: np.ndarray, name: str) -> Picture:
        return from_image(Image.fromarray((image * 15.9).astype(np.uint8)).resize((28, 28)).convert("RGB"), name)

    return {
        name: [picture(image, f"{name} {n}.png") for n, image in enumerate(data.images[data.target == digit][:EACH])]
        for name, digit in (("one", 1), ("three", 3), ("eight", 8))
    }


@cache
def networks() -> Networks:
    """Shared, with a cache of the digits' features."""
    return loaded.networks()


def collection() -> FrozenCollection:
    return frozen(digits(), PARTS)


def shipped(folder: Path, *names: str) -> Path:
    """A folder of checkpoints with copies of shipped ones."""
    for name in names or (DIGITS,):
        shutil.copytree(layout.FOLDER / name, folder / name)
    return folder


def request(epochs: int = 2, seed: int = 0) -> FinetuneRequest:
    return requested("siamese", collection(), start=DIGITS, options=FinetuneOptions(epochs=epochs, seed=seed))


def kinds(events: Sequence[Event]) -> set[str]:
    return {type(event).__name__ for event in events}


@cache
def warm() -> None:
    """Load what is slow to load, so that nobody waits for it."""
    import torch._dynamo  # noqa: F401  (an optimiser imports it)

    networks().features.pooled(networks().pictures, [picture for members in digits().values() for picture in members])


def stored(workspace: Workspace, made: FrozenCollection | None = None) -> FrozenCollection:
    """The collection, or another one, in a workspace."""
    made = made or collection()
    workspace.collections.create(made.name)
    workspace.collections.add(
        made.name, {frozen.picture: [CollectionLabel(frozen.class_name)] for frozen in made.pictures}
    )
    return workspace.collections.freeze(
        made.name, {frozen.picture.sha256: (frozen.part, frozen.group) for frozen in made.pictures}
    )


def fresh(folder: Path, other: Path) -> Path:
    """A folder of checkpoints with the first versions of those in another one."""
    for home in other.iterdir():
        if home.is_dir():
            (folder / home.name).mkdir(parents=True)
            for name in (layout.CARD, layout.WEIGHTS):
                shutil.copy(home / name, folder / home.name / name)
    return folder
