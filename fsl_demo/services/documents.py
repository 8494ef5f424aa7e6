"""The JSON documents that the command line prints and the API answers with; `docs/api.md` describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NotRequired

from typing_extensions import TypedDict

from fsl_demo.core.capabilities import Captioner
from fsl_demo.core.episodes import (
    Caption,
    ClassSpec,
    Combined,
    Episode,
    LabelledEpisode,
    Progress,
    Scores,
    combine,
    quiet,
)
from fsl_demo.core.errors import Notice
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, Region, RegionSource

DECIMALS = 6
"""Digits of probabilities, scores, similarities and boxes."""


class FoundRegionDocument(TypedDict):
    """What a method says of a rectangle of a query: its edges as fractions, and probabilities by class, best first."""

    box: list[float]
    score: float
    words: dict[str, float]


class PredictionDocument(TypedDict):
    """What one method says of one query; `scores` are probabilities by class, `unlike` is None where it can't tell.

    `regions`, best first, are there where the method says what is where.
    """

    label: str
    probability: float
    unlike: bool | None
    scores: dict[str, float]
    regions: NotRequired[list[FoundRegionDocument]]


class AnswerDocument(TypedDict):
    """The one answer of all methods to a query; `probabilities` are by class, `unlike` is None where none can tell."""

    answer: str
    probability: float
    unlike: bool | None
    probabilities: dict[str, float]


class QueryDocument(AnswerDocument):
    """A query by its file, with what each method says, by id."""

    file: str
    predictions: dict[str, PredictionDocument]


class MethodDocument(TypedDict):
    """A method that answered: its id, the hash of its checkpoint, and how long it took."""

    id: str
    checkpoint: str
    seconds: float


class PredictDocument(TypedDict):
    """The answer of `predict`; `notices` where something can't be told, was left out or was put together."""

    classes: list[str]
    methods: list[MethodDocument]
    queries: list[QueryDocument]
    notices: NotRequired[list[str]]


class CaptionText(TypedDict):
    """A candidate; `score` is the log-probability a word, `fit` the similarity of sentence and picture."""

    text: str
    score: float
    fit: float
    doubtful: bool


class HintDocument(TypedDict):
    """What a picture is certainly of, and how probable that is."""

    name: str
    certainty: float


class CaptionDocument(TypedDict):
    """The answer of `caption` for one picture: candidates, best first; `hint` is None where no name is certain."""

    file: str
    sha256: str
    captioner: str
    hint: HintDocument | None
    captions: list[CaptionText]


class RegionLabelDocument(TypedDict):
    """A person's word on a rectangle: left, top, right and bottom as fractions of the picture."""

    name: str
    box: list[float]
    annotator: str
    source: RegionSource


class StoredQueryDocument(TypedDict):
    """A query of a saved episode; the answer is None where no method has scored it."""

    number: int
    file: str
    sha256: str
    answer: str | None
    probability: float | None
    unlike: bool | None
    probabilities: dict[str, float] | None
    predictions: dict[str, PredictionDocument]
    labelled: bool
    label: str | None
    annotator: str | None
    regions: list[RegionLabelDocument]


def prediction(scores: Scores, query: int, classes: Sequence[ClassSpec]) -> PredictionDocument:
    """What a method says of one query."""
    answer = _answer(scores, query, classes)
    return {
        "label": answer["answer"],
        "probability": answer["probability"],
        "unlike": answer["unlike"],
        "scores": answer["probabilities"],
    }


def combined_answer(scores: Sequence[Scores], query: int, classes: Sequence[ClassSpec]) -> AnswerDocument:
    """The methods' one answer to a query. Scores that do not reach as far as the query are left out."""
    rows = [method.part(query, query + 1) for method in scores if query < len(method.probabilities)]
    return _answer(combine(rows), 0, classes)


def combined_answers(scores: Sequence[Scores], classes: Sequence[ClassSpec]) -> list[AnswerDocument]:
    """The one answer to each query, as of `combined_answer`, from scores of the same queries."""
    combined = combine(scores)
    return [_answer(combined, query, classes) for query in range(len(combined.probabilities))]


def predict_document(
    episode: Episode,
    files: Sequence[str],
    scores: Sequence[Scores],
    regions: Mapping[str, Sequence[Sequence[Region]]] | None = None,
) -> PredictDocument:
    """What the methods say of an episode's queries.

    Args:
        files: what to call each query, in order.
        scores: of each method, for all queries.
        regions: of each query, by id of a method that says what is where.
    """

    def predictions(query: int) -> dict[str, PredictionDocument]:
        by_method = {method.method: prediction(method, query, episode.classes) for method in scores}
        for name, located in (regions or {}).items():
            by_method[name]["regions"] = [_region(region) for region in located[query]]
        return by_method

    answers = combined_answers(scores, episode.classes)
    document: PredictDocument = {
        "classes": [spec.name for spec in episode.classes],
        "methods": [
            {"id": method.method, "checkpoint": method.checkpoint, "seconds": round(method.seconds, 3)}
            for method in scores
        ],
        "queries": [
            {
                "file": file,
                **answers[query],
                "predictions": predictions(query),
            }
            for query, file in enumerate(files)
        ],
    }
    if notices := [str(notice) for notice in untold(answers, scores)]:
        document["notices"] = notices
    return document


def _region(region: Region) -> FoundRegionDocument:
    return {
        "box": [round(edge, DECIMALS) for edge in region.box],
        "score": round(region.score, DECIMALS),
        "words": {word: round(score, DECIMALS) for word, score in region.words},
    }


def untold(answers: Iterable[AnswerDocument], scores: Iterable[Scores]) -> list[Notice]:
    """What cannot be told of answers, or told well."""
    notices = [Notice("unlike_unknown")] if any(answer["unlike"] is None for answer in answers) else []
    return notices + ([Notice("names_unfamiliar", names=names)] if (names := unfamiliar(scores)) else [])


def unfamiliar(scores: Iterable[Scores]) -> str:
    """The class names that a method may not know."""
    return ", ".join(dict.fromkeys(str(names) for method in scores if (names := method.note.get("unfamiliar"))))


def caption_documents(
    captioner: Captioner,
    pictures: Mapping[str, Picture],
    captions: Mapping[str, Sequence[Caption]],
    progress: Progress = quiet,
) -> list[CaptionDocument]:
    """What a captioner says of pictures.

    Args:
        pictures: by what to call each.
        captions: candidates by hash of the picture, best first.
    """
    hints = captioner.hints(list(pictures.values()), progress)
    return [
        {
            "file": file,
            "sha256": picture.sha256,
            "captioner": captioner.card.id,
            "hint": {"name": hint.name, "certainty": round(hint.certainty, DECIMALS)} if hint else None,
            "captions": [
                {
                    "text": caption.text,
                    "score": round(caption.score, DECIMALS),
                    "fit": round(caption.fit, DECIMALS),
                    "doubtful": caption.doubtful,
                }
                for caption in captions[picture.sha256]
            ],
        }
        for (file, picture), hint in zip(pictures.items(), hints, strict=True)
    ]


def stored_query_document(labelled: LabelledEpisode, query: int) -> StoredQueryDocument:
    """What methods and people said of one query of a saved episode."""
    episode, label = labelled.episode, labelled.labels.get(query)
    scores = [run.scores for run in labelled.runs if query < len(run.scores.probabilities)]
    answer = combined_answer(scores, query, episode.classes) if scores else None
    return {
        "number": query + 1,
        "file": episode.queries[query].name,
        "sha256": episode.queries[query].sha256,
        "answer": answer["answer"] if answer else None,
        "probability": answer["probability"] if answer else None,
        "unlike": answer["unlike"] if answer else None,
        "probabilities": answer["probabilities"] if answer else None,
        "predictions": {method.method: prediction(method, query, episode.classes) for method in scores},
        "labelled": label is not None,
        "label": None if label is None or label.class_index is None else episode.classes[label.class_index].name,
        "annotator": label.annotator if label else None,
        "regions": [
            {
                "name": region.name,
                "box": rounded(region.box),
                "annotator": region.annotator,
                "source": region.source,
            }
            for region in labelled.regions.get(query, ())
        ],
    }


def rounded(box: Box) -> list[float]:
    """A box as the documents have it."""
    return [round(edge, DECIMALS) for edge in box]


def _answer(scores: Scores | Combined, query: int, classes: Sequence[ClassSpec]) -> AnswerDocument:
    probabilities = scores.probabilities[query]
    return {
        "answer": classes[scores.best(query)].name,
        "probability": round(float(probabilities.max()), DECIMALS),
        "unlike": scores.unlike(query),
        "probabilities": {
            spec.name: round(float(value), DECIMALS) for spec, value in zip(classes, probabilities, strict=True)
        },
    }


def yes_no(value: bool | None) -> str:
    """A truth value in a CSV; "unknown" where nobody can tell."""
    return "unknown" if value is None else "yes" if value else "no"
