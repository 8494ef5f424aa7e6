"""Trains a captioner on a frozen language model and frozen towers: the prefix's mapper, or the gated attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.captioners import ARCHITECTURES, NETWORKS
from fsl_demo.backbones.language_model import LanguageModel, plain
from fsl_demo.backbones.networks import Networks
from fsl_demo.captioners.doubt import Doubt
from fsl_demo.captioners.gated import GatedCaptioner
from fsl_demo.captioners.prefix import PrefixCaptioner
from fsl_demo.captioners.trained import TrainedCaptioner
from fsl_demo.core.episodes import Progress
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import flickr8k
from fsl_demo.inference.compact_space import of_sentences
from fsl_demo.inference.hypernyms import mentions
from fsl_demo.training.captioned import OnOneDataSet
from fsl_demo.training.captioned_maps import maps
from fsl_demo.training.config import Config
from fsl_demo.training.consensus import Consensus
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import captioner as objective
from fsl_demo.training.objectives.captioner import CaptioningObjective, agreement, statistics
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared

CAPTIONERS: dict[str, type[TrainedCaptioner]] = {"prefix": PrefixCaptioner, "gated": GatedCaptioner}
SCHEDULE = Schedule(epochs=24, rate=2e-3, decay=0.05, warm_up=0.03, turn=0.4, after=0.05)
"""The turn is where its own sentences begin to be praised."""
DROPOUT = 0.3
SAMPLE = 300
"""Training pictures on which the training figure is measured."""


@dataclass(frozen=True)
class CaptionerTask(OnOneDataSet):
    """Learns to say what people said of Flickr8k's pictures."""

    methods: ClassVar = tuple(CAPTIONERS)
    takes: ClassVar = frozenset({"language_model"})

    @property
    def checkpoint(self) -> str:
        return CAPTIONERS[self.method].shipped

    def prepare(self, config: Config, progress: Progress) -> Prepared[CaptioningObjective]:
        """Embed the pictures; their maps go into the folder `captions` of `config.runs`.

        Raises:
            UserError: `data_missing`, `weights_missing`, `weights_differ`; what reading a picture raises.
        """
        data, networks = flickr8k.read(self.root), Networks(FeatureCache(map_bytes=1))
        language = LanguageModel(config.language_model) if config.language_model else LanguageModel()
        training, validation = (
            maps(networks, files=part.files, file=config.runs / "captions" / f"{split}.npy", progress=progress)
            for split, part in (("train", data.train), ("validation", data.validation))
        )
        captions, validation_captions = (
            [[language.encode(text) for text in texts] for texts in part.captions]
            for part in (data.train, data.validation)
        )
        schedule, begins = config.changed(SCHEDULE), torch.tensor(language.begins_word())
        nouns = [language.encode(word) for word in _nouns(data.train.captions)]
        consensus = Consensus(captions, begins, language.end, nouns=nouns)
        others = Consensus(validation_captions, begins, language.end, known=consensus)
        torch.manual_seed(config.seed)
        network = NETWORKS[self.method](language, *statistics(training), dropout=DROPOUT, **ARCHITECTURES[self.method])
        setup = Setup(
            objective=CaptioningObjective(
                network,
                positions=training,
                captions=captions,
                consensus=consensus,
                critical_from=-int(-schedule.turn * schedule.epochs // 1),
            ),
            data=Arrays.numbered(np.arange(len(training))),
            schedule=schedule,
            validate=lambda module: Figures(
                agreement(module.network, torch.from_numpy(training[:SAMPLE]), consensus),
                agreement(module.network, torch.from_numpy(validation), others),
            ),
            augment=lambda numbers: numbers,
            setting={**self._architecture, **_recipe(), "language": language.weights},
        )

        def export(trained: Trained[CaptioningObjective]) -> Export:
            arrays = {name.removeprefix("network."): value.half().numpy() for name, value in trained.loop.best.items()}
            facts = self._facts(trained, language=language, networks=networks, validation=len(validation))
            return self._with_doubt(
                trained,
                export=Export(arrays, facts),
                networks=networks,
                language=language,
                files=data.validation.files,
            )

        return Prepared(setup, export)

    @property
    def _architecture(self) -> dict[str, object]:
        return {"network": self.method, **ARCHITECTURES[self.method]}

    def _facts(
        self, trained: Trained[CaptioningObjective], language: LanguageModel, networks: Networks, validation: int
    ) -> Facts:
        return Facts(
            architecture=self._architecture,
            more={"language_model": {"name": language.name, "sha256": language.weights}},
            data="flickr8k",
            split="Flickr8k's 6,000 training pictures; its 1,000 validation pictures choose the epoch, its 1,000 test"
            " pictures are not read",
            pictures={"train": len(trained.loop.setup.data.labels), "validation": validation},
            recipe={**_recipe(), "schedule": asdict(trained.loop.setup.schedule)},
            preprocessing=f"{networks.pictures.preprocessing}; {networks.whole_pictures.preprocessing}",
            validation={
                "what": "CIDEr-D of the likeliest words, n-grams as rare as in the training captions",
                **trained.at_best("cider"),
            },
            pretraining="EfficientNet-Lite0 and Lite2 trained on ImageNet, the language model on captions, all frozen",
        )

    def _with_doubt(
        self,
        trained: Trained[CaptioningObjective],
        export: Export,
        networks: Networks,
        language: LanguageModel,
        files: Sequence[Path],
    ) -> Export:
        """With what captions of photographs are like, from those of the validation pictures."""
        trained.reporter.note("describing validation pictures, to know what fits")
        pictures, progress = [ingest(file) for file in files], trained.reporter.progress
        vectors = of_sentences(networks)().embed(pictures, progress)
        mean = {"doubt_photographs": vectors.mean(axis=0).astype(np.float32)}
        with trained.draft(replace(export, arrays={**export.arrays, **mean})) as folder:
            described = CAPTIONERS[self.method](networks, folder, language).describe(pictures, progress)
        doubt = Doubt.learned(np.array([candidates[0].fit for candidates in described]), vectors)
        added = {"doubt_photographs": doubt.photographs, "doubt_below": doubt.below}
        return replace(export, arrays={**export.arrays, **added})


def _recipe() -> dict[str, float]:
    """Constants of the objective."""
    return {
        "batch": objective.BATCH,
        "critical_batch": objective.CRITICAL_BATCH,
        "dropout": DROPOUT,
        "samples": objective.SAMPLES,
        "longest": objective.LONGEST,
        "unsaid": objective.UNSAID,
    }


def _nouns(captions: Sequence[Sequence[str]]) -> list[str]:
    """Words of captions that stand for a thing, or for people or animals."""
    words = {word for texts in captions for text in texts for word in plain(text).split()}
    return sorted(word for word in words if mentions(word))


TASK = CaptionerTask
