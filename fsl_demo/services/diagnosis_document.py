"""A diagnosis as the JSON document of command line and API; `docs/api.md` describes it."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import TypedDict

from fsl_demo.core.collections import MarkedRight
from fsl_demo.core.pictures import Picture
from fsl_demo.evaluation.diagnosis.curve import Curve
from fsl_demo.evaluation.diagnosis.diagnosis import Diagnosis
from fsl_demo.evaluation.diagnosis.findings import Duplicates, Finding, Influence, WrongLabel
from fsl_demo.evaluation.diagnosis.folds import Comparison
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.services.documents import DECIMALS


class IntervalDocument(TypedDict):
    """A mean and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


class DiagnosedPicture(TypedDict):
    """A picture that is labelled, or a query; `class` is None where nobody has said it."""

    file: str
    sha256: str
    class_name: str | None
    query: bool


class FlipDocument(TypedDict):
    """An answer that is another one without a picture; `gain` is 1 where it becomes right, -1 where wrong."""

    file: str
    sha256: str
    query: bool
    before: str
    after: str
    gain: int


class FindingDocument(TypedDict):
    """A finding; a wrong label has the class that is `suspected`, a picture that does harm has `flips`."""

    kind: str
    key: str
    sentence: str
    classes: list[str]
    pictures: list[DiagnosedPicture]
    suspected: str | None
    flips: list[FlipDocument]


class RightDocument(TypedDict):
    """A finding that a person marked as right in the collection, and when (ISO 8601, UTC)."""

    finding: FindingDocument
    annotator: str
    created_at: str


class InfluenceDocument(TypedDict):
    """What changes without a picture."""

    file: str
    sha256: str
    class_name: str
    flips: list[FlipDocument]


class ClassScoreDocument(TypedDict):
    """How many pictures of a class the others put into it; `share` is None where none could be held out."""

    class_name: str
    pictures: int
    right: float
    total: int
    share: IntervalDocument | None
    taken_for: str


class LeakDocument(TypedDict):
    """A score with near-duplicates of what is learned from, and without."""

    of: str
    pictures: int
    seeming: IntervalDocument
    honest: IntervalDocument


class ComparisonDocument(TypedDict):
    """Methods on the same held-out pictures; `gaps` is what the best is ahead by, `tells` whether beyond chance."""

    best: str
    tells: bool
    pictures: int
    shares: dict[str, IntervalDocument]
    gaps: dict[str, IntervalDocument]


class CurveDocument(TypedDict):
    """Shares that are right by pictures a class; `gains` is what the last picture of each class brought."""

    sizes: list[int]
    shares: dict[str, list[IntervalDocument]]
    gains: dict[str, IntervalDocument]


class DiagnosisDocument(TypedDict):
    """The answer of `diagnose`."""

    classes: list[str]
    pictures: int
    queries: int
    method: str
    overall: IntervalDocument | None
    scores: list[ClassScoreDocument]
    leaks: list[LeakDocument]
    findings: list[FindingDocument]
    right: list[RightDocument]
    influences: list[InfluenceDocument]
    comparison: ComparisonDocument | None
    curve: CurveDocument | None
    notices: list[str]


def diagnosis_document(diagnosis: Diagnosis, marks: Mapping[str, MarkedRight]) -> DiagnosisDocument:
    """The whole of it, its sentences in English.

    Args:
        marks: by key, the findings that are right.
    """
    return {
        "classes": list(diagnosis.classes),
        "pictures": diagnosis.pictures,
        "queries": diagnosis.queries,
        "method": diagnosis.method,
        "overall": _interval(diagnosis.overall) if diagnosis.overall else None,
        "scores": [
            {
                "class_name": score.label,
                "pictures": score.count,
                "right": round(score.right, DECIMALS),
                "total": score.total,
                "share": _interval(score.share) if score.share else None,
                "taken_for": score.taken_for,
            }
            for score in diagnosis.scores
        ],
        "leaks": [
            {
                "of": leak.of,
                "pictures": leak.pictures,
                "seeming": _interval(leak.seeming),
                "honest": _interval(leak.honest),
            }
            for leak in diagnosis.leaks
        ],
        "findings": [_finding(finding) for finding in diagnosis.open(marks)],
        "right": [
            {"finding": _finding(finding), "annotator": mark.annotator, "created_at": mark.created_at}
            for finding in diagnosis.findings
            if (mark := marks.get(finding.key))
        ],
        "influences": [
            {
                "file": effect.picture.name,
                "sha256": effect.picture.sha256,
                "class_name": effect.label,
                "flips": _flips(effect),
            }
            for effect in diagnosis.influences
        ],
        "comparison": _comparison(diagnosis.comparison) if diagnosis.comparison else None,
        "curve": _curve(diagnosis.curve) if diagnosis.curve else None,
        "notices": list(map(str, diagnosis.untold)),
    }


def _comparison(compared: Comparison) -> ComparisonDocument:
    return {
        "best": compared.best,
        "tells": compared.tells,
        "pictures": compared.pictures,
        "shares": {method: _interval(compared.share(method)) for method in compared.right},
        "gaps": {method: _interval(gap) for method, gap in compared.gaps.items()},
    }


def _curve(curve: Curve) -> CurveDocument:
    return {
        "sizes": list(curve.sizes),
        "shares": {method: list(map(_interval, points)) for method, points in curve.points.items()},
        "gains": {method: _interval(gain) for method, gain in curve.gains.items()},
    }


def _finding(finding: Finding) -> FindingDocument:
    if isinstance(finding, Duplicates):
        pictures = [_picture(copy.picture, copy.label, query=copy.query) for copy in finding.copies]
    else:
        label = finding.classes[0] if finding.classes else None
        pictures = [_picture(picture, label) for picture in finding.pictures]
    return {
        "kind": finding.kind,
        "key": finding.key,
        "sentence": str(finding.notice),
        "classes": list(finding.classes),
        "pictures": pictures,
        "suspected": finding.suspected if isinstance(finding, WrongLabel) else None,
        "flips": _flips(finding) if isinstance(finding, Influence) else [],
    }


def _picture(picture: Picture, label: str | None, query: bool = False) -> DiagnosedPicture:
    return {"file": picture.name, "sha256": picture.sha256, "class_name": label, "query": query}


def _flips(effect: Influence) -> list[FlipDocument]:
    return [
        {
            "file": flip.picture.name,
            "sha256": flip.picture.sha256,
            "query": flip.query,
            "before": flip.before,
            "after": flip.after,
            "gain": flip.gain,
        }
        for flip in effect.flips
    ]


def _interval(interval: Interval) -> IntervalDocument:
    return {
        "mean": round(interval.mean, DECIMALS),
        "low": round(interval.low, DECIMALS),
        "high": round(interval.high, DECIMALS),
    }
