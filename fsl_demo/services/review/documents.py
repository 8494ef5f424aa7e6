"""What programs are told of a review, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import TypedDict

from fsl_demo.core.collections import CollectedPicture, CollectionLabel
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.evaluation.suggested import BlindSpots, Report, Share
from fsl_demo.services.review.opinions import Dispute, Pair
from fsl_demo.services.review.queue import Suggestion


class WordDocument(TypedDict):
    """A person's word; `label` is null for "none of these"."""

    annotator: str
    label: str | None
    source: str


class SuspicionDocument(TypedDict):
    """The doctor's key of a label that is likely wrong, and the probability of that label."""

    finding: str
    own: float


class SuggestionDocument(TypedDict):
    """What a classifier says; `suspicion` where that speaks against the label that the picture has."""

    label: str
    probability: float
    unlike: bool | None
    suspicion: SuspicionDocument | None


class ReviewPictureDocument(TypedDict):
    sha256: str
    file: str
    words: list[WordDocument]
    suggestion: SuggestionDocument | None


class ReviewDocument(TypedDict):
    collection: str
    learned: int
    left: int
    pictures: list[ReviewPictureDocument]


class ShareDocument(TypedDict):
    """So many of so many; `interval` is null where these are too few."""

    part: int
    whole: int
    interval: list[float] | None


class BlindSpotsDocument(TypedDict):
    shown: ShareDocument
    blind: ShareDocument
    wrong: ShareDocument
    accepted: int
    gap: list[float] | None


class AgreementDocument(TypedDict):
    people: list[str]
    both: int
    share: list[float] | None
    kappa: list[float] | None


class DisputeDocument(TypedDict):
    sha256: str
    file: str
    words: list[WordDocument]


class OpinionsDocument(TypedDict):
    disputes: list[DisputeDocument]
    agreement: list[AgreementDocument]
    suggestions: BlindSpotsDocument
    by_person: dict[str, BlindSpotsDocument]
    over_time: dict[str, BlindSpotsDocument]


def review_picture(collected: CollectedPicture, suggested: Mapping[str, Suggestion]) -> ReviewPictureDocument:
    """A picture of the queue, with what is suggested."""
    known = suggested.get(collected.picture.sha256)
    return {
        "sha256": collected.picture.sha256,
        "file": collected.picture.name,
        "words": _words(collected.labels),
        "suggestion": None if known is None else _suggestion(known),
    }


def _suggestion(known: Suggestion) -> SuggestionDocument:
    doubt = known.suspicion
    return {
        "label": known.class_name,
        "probability": known.probability,
        "unlike": known.unlike,
        "suspicion": None if doubt is None else {"finding": doubt.finding, "own": doubt.own},
    }


def opinions(disputes: Sequence[Dispute], pairs: Sequence[Pair], report: Report) -> OpinionsDocument:
    """What people say of the same pictures, and what suggestions do."""
    return {
        "disputes": [
            {"sha256": dispute.picture.sha256, "file": dispute.picture.name, "words": _words(dispute.words)}
            for dispute in disputes
        ],
        "agreement": [
            {
                "people": [pair.first, pair.second],
                "both": pair.agreement.pictures,
                "share": _interval(pair.agreement.share),
                "kappa": _interval(pair.agreement.kappa),
            }
            for pair in pairs
        ],
        "suggestions": _spots(report.all),
        "by_person": {group.name: _spots(group.spots) for group in report.people},
        "over_time": {group.name: _spots(group.spots) for group in report.periods},
    }


def _words(labels: Sequence[CollectionLabel]) -> list[WordDocument]:
    return [{"annotator": word.annotator, "label": word.class_name, "source": word.source} for word in labels]


def _spots(spots: BlindSpots) -> BlindSpotsDocument:
    return {
        "shown": _share(spots.shown),
        "blind": _share(spots.blind),
        "wrong": _share(spots.wrong),
        "accepted": spots.accepted,
        "gap": _interval(spots.gap),
    }


def _share(share: Share) -> ShareDocument:
    return {"part": share.part, "whole": share.whole, "interval": _interval(share.interval)}


def _interval(interval: Interval | None) -> list[float] | None:
    """The mean, the low and the high end."""
    return None if interval is None else [interval.mean, interval.low, interval.high]
