"""What a fine-tuned version forgot: both versions on a few episodes of the data sets that the project reports on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fsl_demo import datasets
from fsl_demo.checkpoints import Checkpoint
from fsl_demo.checkpoints.card import NetworkArchitecture
from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import large_enough
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.evaluation.receipts import Sides
from fsl_demo.evaluation.report import Figures
from fsl_demo.evaluation.run import Evaluation
from fsl_demo.evaluation.sampling import Sampling

SAMPLING = Sampling(way=5, shot=1, queries=5, episodes=100, seed=0)
CHUNK = 10
"""Episodes between two signs of life."""
EACH = 30
"""Pictures of a class that may be drawn."""
PHOTOGRAPHS = ("cifar_fs",)
DATA = {
    "ink28": ("omniglot",),
    "face64": ("att_faces",),
    "face80": ("att_faces",),
    "rgb32": PHOTOGRAPHS,
    "lite0-maps": PHOTOGRAPHS,
}
"""Data sets whose test parts tell, by what the network reads; photographs for all others."""


@dataclass(frozen=True)
class Elsewhere:
    """Figures on the test part of a data set.

    Attributes:
        missing: why there are none.
    """

    data: str
    missing: str = ""
    episodes: int = 0
    accuracy: Sides | None = None
    difference: Interval | None = None


def elsewhere(methods: Sequence[Method], after: Checkpoint, root: Path, progress: Progress) -> Iterator[Elsewhere]:
    """Figures of both methods on each data set that is there.

    Args:
        methods: with the version before, and the one after.
        root: holds the data sets.
        progress: told "forget" and how many episodes are done, of both methods on all data sets.
    """
    architecture = after.card.architecture
    reads = architecture.preprocessing if isinstance(architecture, NetworkArchitecture) else ""
    names = DATA.get(reads, PHOTOGRAPHS)
    done, total = 0, len(names) * len(methods) * SAMPLING.episodes

    def tell(stage: str, part: int, whole: int) -> None:
        progress("forget", done + (part if stage == "score" else 0), total)

    for name in names:
        try:
            data = datasets.read(name, root)
        except UserError as error:
            yield Elsewhere(name, missing=str(error))
            continue
        classes = large_enough(data.test.classes, SAMPLING.shot + SAMPLING.queries)
        few = {label: list(items)[:EACH] for label, items in classes.items()}
        evaluation, figures = Evaluation(few, SAMPLING, chunk=CHUNK), list[Figures]()
        for method in methods:
            figures.append(evaluation.figures(method, None, tell))
            done += SAMPLING.episodes
        before, now = figures
        assert now.difference is not None and now.difference_low is not None and now.difference_high is not None
        yield Elsewhere(
            name,
            episodes=SAMPLING.episodes,
            accuracy=Sides(before.accuracy, now.accuracy),
            difference=Interval(now.difference, now.difference_low, now.difference_high),
        )
