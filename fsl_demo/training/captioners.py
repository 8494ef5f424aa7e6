"""Trains a captioner on a frozen language model and frozen towers: the prefix's mapper, or the gated attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fsl_demo import checkpoints
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.captioners import ARCHITECTURES, NETWORKS, PARTS, PICTURE, Captioning
from fsl_demo.backbones.language_model import LanguageModel
from fsl_demo.backbones.networks import Networks
from fsl_demo.captioners.gated import GatedCaptioner
from fsl_demo.captioners.prefix import PrefixCaptioner
from fsl_demo.captioners.trained import Doubt, TrainedCaptioner
from fsl_demo.checkpoints import Source
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import flickr8k
from fsl_demo.training.batches import each_once
from fsl_demo.training.captioned_maps import maps
from fsl_demo.training.data import Arrays
from fsl_demo.training.loop import Schedule, Training

CAPTIONERS: dict[str, type[TrainedCaptioner]] = {"prefix": PrefixCaptioner, "gated": GatedCaptioner}
METHODS = tuple(CAPTIONERS)
SCHEDULE = Schedule(epochs=6, rate=1e-3, decay=0.05, warm_up=0.05)
BATCH = 8
DROPOUT = 0.3
SMOOTHING = 0.1
SAMPLE, GROUP = 300, 100


class Objective(nn.Module):
    """A captioner, and how surprised it is by what people said of pictures.

    Args:
        captions: tokens of each caption of each picture.
    """

    def __init__(self, network: Captioning, captions: Sequence[Sequence[list[int]]]) -> None:
        super().__init__()
        self.network = network
        self._captions = captions

    def forward(self, positions: Tensor, indices: Tensor) -> Tensor:
        """The loss of a token of captions of pictures [N, 130, 999]; some follow another picture and its caption."""
        end, media = self.network.language.end, self.network.media(positions)
        chosen = [self._captions[index] for index in indices.tolist()]
        texts, shown = [], []
        for number, captions in enumerate(chosen):
            alone = torch.randperm(len(captions)).tolist()
            if number % 2:
                other = chosen[number - 1][int(torch.randint(len(chosen[number - 1]), ()))]
                texts.append([PICTURE, end, *other, end, PICTURE, end, *captions[alone.pop()], end])
                shown.append(media[number - 1 : number + 1])
            texts += [[PICTURE, end, *captions[one], end] for one in alone]
            shown += [media[number : number + 1]] * len(alone)
        return self.network.loss(texts, shown, SMOOTHING)

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """Every picture once."""
        return each_once(len(labels), BATCH, seed, epoch)


def train(
    method: str,
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
    language_model: Source | None = None,
) -> Path | None:
    """Embed pictures, train, write the checkpoint.

    Args:
        method: one of `METHODS`.
        root: holds `flickr8k`.
        runs: state, history and curve go into a folder of it that is called like the checkpoint; the pictures' maps
            into its folder `captions`.
        language_model: as of `LanguageModel`; None for the small one.

    Returns:
        The checkpoint's folder; None in a process that does not lead.

    Raises:
        UserError: `data_missing`, `weights_missing`, `weights_differ`; what reading a picture raises.
    """
    data, networks = flickr8k.read(root), Networks(FeatureCache(map_bytes=1))
    language = LanguageModel(language_model) if language_model else LanguageModel()
    training, validation = (
        maps(networks, part.files, runs / "captions" / f"{split}.npy", progress)
        for split, part in (("train", data.train), ("validation", data.validation))
    )
    said, said_of_validation = (
        [[language.encode(text) for text in some] for some in part.captions] for part in (data.train, data.validation)
    )
    torch.manual_seed(seed)
    architecture = {"network": method, **ARCHITECTURES[method]}
    network = NETWORKS[method](language, *statistics(training), dropout=DROPOUT, **ARCHITECTURES[method])
    loop = Training(
        Objective(network, said),
        Arrays(training, np.arange(len(training)), (), np.zeros((0, 3), int)),
        lambda module: (
            likelihood(module.network, training[:SAMPLE], said[:SAMPLE]),
            likelihood(module.network, validation, said_of_validation),
        ),
        schedule,
        mirrored,
        {**architecture, "dropout": DROPOUT, "smoothing": SMOOTHING, "language": language.weights},
        runs / name,
        seed,
        precision,
        cpu,
    )
    best = loop.run(tell)
    if not loop.leads:
        return None
    arrays = {name.removeprefix("network."): value.half().numpy() for name, value in best.items()}
    card = {
        "method": method,
        "architecture": architecture,
        "language_model": {"name": language.name, "sha256": language.weights},
        "data": "flickr8k",
        "split": "Flickr8k's 6,000 training pictures; its 1,000 validation pictures choose the epoch, its 1,000 test"
        " pictures are not read",
        "pictures": {"train": len(training), "validation": len(validation)},
        "seed": seed,
        "command": command,
        "recipe": {"batch": BATCH, "dropout": DROPOUT, "smoothing": SMOOTHING, "schedule": asdict(schedule)},
        "preprocessing": f"{networks.pictures.preprocessing}; {networks.whole_pictures.preprocessing}",
        "figures": {
            "validation": {
                "what": "probability of a token of a caption and of the end before it, geometric mean",
                "probability": loop.history.best,
                "epoch": loop.history.best_epoch + 1,
            }
        },
        "training_seconds": round(loop.history.seconds, 1),
        "machine": f"{loop.accelerator.device.type}, {torch.get_num_threads()} threads, precision {precision}",
        "pretraining": "EfficientNet-Lite0 and Lite2 trained on ImageNet, the language model on captions, all frozen",
    }
    tell("describing validation pictures, to know what fits")
    with TemporaryDirectory() as draft:
        captioner = CAPTIONERS[method](networks, checkpoints.save(name, arrays, card, Path(draft)), language)
        pictures = [ingest(file) for file in data.validation.files]
        fits = np.array([candidates[0].fit for candidates in captioner.describe(pictures, progress)])
        doubt = Doubt.learned(fits, captioner.joint.embed(pictures))
    arrays |= {"doubt_photographs": doubt.photographs, "doubt_below": doubt.below}
    return checkpoints.save(name, arrays, card, folder)


def statistics(positions: np.ndarray) -> tuple[Tensor, Tensor]:
    """Means [2, 999] and spreads [2] of either tower's pooled features: what `Captioning` takes off."""
    pooled = [np.concatenate([some[:, part].mean(1, np.float32) for some in _groups(positions)]) for part in PARTS]
    means = np.stack([some.mean(0) for some in pooled])
    spreads = np.array([(some - mean).std() for some, mean in zip(pooled, means, strict=True)])
    return torch.from_numpy(means.astype(np.float32)), torch.from_numpy(spreads.astype(np.float32))


def mirrored(positions: Tensor) -> Tensor:
    """float32; half of the pictures with left and right exchanged, which the towers hardly mind."""
    turned = torch.cat(
        [
            positions[:, part].unflatten(1, (side, side)).flip(2).flatten(1, 2)
            for part, side in zip(PARTS, (9, 7), strict=True)
        ],
        dim=1,
    )
    return torch.where(torch.rand(len(positions), 1, 1, device=positions.device) < 0.5, turned, positions).float()


@torch.inference_mode()
def likelihood(network: Any, positions: np.ndarray, captions: Sequence[Sequence[list[int]]]) -> float:
    """Geometric mean of the probability of a token of the pictures' captions."""
    network.eval()
    end, losses, counts = network.language.end, [], []
    for start, group in enumerate(_groups(positions)):
        media = network.media(torch.from_numpy(group.astype(np.float32)).to(network.mean.device))
        said = captions[start * GROUP :][: len(group)]
        texts = [[PICTURE, end, *caption, end] for some in said for caption in some]
        shown = [media[number : number + 1] for number, some in enumerate(said) for _ in some]
        counts.append(sum(len(text) - 2 for text in texts))
        losses.append(float(network.loss(texts, shown)) * counts[-1])
    return float(np.exp(-sum(losses) / sum(counts)))


def _groups(positions: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(positions), GROUP):
        yield positions[start : start + GROUP]
