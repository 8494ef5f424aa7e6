"""Fine-tunes a CLIP-style model of open_clip on pictures and the names of their classes.

It learns low-rank changes of both towers. The weights themselves stay as they are; a checkpoint holds the changes, and
names the weights with their hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from fsl_demo.backbones.clip import loading
from fsl_demo.backbones.clip.adapter import AdaptedClip, merge
from fsl_demo.core.episodes import Progress, in_latin_script
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import Part
from fsl_demo.layers import lora
from fsl_demo.training.collected import FineTuning, dataset, labelled
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import adapted_clip as objective
from fsl_demo.training.objectives.adapted_clip import AdaptedClipObjective
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared
from fsl_demo.training.validation import NAMED_WAY, named_accuracy

SCHEDULE = Schedule(epochs=20, rate=2e-4, decay=0.01, patience=5)
PROMPT = "a photo of a {}."
SAMPLE = 200
"""Training pictures on which the training figure is measured, at most."""


@dataclass(frozen=True)
class FinetuneClip(FineTuning):
    """Learns changes of the attention and the linear layers of both towers."""

    def prepare(self, config: Config, progress: Progress) -> Prepared[AdaptedClipObjective]:
        """Load the weights anew, as they are changed, and prepare the pictures as the weights have it.

        Raises:
            UserError: `collection_small`; `finetune_names` where fewer than two names are in a script that the model
                reads; `lora_missing`; what is wrong with the weights, a picture or the checkpoint.
        """
        data, clip = dataset(self.collection), AdaptedClip(self.start)
        names = [name for name in data.train.classes if in_latin_script(name) or not clip.reads_english_only()]
        if len(names) < 2:
            raise UserError("finetune_names", method="CLIP")
        progress("weights", 0, 1)
        parts = loading.load(clip.files, clip.name)
        merge(parts.network, self.start)
        training, validation = (
            _prepared(part, names=names, transform=parts.transform, progress=progress)
            for part in (data.train, data.validation)
        )
        torch.manual_seed(config.seed)
        setting = {"rank": objective.RANK, "alpha": objective.ALPHA, "size": objective.SIZE, "prompt": PROMPT}
        sample = np.random.default_rng(0).permutation(len(training.labels))[:SAMPLE]
        shown = Arrays(
            training.images[sample], labels=training.labels[sample], names=training.names, pairs=training.pairs
        )
        setup = Setup(
            objective=AdaptedClipObjective(parts.network, parts.tokenizer([PROMPT.format(name) for name in names])),
            data=training,
            schedule=config.changed(SCHEDULE),
            validate=lambda module: Figures(named_accuracy(module, shown), named_accuracy(module, validation)),
            augment=_mirrored,
            setting=setting,
        )

        def export(trained: Trained[AdaptedClipObjective]) -> Export:
            module = trained.loop.module
            values = module.named_values(trained.loop.best)
            arrays = lora.changes(module.network, values, rank=objective.RANK, alpha=objective.ALPHA)
            assert self.start.card.base is not None
            facts = Facts(
                architecture=f"low-rank changes of {self.start.card.base.name}",
                more={**self.origin(), "base": self.start.card.base.model_dump()},
                data=data.name,
                split=data.protocol,
                pictures={"train": len(training.labels), "validation": len(validation.labels)},
                recipe={**setting, "schedule": asdict(trained.loop.setup.schedule)},
                preprocessing="that of the weights",
                validation={"what": f"at most {NAMED_WAY}-way accuracy by class names", **trained.at_best("accuracy")},
                pretraining=self.start.card.base.name,
            )
            return Export(together(self.start.arrays, arrays), facts)

        return Prepared(setup, export)


def _prepared(part: Part, names: list[str], transform: object, progress: Progress) -> Arrays:
    """The pictures of the named classes as the network reads them, float16 [N, 3, S, S]."""
    assert callable(transform)
    read = Part({name: items for name, items in part.classes.items() if name in names})
    pictures, owners = labelled(read)
    rows = []
    for done, picture in enumerate(pictures):
        progress("read", done, len(pictures))
        rows.append(transform(picture.image()).numpy().astype(np.float16))
    numbers = np.array([names.index(name) for name in read.classes])
    return Arrays(np.stack(rows), labels=numbers[owners], names=tuple(names), pairs=np.zeros((0, 3), int))


def _mirrored(batch: Tensor) -> Tensor:
    """Each picture as it is or mirrored, at random."""
    turned = torch.rand(len(batch), device=batch.device) < 0.5
    return torch.where(turned[:, None, None, None], batch.flip(3), batch)


def together(before: Mapping[str, np.ndarray], after: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One change in place of two: side by side, their products add up."""
    joined = dict(before)
    for name, array in after.items():
        axis = 0 if name.endswith(".down") else 1
        joined[name] = np.concatenate([before[name], array], axis=axis) if name in before else array
    return joined


TASK = FinetuneClip
