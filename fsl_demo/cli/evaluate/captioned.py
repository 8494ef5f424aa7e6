"""Flickr8k's test captions searched by sentence; and what captioners say of test pictures."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from fsl_demo.cli.evaluate.episodes import MAP_BYTES, named_classes
from fsl_demo.cli.evaluate.output import Output
from fsl_demo.core.capabilities import Captioner, SearchesText
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import flickr8k, voc2007
from fsl_demo.datasets.parts import opened
from fsl_demo.evaluation.captions import measure, word_maps
from fsl_demo.evaluation.doubt import doubt
from fsl_demo.evaluation.matching import matching
from fsl_demo.evaluation.mentions import Chair, Named, chair, naming
from fsl_demo.evaluation.retrieval import retrieval
from fsl_demo.methods.two_stream import TwoStream
from fsl_demo.services import reading
from fsl_demo.services.search import spaces

T = TypeVar("T")
SPLIT = "test pictures of the published split"


def measure_search(chosen: argparse.Namespace, output: Output) -> None:
    """How often the test captions find their pictures, in the spaces of the methods that have one for sentences.

    For methods that match sentences with pictures: how often with the first pictures in their order, and masked words.
    """
    registry, progress = reading.registry(chosen.workspace, MAP_BYTES), output.terminal.progress
    data, output.about["split"] = flickr8k.read(chosen.root).test, SPLIT
    able = {name: method for name, method in registry.methods.items() if isinstance(method, SearchesText | TwoStream)}
    for name in chosen.methods or able:
        method, result = able.get(name), None
        if isinstance(method, SearchesText):
            result = retrieval(name=name, space=method.joint, data=data, progress=progress)
        elif isinstance(method, TwoStream):
            space = next(space for space in spaces(registry).values() if space.id == method.matcher.improves)
            result = matching(name=name, space=space, model=method.matcher, data=data, progress=progress)
        else:
            raise UserError("unknown_method", name=name, known=", ".join(able))
        output.say(result.markdown())
        output.add(result.as_dict())


def measure_captions(chosen: argparse.Namespace, output: Output) -> None:
    """What the captioners say of the data's test pictures."""
    registry = reading.registry(chosen.workspace, MAP_BYTES)
    able = [registry.captioner(name) for name in chosen.captioners]
    if chosen.data == "flickr8k":
        _likeness(able, chosen, output)
        return
    results: Iterable[Named | Chair]
    if chosen.data == "voc2007":
        scenes = spread(voc2007.scenes(chosen.root, "test"), chosen.queries * voc2007.CLASSES)
        output.about["split"] = f"{len(scenes):,} test pictures, split by photographer"
        pictures, there = [ingest(scene.file) for scene in scenes], [scene.classes for scene in scenes]
        results = (
            chair(captioner, pictures=pictures, there=there, progress=output.terminal.progress) for captioner in able
        )
    else:
        classes = named_classes(chosen, output)
        of_class = [(name, item) for name, items in classes.items() for item in items[: chosen.queries or None]]
        pictures, names = [opened(item) for _, item in of_class], [name for name, _ in of_class]
        results = (
            naming(captioner, pictures=pictures, classes=names, progress=output.terminal.progress) for captioner in able
        )
    for result in results:
        output.say(result.markdown())
        output.add(result.as_dict())


def spread(items: Sequence[T], count: int) -> list[T]:
    """So many items, evenly spread; all for 0."""
    step = max(len(items) // count, 1) if count else 1
    return list(items[::step])[: count or None]


def _likeness(able: Sequence[Captioner], chosen: argparse.Namespace, output: Output) -> None:
    """How near captions are to what people said, what they owe to the pictures, and what doubt is worth."""
    progress = output.terminal.progress
    data, output.about["split"] = flickr8k.read(chosen.root).test, SPLIT
    for captioner, measured in zip(able, measure(able, data, progress), strict=True):
        results: list[Any] = [measured, doubt(captioner, measured.captions, progress)]
        if chosen.heat_maps:
            pictures = [ingest(file) for file in data.files[: chosen.heat_maps]]
            described = measured.captions[: chosen.heat_maps]
            results.append(word_maps(captioner=captioner, pictures=pictures, captions=described, progress=progress))
        for result in results:
            output.say(result.markdown(), end="\n\n")
            output.add(result.as_dict())
