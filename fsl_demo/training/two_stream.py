"""Trains the two-stream model on Flickr8k, on frozen towers, and calibrates it on CIFAR-FS's validation classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fsl_demo import checkpoints
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import ClassSpec, Progress, quiet
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import cifar_fs, flickr8k
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.datasets.parts import Item, opened
from fsl_demo.evaluation import matching
from fsl_demo.inference.compact_space import CompactSpace, of_sentences
from fsl_demo.layers import two_stream as network
from fsl_demo.layers.two_stream import GRID
from fsl_demo.methods.two_stream.method import TwoStream, TwoStreamSettings
from fsl_demo.methods.two_stream.model import TwoStreamModel, blended
from fsl_demo.training import two_stream_objective as objective
from fsl_demo.training.caption_features import Features, features
from fsl_demo.training.captioned_maps import maps
from fsl_demo.training.data import Arrays
from fsl_demo.training.loop import Schedule, Training
from fsl_demo.training.two_stream_objective import Objective, Texts
from fsl_demo.training.vlm_calibration import Answers

METHOD = "two-stream"
NEAR, GATHER = 50, 100
"""Pictures that hard ones are drawn from; texts, or pictures, that are encoded at once."""
EVERY, SOME = 10, 50
"""While it learns, one in so many captions of validation pictures is searched with, and of training pictures."""
WORDS = 100
"""Validation pictures in whose captions words are masked, for the card."""
WAY, EACH, EPISODES = 5, 10, 200
"""What is calibrated on: classes an episode, pictures a class, and how many episodes."""
SCHEDULE = Schedule(epochs=14, rate=1e-3, decay=0.05, warm_up=0.1, patience=7)


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
    """Embed, train, choose the blend on Flickr8k's validation pictures, calibrate, write the checkpoint.

    The last weights are kept: what few captions say of an epoch is decided by chance more than by the epoch.

    Args:
        root: holds `flickr8k` and `cifar100`.
        runs: state, history and curve go into a folder of it that is called like the checkpoint; what the towers make
            of pictures and captions is shared with `compact_vlm` and `captions` there.

    Returns:
        The checkpoint's folder; None in a process that does not lead.

    Raises:
        UserError: `data_missing`, `weights_missing`, `weights_differ`; what reading a picture raises.
    """
    data, objects = flickr8k.read(root), cifar_fs.read(root)
    networks = Networks(FeatureCache(map_bytes=1))
    space, parts = of_sentences(networks), {"train": data.train, "validation": data.validation}
    known = {
        split: features(networks, part, runs / "compact_vlm" / f"{split}.safetensors", progress)
        for split, part in parts.items()
    }
    positions = {
        split: maps(networks, part.files, runs / "captions" / f"{split}.npy", progress) for split, part in parts.items()
    }
    searched, some = (
        Searched.read(space, networks.texts, parts[split], known[split], positions[split], len(data.validation.files))
        for split in ("validation", "train")
    )
    texts = Texts.read(networks.texts, data.train.captions)
    torch.manual_seed(seed)
    module: Any = Objective(networks.texts, texts, known["train"], confused(space, known["train"]))
    setting = {
        "channels": network.CHANNELS,
        "layers": network.LAYERS,
        "heads": network.HEADS,
        "dropout": network.DROPOUT,
        "group": objective.GROUP,
        "hard": objective.HARD,
        "near": NEAR,
        "batch": objective.BATCH,
        "masked": objective.MASKED,
        "blank": objective.BLANK,
        "aligned": objective.ALIGNED,
        "words": objective.WORDS_WEIGHT,
    }
    loop = Training(
        module,
        Arrays(positions["train"], np.arange(len(positions["train"])), (), np.zeros((0, 3), int)),
        lambda module: (some.blend(module, SOME)[1]["accuracy"], searched.blend(module, EVERY)[1]["accuracy"]),
        schedule,
        lambda pictures: pictures[:, : GRID**2].float(),
        setting,
        runs / name,
        seed,
        precision,
        cpu,
    )
    loop.run(tell)
    if not loop.leads:
        return None
    tell("choosing the blend on Flickr8k's validation pictures")
    with loop.accelerator.autocast():
        weight, figures = searched.blend(loop.module)
    figures["epoch"] = len(loop.history.rows)
    arrays: dict[str, np.ndarray] = {
        name: value.numpy(force=True).astype(np.float16)
        for name, value in loop.module.state_dict().items()
        if name.startswith("model.")
    } | {
        "vocabulary": module.vocabulary.cpu().numpy().astype(np.int32),
        "blend": np.array([weight], np.float32),
        "temperature": np.array([1, 0], np.float32),
        "none_below": np.zeros(1, np.float32),
    }
    card: dict[str, Any] = {
        "method": METHOD,
        "architecture": f"{network.LAYERS} layer of co-attention of {network.HEADS} heads, {network.CHANNELS} channels,"
        " between the 9 x 9 positions of EfficientNet-Lite2 and the tokens of all-MiniLM-L6-v2",
        "data": "flickr8k",
        "split": "Flickr8k's 6,000 training and 1,000 validation pictures; its 1,000 test pictures are not read",
        "pictures": {split: len(part.files) for split, part in parts.items()},
        "seed": seed,
        "command": command,
        "recipe": {**setting, "schedule": asdict(schedule)},
        "preprocessing": networks.whole_pictures.preprocessing,
        "figures": {"validation": figures},
        "training_seconds": round(loop.history.seconds, 1),
        "machine": f"{loop.accelerator.device.type}, {torch.get_num_threads()} threads, precision {precision}",
        "pretraining": "EfficientNet-Lite2 trained on ImageNet, MiniLM on sentence pairs, both frozen",
    }
    checkpoints.save(name, arrays, card, folder)
    tell("masked words of Flickr8k's validation pictures, and calibration on CIFAR-FS's validation classes")
    method = TwoStream(networks)
    method.matcher = TwoStreamModel(networks, name, folder)
    few = Captioned(data.validation.files[:WORDS], data.validation.captions[:WORDS])
    pictures = [ingest(file) for file in few.files]
    figures["words"] = matching.masked_words(method.matcher, pictures, few, progress).as_dict()
    return checkpoints.save(name, arrays | calibrated(method, objects.validation.classes, progress), card, folder)


@dataclass(frozen=True)
class Searched:
    """Captions of a part, and where the built-in model looks for their pictures.

    Attributes:
        positions: of the pictures, float16 [N, 130, 999].
        texts: their captions, N * 5.
        similarities, candidates: of each caption to the first pictures, and which ones these are, [N * 5, TOP].
    """

    positions: np.ndarray
    texts: Texts
    similarities: np.ndarray
    candidates: np.ndarray

    @classmethod
    def read(
        cls,
        space: CompactSpace,
        minilm: MiniLM,
        data: Captioned,
        known: Features,
        positions: np.ndarray,
        count: int,
    ) -> Searched:
        """The first `count` pictures, from what the towers make of the part; see `features` and `maps`."""
        captions = space.project_texts(known.captions[:count].reshape(-1, known.captions.shape[2]))
        similarities = captions @ space.project(known.pictures[:count]).T
        candidates = matching.first(similarities)
        likeness = np.take_along_axis(similarities, candidates, axis=1)
        return cls(positions[:count], Texts.read(minilm, data.captions[:count]), likeness, candidates)

    @torch.inference_mode()
    def matches(self, module: Any, every: int = 1) -> np.ndarray:
        """How well the model says every so many captions match their candidates, [M, TOP]."""
        module.eval()
        device = module.vocabulary.device
        tokens, real = (one.flatten(0, 1)[::every].to(device) for one in (self.texts.tokens, self.texts.real))
        pictures = torch.cat(
            [
                module.model.pictures(torch.from_numpy(np.array(some[:, : GRID**2], np.float32)).to(device))
                for some in np.split(self.positions, range(GATHER, len(self.positions), GATHER))
            ]
        )
        found = []
        for start in range(0, len(tokens), GATHER):
            some = slice(start, start + GATHER)
            vectors = module.model.texts(module.vectors(tokens[some], real[some]))
            candidates = torch.from_numpy(self.candidates[::every][some]).to(device)
            found.append(module.model.matches(pictures, vectors, real[some], candidates))
        return torch.cat(found).cpu().numpy()

    def blend(self, module: Any, every: int = 1) -> tuple[float, dict[str, Any]]:
        """The best weight for every so many captions, and how many of them find their picture first without and with
        it."""
        each = self.texts.tokens.shape[1]
        likeness, candidates = self.similarities[::every], self.candidates[::every]
        own, matches = np.arange(len(self.similarities))[::every] // each, self.matches(module, every)
        weight = matching.best_weight(likeness, matches, candidates, own)
        before, after, alone = (
            float(matching.found(blended(likeness, matches, one), candidates, own).mean()) for one in (0, weight, 1)
        )
        what = "text to image, recall at 1, the built-in model's first ten in a new order"
        return weight, {"what": what, "accuracy": after, "built-in order": before, "match alone": alone}


def confused(space: CompactSpace, known: Features) -> np.ndarray:
    """The pictures that the built-in model takes each picture's captions for, but for the own one, [N, NEAR]."""
    pictures, texts = space.project(known.pictures), space.project_texts(known.captions.mean(axis=1))
    similarities = texts @ pictures.T
    np.fill_diagonal(similarities, -np.inf)
    return matching.first(similarities, NEAR)


def calibrated(
    method: TwoStream, classes: Mapping[str, Sequence[Item]], progress: Progress = quiet
) -> dict[str, np.ndarray]:
    """Temperature and threshold of class names, from random choices of five classes and from all of them.

    Args:
        classes: pictures by class name; the first 10 of each are read.
    """
    pictures = [opened(item) for items in classes.values() for item in list(items)[:EACH]]
    truth = np.repeat(np.arange(len(classes)), EACH)
    names = [method.sentences(ClassSpec(name), TwoStreamSettings())[0][0] for name in classes]
    matches, random = method.matcher.match(pictures, names, progress), np.random.default_rng(0)
    drawn = [random.choice(len(classes), WAY, replace=False) for _ in range(EPISODES)]
    some = Answers(
        np.concatenate([matches[np.isin(truth, few)][:, few] for few in drawn]),
        np.concatenate([(truth[np.isin(truth, few), None] == few).argmax(axis=1) for few in drawn]),
    )
    everything = Answers(matches, truth)
    crowding = np.log(some.temperature / everything.temperature) / np.log(len(classes) / WAY)
    return {
        "temperature": np.array([some.temperature, crowding], np.float32),
        "none_below": np.array([some.none_below], np.float32),
    }
