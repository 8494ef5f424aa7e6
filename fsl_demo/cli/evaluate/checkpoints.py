"""Checkpoints on the test part of the data set that they were trained for, or on class folders."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from fsl_demo import datasets
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.cli import options
from fsl_demo.cli.evaluate import episodes
from fsl_demo.cli.evaluate.output import Output
from fsl_demo.core.capabilities import Method
from fsl_demo.datasets.parts import Dataset, Part
from fsl_demo.evaluation import trained
from fsl_demo.evaluation.episodes import Opened
from fsl_demo.evaluation.report import Report
from fsl_demo.evaluation.run import evaluate
from fsl_demo.methods import of_checkpoint
from fsl_demo.services import reading
from fsl_demo.services.registry import build


def measure(chosen: argparse.Namespace, output: Output) -> None:
    """Episodes, pairs to verify, size and speed; with methods named, those beside them on the same episodes."""
    networks = Networks(reading.features(chosen.workspace, episodes.MAP_BYTES))
    names = [options.checkpoint(name) for name in chosen.checkpoints]
    if chosen.by_fold:
        _by_fold(chosen=chosen, names=names, networks=networks, output=output)
        return
    others, settings = reading.compared(build(networks), chosen.methods or [], chosen.settings)
    data, pictures = _read(chosen, output, chosen.fold), Opened()
    output.about["split"] = data.protocol
    methods = [*others, *(of_checkpoint(name, networks) for name in names)]
    verified = trained.verify(checkpoints=names, data=data, networks=networks, progress=output.terminal.progress)
    sizes = [trained.size(name, data, networks) for name in names]
    for shot in chosen.shot:
        classes = trained.test_classes(data, episodes.sampling_of(chosen, shot))
        output.say(f"{data.name}: {data.protocol}.", end="\n\n")
        evaluation = episodes.evaluation_of(chosen=chosen, classes=classes, shot=shot, pictures=pictures)
        report = episodes.rows(evaluation=evaluation, compared=methods, settings=settings, output=output)
        output.say()
        for text in (result.markdown() for results in (verified, sizes) for result in results):
            output.say(text, end="\n\n")
        output.add(
            report.as_dict()
            | {
                "verification": [result.as_dict() for result in verified],
                "size": [result.as_dict() for result in sizes],
            }
        )


def _by_fold(chosen: argparse.Namespace, names: list[Source], networks: Networks, output: Output) -> None:
    """The mean over folds, each tested by the checkpoint that has not seen it."""

    def drawn(methods: list[Method], data: Dataset, *, shot: int) -> Report:
        output.about["split"] = data.protocol
        sampling = episodes.sampling_of(chosen, shot)
        return evaluate(methods, trained.test_classes(data, sampling), sampling, progress=output.terminal.progress)

    for shot in chosen.shot:
        report, verification = trained.by_fold(
            checkpoints=names,
            read=partial(_read, chosen, output),
            networks=networks,
            episodes=partial(drawn, shot=shot),
            progress=output.terminal.progress,
        )
        output.say(f"{report.markdown()}\n\n{verification.markdown()}", end="\n\n")
        output.add(report.as_dict() | {"verification": [verification.as_dict()]})


def _read(chosen: argparse.Namespace, output: Output, fold: int | None) -> Dataset:
    if episodes.is_collection(chosen.data) or (chosen.data not in datasets.DATASETS and Path(chosen.data).exists()):
        classes = episodes.named_classes(chosen, output)
        return Dataset(
            name=chosen.data,
            protocol="all pictures are test pictures",
            train=Part({}),
            validation=Part({}),
            test=Part(classes),
        )
    return datasets.read(chosen.data, chosen.root, fold=fold, download=chosen.download, report=output.terminal.fault)
