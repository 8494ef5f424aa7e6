"""Whether heat maps show what a score rests on: blank what they mark, and see the score fall.

The deletion test of Samek et al. 2017 (arXiv:1509.06321) at one level, with the randomised-weights check of
Adebayo et al. 2018 (arXiv:1810.03292).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0, architecture
from fsl_demo.backbones.networks import Networks
from fsl_demo.episodes import Box, Progress, quiet
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.evaluation.run import Files, Opened, episode_of
from fsl_demo.evaluation.sampling import EpisodeSampler
from fsl_demo.methods.contract import Method
from fsl_demo.pictures import Picture, from_image

SHARE = 0.2
WAY = 5


@dataclass(frozen=True)
class Blanking:
    """How far the similarity to a query's class falls when a fifth of the positions is blanked.

    Attributes:
        top: fall when the positions with the most evidence are blanked.
        random: fall when as many positions drawn at random are.
        difference: top - random, paired by query.
    """

    method: str
    queries: int
    top: Interval
    random: Interval
    difference: Interval

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        gap = self.difference
        return (
            f"{self.method}: blanking the top {SHARE:.0%} of {self.queries} heat maps lowers the similarity by"
            f" {self.top.mean:.3f}, a random {SHARE:.0%} by {self.random.mean:.3f};"
            f" difference {gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
        )


class Untrained(EfficientNetLite0):
    """The same architecture with random weights."""

    id = "efficientnet_lite0_untrained"
    weights = "untrained"

    def load(self, progress: Progress = quiet) -> Any:
        import torch

        with self._lock, torch.random.fork_rng():
            if self._network is None:
                torch.manual_seed(0)
                self._network = architecture()
            return self._network


def untrained() -> Networks:
    """Networks whose heat maps should show nothing."""
    return Networks(FeatureCache(), Untrained())


def blanking(
    method: Method,
    files: Files,
    queries: int = 200,
    shot: int = 1,
    seed: int = 0,
    explainer: Method | None = None,
    progress: Progress = quiet,
) -> Blanking:
    """Measure a method's heat maps on 5-way episodes, with the class that each query belongs to.

    Args:
        method: gives the scores.
        files: picture files by class name.
        explainer: gives the heat maps, where it isn't the method itself (randomised weights).
        progress: told "score" and how many queries are done.

    Raises:
        UserError: `setting_bad` when there are too few classes or pictures.
    """
    opened, random, falls = Opened(), np.random.default_rng(seed), list[np.ndarray]()
    for drawn in EpisodeSampler(files, WAY, shot, 1, seed).draw(-(-queries // WAY)):
        episode, truth = episode_of(drawn, opened)
        scorer = method.fit(episode, method.Settings(), quiet)
        shown = scorer if explainer is None else explainer.fit(episode, explainer.Settings(), quiet)
        for query, index in zip(episode.queries, truth, strict=True):
            progress("score", len(falls), queries)
            layer = shown.explain(query, int(index)).layers[0]
            if layer.map is None:
                raise ValueError(f"{method.card.id} has no heat map of a query")
            order = random.permutation(layer.map.size)
            top = order[np.argsort(-layer.map.ravel()[order], kind="stable")]
            variants = [query] + [blank(query, layer.seen, layer.map.shape, some) for some in (top, order)]
            kept, *blanked = scorer.predict(variants, quiet).similarities[:, index]
            falls.append(kept - np.array(blanked))
    by_top, by_chance = np.array(falls[:queries]).T
    return Blanking(
        method.card.id,
        len(by_top),
        intervals.mean(by_top),
        intervals.mean(by_chance),
        intervals.paired(by_top, by_chance),
    )


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
