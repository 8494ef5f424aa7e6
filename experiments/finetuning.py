"""What fine-tuning on 20 collected episodes buys: a checkpoint before and after, on fresh episodes of unseen pictures.

    python -m experiments.finetuning prototype picture_space --data cifar_fs --out runs/finetuning

draws 20 episodes of a few classes, as a person would collect them; freezes their pictures in three parts; fine-tunes;
and scores 600 episodes of the same classes' pictures that were never collected, before and after. `--part validation`
draws the classes from the validation part, where settings are chosen. Each run adds a file to `--out`;
`python -m experiments.finetuning page` makes `docs/results/95-finetuning.json` of those of the test part.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from fsl_demo import checkpoints, datasets, runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.collections import FrozenCollection, FrozenPicture, Part, digest
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.parts import Dataset, opened
from fsl_demo.evaluation.run import evaluate
from fsl_demo.evaluation.sampling import EpisodeSampler, Sampling
from fsl_demo.methods import of_checkpoint
from fsl_demo.services.finetuning import FinetuneOptions, carry_out, requested
from fsl_demo.training.events import EpochDone, Event

PAGE = Path(__file__).parents[1] / "docs" / "results" / "95-finetuning.json"
ABOUT = [
    "20 episodes of some classes are drawn as a person would collect them (10-way 1-shot, two queries a class), and"
    " their pictures frozen in three parts: three fifths teach, a fifth chooses, the rest is the receipt's. Before and"
    " after are the accuracies of the checkpoint that ships and of the fine-tuned version in 600 fresh 5-way 1-shot"
    " episodes of the same classes' pictures that were never collected; the difference is paired by episode. Classes"
    " are of CIFAR-FS's test part, of a test alphabet of Omniglot, and all 40 people of AT&T, whom no checkpoint has"
    " seen.",
    "The last column is what the receipt says by itself, from the few frozen test pictures alone: its interval is drawn"
    " over pictures, and it calls a version better only where that interval is above 0. Where it says “unclear”, a"
    " person is told to stay with what there was, though the 600 episodes here may show a gain.",
]
COLLECTED = 20
"""Episodes."""
FRESH = 600
SHARES = (0.6, 0.2)
"""Of the collected pictures of a class, to train and to validate with; the rest is the frozen test part."""


@dataclass(frozen=True)
class Draw:
    """How classes and pictures of a data set are drawn.

    Attributes:
        classes: how many there are to tell apart; of one alphabet, where there are alphabets.
        pool: pictures of a class that episodes are collected from.
        fresh: others, that the fresh episodes are drawn from.
        way, queries: of the collected episodes, 1-shot.
    """

    classes: int
    pool: int
    fresh: int
    way: int = 10
    queries: int = 2


DRAWS = {
    "att_faces": Draw(classes=40, pool=7, fresh=3),
    "omniglot": Draw(classes=20, pool=12, fresh=8),
    "cifar_fs": Draw(classes=10, pool=20, fresh=20),
}


def pictures(data: Dataset, part: str, draw: Draw, seed: int) -> dict[str, list[Picture]]:
    """The pictures of some classes, shuffled: those to collect from, then the fresh ones."""
    random = np.random.default_rng(seed)
    classes = dict(getattr(data, part).classes)
    if data.name == "att_faces":  # no network here has seen any of its people
        classes = {**data.train.classes, **data.validation.classes, **data.test.classes}
    if data.grouped:
        groups = sorted({name.split("/")[0] for name in classes})
        chosen = groups[int(random.integers(len(groups)))]
        classes = {name: items for name, items in classes.items() if name.startswith(f"{chosen}/")}
    names = random.permutation(sorted(classes))[: draw.classes]
    count = draw.pool + draw.fresh
    return {
        str(name): [opened(classes[name][i]) for i in random.permutation(len(classes[name]))[:count]] for name in names
    }


def collected(whole: Mapping[str, list[Picture]], draw: Draw, seed: int, name: str) -> FrozenCollection:
    """The pictures that the episodes show, in three parts."""
    pools = {label: members[: draw.pool] for label, members in whole.items()}
    sampler = EpisodeSampler(pools, way=min(draw.way, len(pools)), shot=1, queries=draw.queries, seed=seed)
    shown: dict[str, dict[Picture, None]] = {}
    for episode in sampler.draw(COLLECTED):
        for label, support, queries in zip(episode.names, episode.support, episode.queries, strict=True):
            shown.setdefault(label, {}).update(dict.fromkeys((*support, *queries)))
    rows = []
    for label, members in shown.items():
        train, validation = (max(2, round(share * len(members))) for share in SHARES)
        for place, picture in enumerate(members):
            part: Part = "train" if place < train else "validation" if place < train + validation else "test"
            rows.append(FrozenPicture(picture, label, part=part, group=picture.sha256))
    return FrozenCollection(name, 1, digest=digest(rows), created_at="", pictures=tuple(rows))


def measured(chosen: argparse.Namespace) -> dict[str, Any]:
    """One fine-tuning, and both versions on fresh episodes."""
    draw, networks = DRAWS[chosen.data], Networks(FeatureCache())
    data = datasets.read(chosen.data, chosen.root)
    whole = pictures(data, chosen.part, draw=draw, seed=chosen.seed)
    frozen = collected(whole, draw, seed=chosen.seed, name=chosen.data)
    with TemporaryDirectory() as folder:
        home = Path(folder) / "checkpoints"
        shutil.copytree(checkpoints.FOLDER, home)
        options = FinetuneOptions(seed=chosen.seed, epochs=chosen.epochs, rate=chosen.rate)
        request = requested(chosen.method, frozen, start=home / chosen.start, options=options)
        began = time.process_time()
        finetuned = carry_out(
            request, frozen, folder=Path(folder) / "run", networks=networks, on_event=tell, root=Path(folder)
        )
        assert finetuned is not None
        seconds = time.process_time() - began
        methods = [of_checkpoint(home / f"{chosen.start}@{version}", networks) for version in (1, 2)]
        fresh = {label: members[draw.pool :] for label, members in whole.items()}
        sampling = Sampling(way=5, shot=1, queries=min(5, draw.fresh - 1), episodes=FRESH, seed=chosen.seed)
        before, after = evaluate(methods, fresh, sampling).figures
    figures = finetuned.receipt.figures
    return {
        "method": chosen.method,
        "start": chosen.start,
        "data": chosen.data,
        "part": chosen.part,
        "seed": chosen.seed,
        "classes": len(whole),
        "pictures": {part: len(frozen.part(part)) for part in ("train", "validation", "test")},
        "options": options.arguments(),
        "cpu_seconds": round(seconds, 1),
        "before": [before.accuracy, before.low, before.high],
        "after": [after.accuracy, after.low, after.high],
        "difference": [after.difference, after.difference_low, after.difference_high],
        "receipt": {
            "verdict": finetuned.receipt.verdict,
            "difference": asdict(figures.difference) if figures else None,
        },
    }


def tell(event: Event) -> None:
    if isinstance(event, EpochDone):
        print(event, flush=True)


def page(folder: Path) -> dict[str, Any]:
    """The result file of all runs on test parts."""
    runs = [json.loads(file.read_text()) for file in sorted(folder.glob("test-*.json"))]
    return {
        "title": "Fine-tuning on 20 collected episodes",
        "about": ABOUT,
        "tables": [
            {
                "columns": ["method", "from", "data", "before", "after", "difference", "the receipt by itself"],
                "rows": [_row(run) for run in runs],
            }
        ],
    }


def _row(run: Mapping[str, Any]) -> dict[str, Any]:
    counts, receipt = run["pictures"], run["receipt"]
    own = receipt["difference"]
    by_itself: list[Any] = [f"{receipt['verdict']}, {counts['test']} test pictures" + (": " if own else "")]
    taught = f"{counts['train']} pictures taught, {counts['validation']} chose"
    if own:
        by_itself.append(_figure("points", [own["mean"], own["low"], own["high"]]))
    words = ["python", "-m", "experiments.finetuning", run["method"], run["start"], "--data", run["data"]]
    return {
        "method": f"`{run['method']}`",
        "from": f"`{run['start']}`",
        "data": f"`{run['data']}`, {run['classes']} classes; {taught}",
        **{side: _figure("share", run[side]) for side in ("before", "after")},
        "difference": _figure("points", run["difference"]),
        "the receipt by itself": by_itself,
        "command": " ".join([*words, *run["options"]]),
    }


def _figure(kind: str, values: Sequence[float]) -> dict[str, float]:
    mean, low, high = (round(value, 3) for value in values)
    return {kind: mean, "low": low, "high": high}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", help="a method, or “page”")
    parser.add_argument("start", nargs="?")
    parser.add_argument("--data", choices=DRAWS)
    parser.add_argument("--part", choices=("validation", "test"), default="test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("runs/finetuning"))
    chosen = parser.parse_args()
    if chosen.method == "page":
        PAGE.write_text(json.dumps(page(chosen.out), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return
    runtime.prepare("cpu", 1)
    row = measured(chosen)
    print(json.dumps(row))
    chosen.out.mkdir(parents=True, exist_ok=True)
    name = f"{chosen.part}-{chosen.start}-{chosen.data}-{chosen.seed}.json"
    (chosen.out / name).write_text(json.dumps(row, indent=1))


if __name__ == "__main__":
    main()
