"""Whether heat maps show what a score rests on: blank what they mark, and see the score fall.

The deletion test of Samek et al. 2017 (arXiv:1509.06321) at one level, with the randomised-weights check of
Adebayo et al. 2018 (arXiv:1810.03292): with shuffled weights nothing is left of `over_other`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Method
from fsl_demo.core.classifiers import Classifier
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.datasets.parts import Classes
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.episodes import Opened, episode_of
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.evaluation.sampling import EpisodeSampler

SHARE = 0.2
WAY = 5


@dataclass(frozen=True)
class Blanking:
    """How far the similarity to a query's class falls when a fifth of the positions is blanked.

    Attributes:
        top: fall when the positions with the most evidence are blanked.
        random: fall when as many positions drawn at random are.
        other: fall when the positions are the top ones of another query's map: a map that marks the middle of
            every picture does no better than that.
        over_random, over_other: differences, paired by query.
    """

    method: str
    queries: int
    top: Interval
    random: Interval
    other: Interval
    over_random: Interval
    over_other: Interval

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        def difference(gap: Interval) -> str:
            return f"{gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"

        return (
            f"{self.method}, {self.queries} heat maps: blanking the top {SHARE:.0%} lowers the similarity by"
            f" {self.top.mean:.3f}, a random {SHARE:.0%} by {self.random.mean:.3f},"
            f" another query's top {SHARE:.0%} by {self.other.mean:.3f};"
            f" differences {difference(self.over_random)} and {difference(self.over_other)}"
        )


class _Shuffled:
    """The same network with the values of each weight tensor shuffled."""

    id: str

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed, self.id, self.weights = seed, f"{self.id}_shuffled", f"shuffled-{seed}"

    def _load(self) -> Any:
        import torch

        network: Any = super()._load()  # type: ignore[misc]
        random = torch.Generator().manual_seed(self.seed)
        for weights in network.parameters():
            order = torch.randperm(weights.numel(), generator=random).to(weights.device)
            weights.data = weights.data.flatten()[order].view_as(weights)
        return network


class ShuffledLite0(_Shuffled, EfficientNetLite0):
    """What sees the middle of a picture."""


class ShuffledLite2(_Shuffled, EfficientNetLite2):
    """What sees all of it."""


def shuffled(seed: int = 0) -> Networks:
    """Networks whose heat maps should show nothing: give a method built on them as `explainer`."""
    return Networks(FeatureCache(), ShuffledLite0(seed), ShuffledLite2(seed), shuffle=seed)


def blanking(
    method: Method,
    files: Classes,
    queries: int = 200,
    shot: int = 1,
    seed: int = 0,
    explainer: Method | None = None,
    progress: Progress = quiet,
    settings: Any = None,
) -> Blanking:
    """Measure a method's heat maps on 5-way episodes, with the class that each query belongs to.

    Args:
        method: gives the scores.
        files: picture files by class name.
        queries: rounded up to whole episodes of one query a class.
        explainer: gives the heat maps, where it isn't the method itself.
        progress: told "score" and how many queries are done.
        settings: of the method and of the explainer; None for automatic ones.

    Raises:
        UserError: `setting_bad` when there are too few classes or pictures.
    """
    opened, random = Opened(), np.random.default_rng(seed)
    settings = method.Settings() if settings is None else settings
    asked: list[tuple[Classifier, Picture, int, Box, np.ndarray]] = []
    for drawn in EpisodeSampler(files, way=WAY, shot=shot, queries=1, seed=seed).draw(-(-queries // WAY)):
        episode, truth = episode_of(drawn, opened)
        scorer = method.fit(episode, settings, quiet)
        shown = scorer if explainer is None else explainer.fit(episode, settings, quiet)
        for query, index in zip(episode.queries, truth, strict=True):
            layer = shown.explain(query, int(index)).layers[0]
            if layer.map is None:
                raise ValueError(f"{method.card.id} has no heat map of a query")
            asked.append((scorer, query, int(index), layer.seen, layer.map))
    falls = []
    for number, (scorer, query, index, seen, evidence) in enumerate(asked):
        progress("score", number, len(asked))
        other = asked[(number + WAY) % len(asked)][-1]
        places = [ranked(evidence), random.permutation(evidence.size), ranked(other)]
        variants = [query, *(blank(picture=query, seen=seen, shape=evidence.shape, order=order) for order in places)]
        kept, *blanked = scorer.predict(variants, quiet).similarities[:, index]
        falls.append(kept - np.array(blanked))
    progress("score", len(asked), len(asked))
    top, chance, elsewhere = np.array(falls).T
    return Blanking(
        method=method.card.id,
        queries=len(asked),
        top=intervals.mean(top),
        random=intervals.mean(chance),
        other=intervals.mean(elsewhere),
        over_random=intervals.paired(top, chance),
        over_other=intervals.paired(top, elsewhere),
    )


def ranked(evidence: np.ndarray) -> np.ndarray:
    """Positions, those with the most evidence first."""
    return np.argsort(-evidence.ravel(), kind="stable")


def blank(picture: Picture, seen: Box, shape: tuple[int, ...], order: np.ndarray) -> Picture:
    """A picture with the first fifth of the positions in `order` painted over in its mean colour."""
    image, (rows, columns) = picture.image().copy(), shape
    left, top, right, bottom = seen
    colour = tuple(int(value) for value in np.asarray(image).mean(axis=(0, 1)).round())
    across = [round((left + (right - left) * i / columns) * image.width) for i in range(columns + 1)]
    down = [round((top + (bottom - top) * i / rows) * image.height) for i in range(rows + 1)]
    for place in order[: round(SHARE * order.size)]:
        row, column = divmod(int(place), columns)
        image.paste(colour, (across[column], down[row], across[column + 1], down[row + 1]))
    return from_image(image, picture.name)
