"""Things of COCO's 80 classes, by torchvision's Faster R-CNN, once a person has downloaded its weights."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from fsl_demo import runtime
from fsl_demo.backbones import coco_detector
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Detects
from fsl_demo.core.cards import DetectorCard
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.inference.boxes import as_box

LEAST = 0.05
"""The least probability of a thing that is given, as torchvision has it."""


class CocoThingDetector(Detects):
    """What torchvision's network finds, the most probable first."""

    card = DetectorCard(
        id="coco-things",
        title="COCO's things",
        paper="Li et al. 2021, Benchmarking Detection Transfer Learning with Vision Transformers; Ren et al. 2015",
        checkpoint=f"{coco_detector.OFFER.name}, to be downloaded",
        finds=("COCO's 80 classes",),
        cost=3_000,
    )

    def __init__(self, networks: Networks) -> None:
        """It needs none of the networks."""
        self._network: Any = None
        self._lock = threading.Lock()

    def detect(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        """
        Raises:
            UserError: `coco_absent`; `weights_other`.
        """
        import torch

        with self._lock:
            self._network = self._network or coco_detector.load(progress)
        names, detected = coco_detector.categories(), list[tuple[Region, ...]]()
        for number, picture in enumerate(pictures):
            progress("regions", number, len(pictures))
            pixels = np.asarray(picture.image().convert("RGB"), np.float32) / 255
            image = torch.from_numpy(pixels.transpose(2, 0, 1)).to(runtime.device())
            with torch.inference_mode():
                (own,) = self._network([image])
            extent = np.tile(image.shape[:0:-1], 2)
            regions = (
                Region.within(as_box(box / extent), score=float(score), words=((names[label], float(score)),))
                for box, label, score in zip(
                    *(own[key].cpu().numpy() for key in ("boxes", "labels", "scores")), strict=True
                )
                if score >= LEAST
            )
            detected.append(tuple(region for region in regions if region is not None))
        progress("regions", len(pictures), len(pictures))
        return detected
