"""All that is known of labelled pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fsl_demo.core.errors import Notice
from fsl_demo.evaluation.diagnosis.curve import Curve
from fsl_demo.evaluation.diagnosis.findings import ClassScore, Finding, Influence
from fsl_demo.evaluation.diagnosis.folds import Comparison
from fsl_demo.evaluation.intervals import Interval, percent


@dataclass(frozen=True)
class Leak:
    """A score with leaked pictures, and again without.

    Attributes:
        of: "held_out" (labelled pictures; a near-duplicate stays while one is held out) or "queries" (those that are
            near-duplicates of labelled pictures are among them).
        pictures: how many leak.
        seeming, honest: with them and without.
    """

    of: str
    pictures: int
    seeming: Interval
    honest: Interval

    @property
    def notice(self) -> Notice:
        """What it says, in any language."""
        if round(self.seeming.mean, 3) == round(self.honest.mean, 3):
            return Notice(f"leak_{self.of}_same", count=self.pictures, honest=percent(self.honest))
        shown = {"seeming": percent(self.seeming), "honest": percent(self.honest)}
        return Notice(f"leak_{self.of}", count=self.pictures, **shown)


@dataclass(frozen=True)
class Diagnosis:
    """All that is known of labelled pictures.

    Attributes:
        classes: their names.
        pictures, queries: how many were looked at.
        method: id of the method whose class means were used; "" where there was nothing to compare.
        scores: of the classes; `overall` of all pictures that could be held out.
        findings: the gravest first.
        influences: of all pictures without which an answer flips, those with the most flips first.
        untold: what could not be looked at, and why.
    """

    classes: tuple[str, ...]
    pictures: int
    queries: int
    method: str = ""
    scores: tuple[ClassScore, ...] = ()
    overall: Interval | None = None
    leaks: tuple[Leak, ...] = ()
    findings: tuple[Finding, ...] = ()
    influences: tuple[Influence, ...] = ()
    comparison: Comparison | None = None
    curve: Curve | None = None
    untold: tuple[Notice, ...] = ()

    def open(self, settled: Collection[str]) -> Sequence[Finding]:
        """The findings that nobody has marked as right, by their keys."""
        return [finding for finding in self.findings if finding.key not in settled]
