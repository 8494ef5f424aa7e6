"""Trains the small language model on Flickr8k's training captions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import torch

from fsl_demo.backbones.language_model import CHECKPOINT, plain
from fsl_demo.core.episodes import Progress
from fsl_demo.datasets import flickr8k
from fsl_demo.datasets.made_up_names import made_up_names
from fsl_demo.training.captioned import OnOneDataSet
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import language_model as objective
from fsl_demo.training.objectives.language_model import LanguageModelObjective, likelihood, longer_words, tokenizer
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared

ARCHITECTURE = {"vocabulary": objective.VOCABULARY, "width": 192, "layers": 4, "heads": 6, "hidden": 512}
SCHEDULE = Schedule(epochs=9, rate=2e-3, decay=0.1, warm_up=0.05)
NAMES = 5_000
"""Made-up names of pictures."""
SAMPLE = 1_000
"""Training pictures on whose captions the training figure is measured."""


@dataclass(frozen=True)
class LanguageModelTask(OnOneDataSet):
    """Learns from the captions alone; no picture is read."""

    methods: ClassVar = ("language-model",)
    checkpoint: ClassVar = CHECKPOINT

    def prepare(self, config: Config, progress: Progress) -> Prepared[LanguageModelObjective]:
        """Learn the vocabulary, encode the captions.

        Raises:
            UserError: `data_missing`.
        """
        data = flickr8k.read(self.root)
        tokens = tokenizer([text for captions in data.train.captions for text in captions])

        def encoded(text: str) -> list[int]:
            ids: list[int] = tokens.encode(" " + plain(text)).ids
            return ids

        training, validation = (
            [[encoded(text) for text in captions] for captions in part.captions]
            for part in (data.train, data.validation)
        )
        names, stem = [encoded(name) for name in made_up_names(NAMES, config.seed)], encoded("this is a")
        keywords = [[encoded(word) for word in longer_words(captions)] for captions in data.train.captions]
        torch.manual_seed(config.seed)
        setup = Setup(
            objective=LanguageModelObjective(
                ARCHITECTURE, captions=training, keywords=keywords, names=names, stem=stem
            ),
            data=Arrays.numbered(np.arange(len(training))),
            schedule=config.changed(SCHEDULE),
            validate=lambda module: Figures(likelihood(module, training[:SAMPLE]), likelihood(module, validation)),
            augment=lambda pictures: pictures,
            setting={**ARCHITECTURE, "dropout": objective.DROPOUT},
        )

        def export(trained: Trained[LanguageModelObjective]) -> Export:
            arrays = {name: value.half().numpy() for name, value in trained.loop.best.items()}
            arrays["tokenizer"] = np.frombuffer(tokens.to_str().encode(), np.uint8)
            return Export(arrays, _facts(trained))

        return Prepared(setup, export)


def _facts(trained: Trained[LanguageModelObjective]) -> Facts:
    return Facts(
        architecture=ARCHITECTURE,
        data="flickr8k, captions alone",
        split="captions of Flickr8k's 6,000 training pictures; those of its 1,000 validation pictures choose the"
        " epoch, those of its test pictures are not read",
        recipe={
            "batch": objective.BATCH,
            "dropout": objective.DROPOUT,
            "names": NAMES,
            "schedule": asdict(trained.loop.setup.schedule),
        },
        preprocessing="lower-case words without punctuation, byte-pair encoding",
        validation={
            "what": "probability of a token of a first caption, geometric mean",
            "perplexity": 1 / trained.loop.history.best,
            **trained.at_best("probability"),
        },
        pretraining="none",
    )


TASK = LanguageModelTask
