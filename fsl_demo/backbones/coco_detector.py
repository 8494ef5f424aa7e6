"""torchvision's Faster R-CNN (Li et al. 2021, arXiv:2111.11429), trained on COCO: to be had, and on this machine.

A person downloads it, or brings its file; nothing else here makes a request. Only the first digits of its hash are
known: torchvision has them in the file's name, as torch.hub does for all its files.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from fsl_demo import runtime
from fsl_demo.backbones.clip.names import ClipName, Offer, folder
from fsl_demo.core.downloads import ANY_NAMED, Expected, fetch
from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError, disk_trouble

OFFER = Offer("fasterrcnn_resnet50_fpn_v2/coco", megabytes=175, licence="BSD-3-Clause")
BACKGROUND, UNUSED = "__background__", "N/A"
"""What torchvision calls numbers that no class has."""


def file() -> Path:
    """Where the weights lie once they are there."""
    return folder() / f"{OFFER.name}.pth"


def named(name: ClipName) -> bool:
    """Whether a name, with or without a file, is that of these weights."""
    return f"{name.architecture}/{name.tag}" == OFFER.name


def download(progress: Progress = quiet, expected: Expected = ANY_NAMED) -> Path:
    """The weights' file, which is fetched unless it is there.

    Raises:
        UserError: what `downloads.fetch` raises; `download_none`.
    """
    url, known = str(_published().url), replace(expected, begins=digits())
    if not file().is_file() and not fetch(url, file(), progress=progress, expected=known):
        raise UserError("download_none", name=OFFER.name)
    return file()


def bring(path: Path) -> Path:
    """Copy the weights from a file that was downloaded elsewhere.

    Raises:
        UserError: `clip_file_missing`; `weights_other` for any other file; `disk_full`, `folder_unwritable`.
    """
    if not path.is_file():
        raise UserError("clip_file_missing", path=path)
    _check(path)
    with disk_trouble(file().parent):
        file().parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as source, replacing(file()) as output:
            shutil.copyfileobj(source, output)
    return file()


def load(progress: Progress = quiet) -> Any:
    """The network, which takes pictures [3, H, W] in [0, 1] and gives boxes in pixels, labels and scores.

    Raises:
        UserError: `coco_absent`; `weights_other` where the file is another one.
    """
    import torch

    if not file().is_file():
        raise UserError(
            "coco_absent", name=OFFER.name, size=f"{OFFER.megabytes} MB", licence=OFFER.licence, folder=file().parent
        )
    progress("weights", 0, 1)
    _check(file())
    network = blank()
    try:
        network.load_state_dict(torch.load(file(), map_location="cpu", weights_only=True))
    except (RuntimeError, KeyError, TypeError, EOFError, OSError) as error:
        raise UserError("weights_other", file=file().name, name=OFFER.name) from error
    progress("weights", 1, 1)
    return network.eval().requires_grad_(False).to(runtime.device())


def blank() -> Any:
    """The network without its weights."""
    runtime.guard_torchvision()
    from torchvision.models.detection import fasterrcnn_resnet50_fpn_v2

    return fasterrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None, num_classes=len(categories()))


def categories() -> list[str]:
    """COCO's names by the numbers that the network gives; see `BACKGROUND` and `UNUSED`."""
    return list(_published().meta["categories"])


def digits() -> str:
    """The first digits of the file's SHA-256."""
    match = re.search(r"-([0-9a-f]{8,64})\.pth$", _published().url)
    assert match is not None
    return match[1]


def _published() -> Any:
    runtime.guard_torchvision()
    from torchvision.models.detection import FasterRCNN_ResNet50_FPN_V2_Weights

    return FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1


def _check(path: Path) -> None:
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if not digest.startswith(digits()):
        raise UserError("weights_other", file=path.name, name=OFFER.name)
