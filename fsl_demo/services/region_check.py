"""Whether a support set is told apart better by its best regions than by whole pictures."""

from __future__ import annotations

from dataclasses import dataclass

from fsl_demo.core.episodes import Episode, Progress, quiet
from fsl_demo.core.registry import Registry
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.evaluation.leave_one_out import leave_one_out
from fsl_demo.services.close_ups import on_regions
from fsl_demo.services.predict import Plan


@dataclass(frozen=True)
class RegionCheck:
    """How many of the support pictures a method gets right when each is held out.

    Attributes:
        whole, region: shares of the whole pictures, and of their best regions, that are right.
        gap: region less whole, on the same pictures.
        pictures: of the support set.
    """

    method: str
    whole: float
    region: float
    gap: Interval
    pictures: int

    @property
    def tells(self) -> bool:
        """Whether the pictures are enough to say which is better."""
        return not self.gap.low <= 0 <= self.gap.high


def region_check(registry: Registry, plan: Plan, episode: Episode, progress: Progress = quiet) -> RegionCheck:
    """Leave one out, with a method on whole pictures and on the best regions.

    Raises:
        UserError: as of `leave_one_out`; `unknown_detector`.
    """
    bare, total = plan.method, 2 * len(episode.support)

    def first(stage: str, done: int, _: int) -> None:
        progress(stage, done, total)

    def second(stage: str, done: int, _: int) -> None:
        progress(stage, done + total // 2, total)

    whole = leave_one_out(bare, episode, settings=plan.settings, progress=first)
    region = leave_one_out(on_regions(registry, bare), episode, settings=plan.settings, progress=second)
    return RegionCheck(
        method=bare.card.id,
        whole=whole.accuracy,
        region=region.accuracy,
        gap=intervals.paired_shares(region.right, whole.right),
        pictures=len(episode.support),
    )
