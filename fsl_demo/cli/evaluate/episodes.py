"""Methods over random episodes of class folders or of a data set's test part."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fsl_demo import datasets, methods
from fsl_demo.cli.evaluate.output import Output
from fsl_demo.core.capabilities import Method
from fsl_demo.datasets import folders
from fsl_demo.datasets.made_up_names import made_up_names
from fsl_demo.datasets.parts import Classes, large_enough, opened
from fsl_demo.evaluation.episodes import Opened
from fsl_demo.evaluation.heatmaps import Blanking, blanking, shuffled
from fsl_demo.evaluation.report import Report
from fsl_demo.evaluation.results import Results, default_folder
from fsl_demo.evaluation.run import Evaluation
from fsl_demo.evaluation.sampling import Sampling
from fsl_demo.services import reading
from fsl_demo.training.collected import by_class

WORKSPACE = Path("workspace")
MAP_BYTES = 2_000_000_000
"""Memory for the maps of pictures, which come up in episode after episode."""


def measure(chosen: argparse.Namespace, output: Output) -> None:
    """Print a table for each number of shots, a row as soon as it is known; with heat maps, these after it."""
    registry = reading.registry(chosen.workspace, MAP_BYTES)
    classes, pictures = named_classes(chosen, output), Opened()
    names = chosen.methods or methods.proposed(registry.methods, [opened(items[0]) for items in classes.values()])
    compared, settings = reading.compared(registry, names, chosen.settings)
    for shot in chosen.shot:
        able = [method for method in compared if chosen.methods or shot or not method.card.needs_pictures]
        evaluation = evaluation_of(chosen=chosen, classes=classes, shot=shot, pictures=pictures)
        report = rows(evaluation=evaluation, compared=able, settings=settings, output=output)
        output.say()
        maps = []
        for method in able if chosen.heat_maps else ():
            measured, control = _heat_maps(
                method=method,
                classes=classes,
                shot=shot,
                settings=settings[method.card.id],
                chosen=chosen,
                output=output,
            )
            output.say(f"{measured.markdown()}\nShuffled weights: {control.markdown()}", end="\n\n")
            maps.append(measured.as_dict() | {"shuffled_weights": control.as_dict()})
        output.add(report.as_dict() | {"heat_maps": maps})


def rows(evaluation: Evaluation, compared: Sequence[Method], settings: Mapping[str, Any], output: Output) -> Report:
    """Measure methods one after the other, and print the row of each as soon as it is known."""
    output.about["data_sha256"] = evaluation.data
    output.say(evaluation.empty.heading())
    figures = []
    for method in compared:
        row = evaluation.figures(method, settings.get(method.card.id), output.terminal.progress)
        figures.append(row)
        output.say(row.markdown())
    if reused := {name: count for name, count in evaluation.reused.items() if count}:
        names = ", ".join(f"{name} ({count})" for name, count in reused.items())
        output.terminal.note(f"episodes measured before: {names}; --fresh measures again")
    return replace(evaluation.empty, figures=tuple(figures))


def sampling_of(chosen: argparse.Namespace, shot: int) -> Sampling:
    """How episodes are drawn, as the options say."""
    return Sampling(
        way=chosen.way,
        shot=shot,
        queries=chosen.queries,
        episodes=chosen.episodes,
        seed=chosen.seed,
        within=chosen.within,
    )


def evaluation_of(chosen: argparse.Namespace, classes: Classes, shot: int, pictures: Opened) -> Evaluation:
    """Episodes with so many shots, whose results are kept."""
    results = Results(chosen.results or default_folder())
    return Evaluation(classes, sampling_of(chosen, shot), opened=pictures, results=results, fresh=chosen.fresh)


def is_collection(name: str) -> bool:
    """Whether it names a frozen version of a collection, as in pets@2."""
    return "@" in name and not Path(name).exists()


def named_classes(chosen: argparse.Namespace, output: Output) -> Classes:
    """Class folders, or the test part of a collection or data set; by names that nobody knows if that is asked for."""
    if is_collection(chosen.data):
        from fsl_demo import store  # whose packages need not be where class folders and data sets are measured
        from fsl_demo.services.freezing import version

        frozen = version(store.reader(chosen.workspace or WORKSPACE), chosen.data)
        classes: Classes = by_class(frozen.part("test"))
        output.about["split"] = f"test part of the frozen collection {frozen}, SHA-256 {frozen.digest}"
    elif Path(chosen.data).exists() or chosen.data not in datasets.DATASETS:
        classes = folders.labelled(Path(chosen.data), output.terminal.progress, output.terminal.fault)
        output.about["split"] = "all pictures of the folder"
    else:
        data = datasets.read(
            chosen.data, chosen.root, fold=chosen.fold, download=chosen.download, report=output.terminal.fault
        )
        classes = large_enough(data.test.classes, max(chosen.shot) + max(chosen.queries, 1))
        output.about["split"] = data.protocol
    return dict(zip(made_up_names(len(classes), 1), classes.values(), strict=True)) if chosen.made_up_names else classes


def _heat_maps(
    method: Method, classes: Classes, shot: int, settings: Any, chosen: argparse.Namespace, output: Output
) -> tuple[Blanking, Blanking]:
    """The blanking test with a method's heat maps, and with those of the same method on shuffled weights."""
    make: Any = type(method)
    measured, control = (
        blanking(
            method,
            classes,
            queries=chosen.heat_maps,
            shot=shot,
            seed=chosen.seed,
            explainer=explainer,
            progress=output.terminal.progress,
            settings=settings,
        )
        for explainer in (None, make(shuffled()))
    )
    return measured, control
