"""Flickr8k's test pictures and captions: search by sentence, and what captioners say."""

from __future__ import annotations

import argparse
from typing import Any

from fsl_demo.cli.evaluate.episodes import MAP_BYTES
from fsl_demo.cli.evaluate.output import Output
from fsl_demo.core.capabilities import SearchesText
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import flickr8k
from fsl_demo.evaluation.captions import measure, word_maps
from fsl_demo.evaluation.doubt import doubt
from fsl_demo.evaluation.matching import matching
from fsl_demo.evaluation.retrieval import retrieval
from fsl_demo.methods.two_stream import TwoStream
from fsl_demo.services import reading
from fsl_demo.services.search import spaces

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
    """How near captions are to what people said, what they owe to the pictures, and what doubt is worth."""
    registry, progress = reading.registry(chosen.workspace, MAP_BYTES), output.terminal.progress
    data, output.about["split"] = flickr8k.read(chosen.root).test, SPLIT
    able = [registry.captioner(name) for name in chosen.captioners]
    for captioner, measured in zip(able, measure(able, data, progress), strict=True):
        results: list[Any] = [measured, doubt(captioner, measured.captions, progress)]
        if chosen.heat_maps:
            pictures = [ingest(file) for file in data.files[: chosen.heat_maps]]
            described = measured.captions[: chosen.heat_maps]
            results.append(word_maps(captioner=captioner, pictures=pictures, captions=described, progress=progress))
        for result in results:
            output.say(result.markdown(), end="\n\n")
            output.add(result.as_dict())
