"""Trains the heads of the built-in vision-language model on frozen towers, and calibrates it.

Captions teach scenes: CLIP's loss on Flickr8k's training pictures. Class names teach objects: the same loss on
ImageNet's class names against the rows of the towers' own classifiers, and what these classifiers say of the training
pictures.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fsl_demo import checkpoints
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.datasets import cifar_fs, flickr8k
from fsl_demo.evaluation.retrieval import recall
from fsl_demo.layers.joint_heads import PictureHead, TextHead
from fsl_demo.losses.clip import soft_classification, symmetric_contrastive
from fsl_demo.training.caption_features import Features, features
from fsl_demo.training.data import Arrays
from fsl_demo.training.loop import Schedule, Training
from fsl_demo.training.vlm_calibration import calibrated

METHOD = "compact-vlm"
DIMENSION, HIDDEN, DROPOUT = 512, 1024, 0.3
NAMES_WEIGHT, TEACHER_WEIGHT = 0.5, 0.5
BATCH, PASSES = 1500, 5
SCHEDULE = Schedule(epochs=8, rate=2e-3, decay=0.1, warm_up=0.1)
SCALE = 20.0
"""What cosines are multiplied with at the start; learned."""


class Objective(nn.Module):
    """The two heads and their losses, on the features of the training pictures."""

    def __init__(self, data: Features) -> None:
        super().__init__()
        self.pictures = PictureHead(data.pictures.shape[1], DIMENSION, DROPOUT)
        self.texts = TextHead(data.captions.shape[2], DIMENSION, HIDDEN, DROPOUT)
        self.scales = nn.Parameter(torch.full((2,), SCALE).log())
        self.read = zlib.crc32(data.captions.tobytes())
        for name in ("captions", "teacher", "names", "rows"):
            self.register_buffer(f"known_{name}", torch.from_numpy(getattr(data, name)), persistent=False)

    def forward(self, pictures: Tensor, indices: Tensor) -> Tensor:
        """The loss of pictures [N, C] with one caption each, drawn anew, and of all class names, one sentence each."""
        known: Any = self._buffers
        captions = known["known_captions"][indices, torch.randint(known["known_captions"].shape[1], indices.shape)]
        names = known["known_names"]
        sentences = names[torch.arange(len(names)), torch.randint(names.shape[1], (len(names),))]
        seen, rows = self.pictures(pictures), self.pictures(known["known_rows"])
        said, named = self.texts(torch.cat([captions, sentences])).split([len(captions), len(sentences)])
        with torch.autocast(seen.device.type, enabled=False):
            scale, name_scale = self.scales.exp().clamp(max=100)
            loss = symmetric_contrastive(seen, said, scale)
            loss = loss + NAMES_WEIGHT * symmetric_contrastive(rows, named, name_scale)
            teacher = known["known_teacher"][indices]
            return loss + TEACHER_WEIGHT * soft_classification(seen, named, name_scale, teacher)

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """Every picture `PASSES` times, never twice in a batch."""
        random, size = np.random.default_rng((seed, epoch)), min(BATCH, len(labels))
        for _ in range(PASSES):
            order = random.permutation(len(labels))
            for start in range(0, len(order) - size + 1, size):
                yield order[start : start + size]


def train(
    root: Path,
    name: str,
    runs: Path,
    folder: Path,
    command: str,
    tell: Callable[[str], None],
    progress: Progress = quiet,
    schedule: Schedule = SCHEDULE,
    seed: int = 0,
    precision: str = "no",
    cpu: bool = False,
) -> Path | None:
    """Embed, train, calibrate on CIFAR-FS's validation classes, write the checkpoint.

    Args:
        root: holds `flickr8k` and `cifar100`.
        runs: state, history, curve and the towers' features go into a folder of it that is called like the checkpoint.

    Returns:
        The checkpoint's folder; None in a process that does not lead.

    Raises:
        UserError: `data_missing`, `weights_missing`, `weights_differ`; what reading a picture raises.
    """
    data, objects = flickr8k.read(root), cifar_fs.read(root)
    networks = Networks(FeatureCache(map_bytes=1))
    training, validation = (
        features(networks, part, runs / name / f"{split}.safetensors", progress)
        for split, part in (("train", data.train), ("validation", data.validation))
    )
    mean, spread = training.statistics()
    training, validation = training.scaled(mean, spread), validation.scaled(mean, spread)
    torch.manual_seed(seed)
    arrays = Arrays(training.pictures, np.arange(len(training.pictures)), (), np.zeros((0, 3), int))
    count = len(validation.pictures)
    some = replace(training, pictures=training.pictures[:count], captions=training.captions[:count])
    setting = {
        "dimension": DIMENSION,
        "hidden": HIDDEN,
        "dropout": DROPOUT,
        "names": NAMES_WEIGHT,
        "teacher": TEACHER_WEIGHT,
    }
    loop = Training(
        Objective(training),
        arrays,
        lambda module: (figure(module, some), figure(module, validation)),
        schedule,
        lambda pictures: pictures,
        setting,
        runs / name,
        seed,
        precision,
        cpu,
    )
    best = loop.run(tell)
    if not loop.leads:
        return None
    heads = folded({key: value.float().numpy() for key, value in best.items()}, mean, spread)
    card: dict[str, Any] = {
        "method": METHOD,
        "architecture": "heads on EfficientNet-Lite0, EfficientNet-Lite2 and all-MiniLM-L6-v2: pictures 1,998 to"
        f" {DIMENSION}, texts 768 to {DIMENSION} beside 768 to {HIDDEN} to {DIMENSION}",
        "data": "flickr8k, ImageNet's class names and definitions",
        "split": "Flickr8k's 6,000 training and 1,000 validation pictures; its 1,000 test pictures are not read",
        "pictures": {"train": len(training.pictures), "validation": len(validation.pictures)},
        "seed": seed,
        "command": command,
        "recipe": {**setting, "batch": BATCH, "passes": PASSES, "schedule": asdict(schedule)},
        "preprocessing": f"{networks.pictures.preprocessing}; {networks.whole_pictures.preprocessing}",
        "figures": {
            "validation": {
                "what": "text to image, recall at 1, heads alone",
                "accuracy": loop.history.best,
                "epoch": loop.history.best_epoch + 1,
            }
        },
        "training_seconds": round(loop.history.seconds, 1),
        "machine": f"{loop.accelerator.device.type}, {torch.get_num_threads()} threads, precision {precision}",
        "pretraining": "EfficientNet-Lite0 and Lite2 trained on ImageNet, MiniLM on sentence pairs, all frozen",
    }
    blank = {"temperature": np.ones(6, np.float32), "none_below": np.zeros(6, np.float32)}
    checkpoints.save(name, {**heads, **blank}, card, folder)
    tell("calibrating on CIFAR-FS's validation classes")
    defaults, chosen = calibrated(networks, objects.validation.classes, progress)
    card["figures"]["calibration"] = chosen
    return checkpoints.save(name, {**heads, **defaults}, card, folder)


@torch.inference_mode()
def figure(module: Any, data: Features) -> float:
    """Share of captions whose picture comes first among all pictures."""
    module.eval()
    pictures = module.pictures(torch.from_numpy(data.pictures))
    texts = module.texts(torch.from_numpy(data.captions).flatten(0, 1))
    return recall(texts.numpy(), pictures.numpy(), data.captions.shape[1], (1,))[0].mean


def folded(state: dict[str, np.ndarray], mean: np.ndarray, spread: np.ndarray) -> dict[str, np.ndarray]:
    """The heads as they are shipped, float16: scaling of their inputs is part of their first layers.

    Args:
        mean, spread: of the towers' channels, those of pictures before those of texts.
    """
    channels = state["pictures.linear.weight"].shape[1]
    scales = {"pictures": (mean[:channels], spread[:channels]), "texts": (mean[channels:], spread[channels:])}
    layers = {
        "pictures": ("pictures.linear", "pictures"),
        "texts": ("texts.linear", "texts"),
        "texts.hidden": ("texts.hidden.0", "texts"),
        "texts.out": ("texts.hidden.3", None),
    }
    arrays = {}
    for name, (layer, inputs) in layers.items():
        weight, bias = state[f"{layer}.weight"], state[f"{layer}.bias"]
        if inputs is not None:
            centre, width = scales[inputs]
            weight = weight / width
            bias = bias - weight @ centre
        arrays[f"{name}.weight"], arrays[f"{name}.bias"] = weight.astype(np.float16), bias.astype(np.float16)
    return arrays
