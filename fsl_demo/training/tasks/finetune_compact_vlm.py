"""Fine-tunes the built-in vision-language model on pictures and the names of their classes, on cached features."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch

from fsl_demo.checkpoints import Checkpoint
from fsl_demo.core.episodes import ClassSpec, Progress
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import Part
from fsl_demo.inference.compact_space import HEAD, NAMES, CompactSpace
from fsl_demo.inference.glossary import definitions
from fsl_demo.inference.prompts import balanced, default_templates
from fsl_demo.inference.vision_language import sentences
from fsl_demo.training.collected import FineTuning, dataset, labelled
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import tuned_names as objective
from fsl_demo.training.objectives.tuned_names import TunedNamesObjective
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared
from fsl_demo.training.validation import NAMED_WAY, named_accuracy

SCHEDULE = Schedule(epochs=15, rate=3e-3, decay=0.0, patience=5)
SETTING = {"rank": objective.RANK, "pull": objective.PULL, "size": objective.SIZE, "steps": objective.STEPS}
HEADS = ("pictures.weight", "pictures.bias")


@dataclass(frozen=True)
class FinetuneCompactVlm(FineTuning):
    """Learns a change of the head for pictures, towards the names of the classes."""

    def prepare(self, config: Config, progress: Progress) -> Prepared[TunedNamesObjective]:
        """Embed pictures and class names.

        Raises:
            UserError: `collection_small`; `finetune_names` where fewer than two names are in a script that the model
                reads; what is wrong with a picture or with the checkpoint.
        """
        data = dataset(self.collection)
        space = CompactSpace(self.networks, NAMES, checkpoint=self.start)
        texts = named(space, list(data.train.classes), progress)
        training, validation = (
            compared(space, part, texts=texts, progress=progress) for part in (data.train, data.validation)
        )
        torch.manual_seed(config.seed)
        setup = Setup(
            objective=TunedNamesObjective(np.stack([text[:HEAD] * space.roots[0] for text in texts.values()])),
            data=training,
            schedule=config.changed(SCHEDULE),
            validate=lambda module: Figures(named_accuracy(module, training), named_accuracy(module, validation)),
            augment=lambda batch: batch,
            setting=SETTING,
        )

        def export(trained: Trained[TunedNamesObjective]) -> Export:
            module = trained.loop.module.cpu().eval()
            module.load_state_dict(trained.loop.best)
            return Export(changed(self.start, module), self._facts(trained, validation))

        return Prepared(setup, export)

    def _facts(self, trained: Trained[TunedNamesObjective], validation: Arrays) -> Facts:
        return Facts(
            architecture=str(self.start.card.architecture),
            more=self.origin(),
            data=str(self.collection),
            split=dataset(self.collection).protocol,
            pictures={"train": len(trained.loop.setup.data.labels), "validation": len(validation.labels)},
            recipe={**SETTING, "schedule": asdict(trained.loop.setup.schedule)},
            preprocessing=self.start.card.preprocessing or "",
            validation={
                "what": f"at most {NAMED_WAY}-way accuracy by class names alone",
                **trained.at_best("accuracy"),
            },
            pretraining=self.start.home.name,
        )


def named(space: CompactSpace, names: list[str], progress: Progress) -> dict[str, np.ndarray]:
    """The vectors of those class names that the space reads.

    Raises:
        UserError: `finetune_names`.
    """
    ensembles = {}
    for name in names:
        groups = sentences(space, spec=ClassSpec(name), prompt_lines=default_templates(), define=definitions)
        if any(groups):
            ensembles[name] = balanced(*groups)
    if len(ensembles) < 2:
        raise UserError("finetune_names", method=CompactSpace.title)
    return dict(zip(ensembles, space.texts(list(ensembles.values()), progress), strict=True))


def compared(space: CompactSpace, part: Part, texts: dict[str, np.ndarray], progress: Progress) -> Arrays:
    """Pictures of the named classes: what the head makes of each before it is brought to length 1, and its product
    with the rest of each text, float32 [N, HEAD + C]."""
    read = Part({name: items for name, items in part.classes.items() if name in texts})
    pictures, owners = labelled(read)
    order = list(texts)
    features = space.towers.embed(pictures, progress)
    values = features @ space.heads["pictures.weight"].T + space.heads["pictures.bias"]
    others = space.embed(pictures, progress)[:, HEAD:] @ np.stack(list(texts.values()))[:, HEAD:].T
    return Arrays(
        images=np.concatenate([values, others], axis=1).astype(np.float32),
        labels=np.array([order.index(name) for name in read.classes])[owners],
        names=tuple(order),
        pairs=np.zeros((0, 3), int),
    )


def changed(start: Checkpoint, module: TunedNamesObjective) -> dict[str, np.ndarray]:
    """The weights of the start with the change behind the head for pictures."""
    change = module.change.change().detach().double().numpy()
    matrix = np.eye(len(change)) + change
    heads = {name: (matrix @ start.arrays[name].astype(np.float64)).astype(np.float16) for name in HEADS}
    return {**start.arrays, **heads}


TASK = FinetuneCompactVlm
