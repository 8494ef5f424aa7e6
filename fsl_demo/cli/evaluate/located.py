"""What is where: VOC's objects on test photographs, and Flickr30k Entities' phrases on Flickr8k's test pictures."""

from __future__ import annotations

import argparse

from fsl_demo.backbones.networks import Networks
from fsl_demo.cli.evaluate.output import Output
from fsl_demo.core.capabilities import Grounds, Locates
from fsl_demo.core.errors import UserError
from fsl_demo.core.registry import Registry
from fsl_demo.datasets import flickr8k_entities
from fsl_demo.evaluation import grounding, located
from fsl_demo.evaluation.located import PROPOSALS, Located, Scenes
from fsl_demo.inference.region_space import CHECKPOINT, RegionSpace
from fsl_demo.services import reading

MAP_BYTES = 1
"""Maps are not kept: every picture comes once."""


def measure_objects(chosen: argparse.Namespace, output: Output) -> None:
    """The region network itself, methods and detectors, on all test photographs; differences are to the first."""
    registry, progress = reading.registry(chosen.workspace, MAP_BYTES), output.terminal.progress
    names = chosen.methods or [CHECKPOINT, *_locating(registry)]
    methods, settings = reading.compared(
        registry, [name for name in names if name != CHECKPOINT and name not in registry.detectors], chosen.settings
    )
    scenes = located.scenes(chosen.root, "test", progress=progress)
    output.about["split"] = f"{len(scenes.pictures):,} test pictures, split by photographer"
    of_name, rows = {method.card.id: method for method in methods}, list[Located]()
    for name in names:
        if name == CHECKPOINT:
            row = _network(chosen, scenes, output)
        elif name in registry.detectors:
            row = located.of_detector(registry.detectors[name], scenes, progress)
        else:
            row = located.of_method(of_name[name], settings[name], scenes=scenes, progress=progress)
        rows.append(row.beside(rows[0]) if rows else row)
        output.say(rows[-1].markdown(), end="\n\n")
        output.add(rows[-1].as_dict())


def _network(chosen: argparse.Namespace, scenes: Scenes, output: Output) -> Located:
    space = RegionSpace(Networks(reading.features(chosen.workspace, MAP_BYTES)), most=max(PROPOSALS))
    return located.of_network(CHECKPOINT, space.propose(scenes.pictures, output.terminal.progress), scenes)


def measure_phrases(chosen: argparse.Namespace, output: Output) -> None:
    """Where methods find the phrases of the captions of each test picture."""
    registry, progress = reading.registry(chosen.workspace, MAP_BYTES), output.terminal.progress
    output.about["split"] = "Flickr8k's test pictures"
    able = {name: method for name, method in registry.methods.items() if isinstance(method, Grounds)}
    for name in chosen.methods or able:
        if name not in able:
            raise UserError("unknown_method", name=name, known=", ".join(able))
        figures = grounding.of_method(able[name], flickr8k_entities.photographs(chosen.root, "test"), progress)
        output.say(f"{name}:\n{figures.markdown()}", end="\n\n")
        output.add({"method": name} | figures.as_dict())


def _locating(registry: Registry) -> list[str]:
    return [method.card.id for method in registry.methods.values() if isinstance(method, Locates)]
