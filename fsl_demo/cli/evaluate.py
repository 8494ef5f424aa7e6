"""`evaluate`: how often the methods are right, and whether their confidence and heat maps mean what they say."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsl_demo.cli import options, reporting
from fsl_demo.core.capabilities import SearchesText
from fsl_demo.core.errors import UserError
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.core.capabilities import Method
    from fsl_demo.core.registry import Registry
    from fsl_demo.core.settings import Settings
    from fsl_demo.datasets.parts import Classes
    from fsl_demo.evaluation.heatmaps import Blanking
    from fsl_demo.evaluation.run import Report

DETAILS = """\
Draws random episodes from class folders, the same ones for every method, and prints accuracy with its 95 % interval,
the difference to the first method (paired by episode; by query for a single episode), the expected calibration error
(ECE) and how many queries were marked unlike the examples. With --leave-one-out, every picture is classified by all the
others instead: that is how good a support set is.

With checkpoints, those are measured: on the test part where --data names a data set, which also gives pairs to verify.
With `--data flickr8k`, its test captions are looked for among its test pictures instead; two-stream puts the first
ten in a new order, and guesses masked words with and without the picture. With --captioners, these describe its test
pictures.
With --by-fold each checkpoint is tested on the fold that its card names, and the mean is printed.
"""
EXAMPLES = """\
evaluate --data pets/ --way 5 --shot 1,5
evaluate --data pets/ --way 0 --shot 5 --queries 0 --episodes 1 --format json
evaluate --data pets/ --shot 1 --heat-maps 200
evaluate --data pets/ --shot 1 --methods asif,asif:blend=0,asif:blend=1
evaluate --data support/ --leave-one-out
evaluate --data flickr8k --methods compact-vlm,two-stream
evaluate siamese_characters s3net_characters --data omniglot --way 20 --shot 1
evaluate runs/folds/lfw_* --data lfw --by-fold --queries 1
"""
MAP_BYTES = 2_000_000_000
"""Memory for the maps of pictures, which come up in episode after episode."""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(verbs, "evaluate", "Measure the methods on labelled pictures.", DETAILS, EXAMPLES)
    parser.add_argument(
        "checkpoints", nargs="*", metavar="CHECKPOINT", help="measure these: names of checkpoints, or their folders"
    )
    options.add_data(parser)
    parser.add_argument(
        "--captioners",
        type=lambda text: text.split(","),
        metavar="A,B",
        help="with flickr8k: what these say of its test pictures",
    )
    parser.add_argument("--made-up-names", action="store_true", help="call the classes by words that nobody knows")
    parser.add_argument("--within", action="store_true", help="classes of one group an episode (omniglot's alphabets)")
    parser.add_argument("--by-fold", action="store_true", help="each checkpoint on the fold of its card; the mean")
    options.add_methods(parser, "asif:blend=0 is asif once more, with that setting")
    options.add_settings(parser)
    parser.add_argument("--way", type=int, default=5, metavar="N", help="classes an episode; 0 takes all (default: 5)")
    parser.add_argument(
        "--shot",
        type=options.numbers,
        default=[1, 5],
        metavar="K,K",
        help="support pictures a class; 0 is zero-shot, from the class names (default: 1,5)",
    )
    parser.add_argument(
        "--queries", type=int, default=15, metavar="N", help="queries a class; 0 takes all that are left (default: 15)"
    )
    parser.add_argument("--episodes", type=options.count, default=600, metavar="N", help="how many (default: 600)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same one draws the same (default: 0)")
    parser.add_argument(
        "--heat-maps",
        type=options.count,
        metavar="N",
        help="also blank what N heat maps mark, and see the similarity fall; the same with shuffled weights",
    )
    parser.add_argument(
        "--leave-one-out", action="store_true", help="classify every picture by all the others; draw no episodes"
    )
    options.add_format(parser, "table", "json")
    options.add_cache(parser)
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    if chosen.checkpoints:
        return _checkpoints(chosen)
    registry = reading.registry(chosen.workspace, MAP_BYTES if chosen.captioners else None)
    if chosen.data == "flickr8k" and chosen.captioners:
        return _captions(chosen, registry)
    if chosen.data == "flickr8k":
        return _retrieval(chosen, registry)
    methods, settings = reading.compared(registry, chosen.methods or _proposed(registry, chosen), chosen.settings)
    return (_leave_one_out if chosen.leave_one_out else _episodes)(chosen, methods, settings)


def _retrieval(chosen: argparse.Namespace, registry: Registry) -> int:
    """How often the test captions find their pictures, in the spaces of the methods that have one for sentences.

    For methods that match sentences with pictures: how often with the first pictures in their order, and masked words.
    """
    from fsl_demo.datasets import flickr8k
    from fsl_demo.evaluation.matching import matching
    from fsl_demo.evaluation.retrieval import retrieval
    from fsl_demo.methods.two_stream import TwoStream
    from fsl_demo.services.search import spaces

    terminal, data = reporting.Terminal(), flickr8k.read(chosen.root)
    able = {
        method.card.id: method for method in registry.methods.values() if isinstance(method, SearchesText | TwoStream)
    }
    found: list[Any] = []
    for name in chosen.methods or able:
        method = able.get(name)
        if isinstance(method, SearchesText):
            found.append(retrieval(name, method.joint, data.test, terminal.progress))
        elif isinstance(method, TwoStream):
            model = method.matcher
            space = next(space for space in spaces(registry).values() if space.id == model.improves)
            found.append(matching(name, space, model, data.test, terminal.progress))
        else:
            raise UserError("unknown_method", name=name, known=", ".join(able))
    if chosen.format == "json":
        reporting.print_json([one.as_dict() for one in found])
    else:
        print("\n".join(one.markdown() for one in found))
    return 0


def _captions(chosen: argparse.Namespace, registry: Registry) -> int:
    """How near captions are to what people said, what they owe to the pictures, and what doubt is worth."""
    from fsl_demo.core.pictures import ingest
    from fsl_demo.datasets import flickr8k
    from fsl_demo.evaluation.captions import measure, word_maps
    from fsl_demo.evaluation.doubt import doubt

    terminal, data = reporting.Terminal(), flickr8k.read(chosen.root).test
    able = [registry.captioner(name) for name in chosen.captioners]
    found: list[Any] = []
    for captioner, captions in zip(able, measure(able, data, terminal.progress), strict=True):
        found += [captions, doubt(captioner, captions.said, terminal.progress)]
        if chosen.heat_maps:
            pictures = [ingest(file) for file in data.files[: chosen.heat_maps]]
            said = captions.said[: chosen.heat_maps]
            found.append(word_maps(captioner, pictures, said, terminal.progress))
    if chosen.format == "json":
        reporting.print_json([one.as_dict() for one in found])
    else:
        print("\n\n".join(one.markdown() for one in found))
    return 0


def _proposed(registry: Registry, chosen: argparse.Namespace) -> list[str]:
    """The methods for such pictures."""
    from fsl_demo.datasets.parts import opened
    from fsl_demo.methods import proposed

    return proposed(registry.methods, [opened(items[0]) for items in _classes(chosen).values()])


def _episodes(chosen: argparse.Namespace, methods: list[Method], settings: dict[str, Settings]) -> int:
    from fsl_demo.evaluation.run import evaluate

    terminal = reporting.Terminal()
    files = _classes(chosen)
    documents = []
    for shot in chosen.shot:
        able = [method for method in methods if chosen.methods or shot or not method.card.needs_pictures]
        counts = (chosen.way, shot, chosen.queries, chosen.episodes, chosen.seed)
        report = evaluate(able, files, *counts, terminal.progress, settings=settings)
        maps = [
            _heat_maps(method, files, shot, settings[method.card.id], chosen, terminal)
            for method in (able if chosen.heat_maps else ())
        ]
        documents.append(
            report.as_dict()
            | {"heat_maps": [found.as_dict() | {"shuffled_weights": control.as_dict()} for found, control in maps]}
        )
        if chosen.format == "table":
            lines = [f"{found.markdown()}\nShuffled weights: {control.markdown()}" for found, control in maps]
            print("\n\n".join([report.markdown(), *lines]), end="\n\n", flush=True)
    if chosen.format == "json":
        reporting.print_json(documents)
    return 0


def _classes(chosen: argparse.Namespace) -> Classes:
    """The class folders, or the test part of a data set; by names that nobody knows if that is asked for."""
    from fsl_demo.datasets.made_up_names import made_up_names

    classes = _named_classes(chosen)
    return dict(zip(made_up_names(len(classes), 1), classes.values(), strict=True)) if chosen.made_up_names else classes


def _named_classes(chosen: argparse.Namespace) -> Classes:
    from fsl_demo import datasets
    from fsl_demo.datasets.class_folders import class_folders
    from fsl_demo.datasets.parts import large_enough

    if Path(chosen.data).is_dir() or chosen.data not in datasets.DATASETS:
        return class_folders(Path(chosen.data))
    data = datasets.read(chosen.data, chosen.root, chosen.fold, chosen.download)
    return large_enough(data.test.classes, max(chosen.shot) + max(chosen.queries, 1))


def _checkpoints(chosen: argparse.Namespace) -> int:
    """Figures of checkpoints; with methods named, of those beside them on the same episodes."""
    from fsl_demo import datasets
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.datasets.parts import Dataset, Part
    from fsl_demo.evaluation import trained
    from fsl_demo.methods import of_checkpoint
    from fsl_demo.services.registry import build

    terminal, networks = reporting.Terminal(), Networks(reading.features(chosen.workspace, MAP_BYTES))
    names = [options.checkpoint(name) for name in chosen.checkpoints]
    others, settings = reading.compared(build(networks), chosen.methods or [], chosen.settings)
    documents: list[dict[str, Any]] = []

    def read(fold: int | None) -> Dataset:
        if chosen.data not in datasets.DATASETS and Path(chosen.data).is_dir():
            return Dataset(chosen.data, "all pictures are test pictures", Part({}), Part({}), Part(_classes(chosen)))
        return datasets.read(chosen.data, chosen.root, fold, chosen.download)

    def say(document: dict[str, Any], *lines: str) -> None:
        documents.append(document)
        if chosen.format == "table":
            print("\n\n".join(lines), end="\n\n", flush=True)

    def episodes(methods: list[Method], data: Dataset, *, shot: int) -> Report:
        counts = (chosen.way, shot, chosen.queries, chosen.episodes, chosen.seed)
        return trained.run(methods, data, *counts, chosen.within, terminal.progress, settings)

    if chosen.by_fold:
        for shot in chosen.shot:
            drawn = partial(episodes, shot=shot)
            report, verification = trained.by_fold(names, read, networks, drawn, terminal.progress)
            say(
                report.as_dict() | {"verification": [verification.as_dict()]},
                report.markdown(),
                verification.markdown(),
            )
    else:
        data = read(chosen.fold)
        methods = [*others, *(of_checkpoint(name, networks) for name in names)]
        verified = trained.verify(names, data, networks, terminal.progress)
        sizes = [trained.size(name, data, networks) for name in names]
        for shot in chosen.shot:
            report = episodes(methods, data, shot=shot)
            extra: dict[str, list[Any]] = {"verification": verified, "size": sizes}
            say(
                report.as_dict() | {key: [one.as_dict() for one in some] for key, some in extra.items()},
                f"{data.name}: {data.protocol}.",
                report.markdown(),
                *(one.markdown() for some in extra.values() for one in some),
            )
    if chosen.format == "json":
        reporting.print_json(documents)
    return 0


def _heat_maps(
    method: Method,
    files: Classes,
    shot: int,
    settings: Any,
    chosen: argparse.Namespace,
    terminal: reporting.Terminal,
) -> tuple[Blanking, Blanking]:
    """The blanking test with a method's heat maps, and with those of the same method on shuffled weights."""
    from fsl_demo.evaluation.heatmaps import blanking, shuffled

    make: Any = type(method)
    control = make(shuffled())
    found, lost = (
        blanking(method, files, chosen.heat_maps, shot, chosen.seed, explainer, terminal.progress, settings)
        for explainer in (None, control)
    )
    return found, lost


def _leave_one_out(chosen: argparse.Namespace, methods: list[Method], settings: dict[str, Settings]) -> int:
    from fsl_demo.evaluation.leave_one_out import leave_one_out

    terminal = reporting.Terminal()
    episode = reading.task(Path(chosen.data), None, terminal.progress, terminal.fault)
    names = [spec.name for spec in episode.classes]
    documents: list[dict[str, Any]] = []
    for method in methods:
        found = leave_one_out(method, episode, settings[method.card.id], terminal.progress)
        suspects = []
        for number in found.suspects():
            example, probabilities = episode.support[number], found.probabilities[number]
            suspects.append(
                {
                    "class": names[example.class_index],
                    "file": example.picture.name,
                    "answer": names[int(probabilities.argmax())],
                    "probability": round(float(probabilities.max()), 6),
                }
            )
        documents.append(
            {
                "method": method.card.id,
                "pictures": len(episode.support),
                "accuracy": found.accuracy,
                "low": found.low,
                "high": found.high,
                "suspects": suspects,
            }
        )
    if chosen.format == "json":
        reporting.print_json(documents)
    else:
        for one in documents:
            interval = f"{one['accuracy']:.1%} ({one['low']:.1%} to {one['high']:.1%})"
            print(f"{one['method']}: {interval} of {one['pictures']} pictures by leave one out")
            for s in one["suspects"]:
                print(f"  {s['class']}/{s['file']} looks like {s['answer']} ({s['probability']:.0%})")
    return 1 if terminal.faults else 0
