"""An episode as a JSON document beside its picture files: everything, so that nothing is lost on the way."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fsl_demo.core.episodes import (
    Caption,
    ClassSpec,
    Described,
    Episode,
    Example,
    Label,
    LabelledEpisode,
    Run,
    Scores,
    check_texts,
)
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture

FILE_NAME = "episode.json"
_KIND = "few-shot episode, version 1"


@dataclass(frozen=True)
class PictureFile:
    """What a document says about a picture: its file, relative to the root of the export, and its identity."""

    file: str
    name: str
    sha256: str
    original_sha256: str


def dump(episode_id: str, labelled: LabelledEpisode, support_files: Sequence[str], query_files: Sequence[str]) -> str:
    """The document of an episode; the files are relative to the root of the export."""
    episode = labelled.episode
    return json.dumps(
        {
            "kind": _KIND,
            "id": episode_id,
            "title": labelled.title,
            "classes": [asdict(spec) for spec in episode.classes],
            "support": [
                {**_entry(labelled, example.picture, file), "class": example.class_index}
                for example, file in zip(episode.support, support_files, strict=True)
            ],
            "queries": [
                _entry(labelled, picture, file) for picture, file in zip(episode.queries, query_files, strict=True)
            ],
            "labels": {str(position): asdict(label) for position, label in labelled.labels.items()},
            "runs": [_run(run) for run in labelled.runs],
        },
        ensure_ascii=False,
        indent=1,
    )


def load(text: str, picture: Callable[[PictureFile], Picture]) -> LabelledEpisode:
    """The episode of a document.

    Args:
        picture: gives the picture of a file.

    Raises:
        UserError: `import_document` when the text is no such document, and whatever `picture` raises.
    """
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()  # refuses half of a surrogate pair, which no file can hold
        return _load(document, picture)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError("import_document", file=FILE_NAME, reason=f"{type(error).__name__}: {error}") from error


def _entry(labelled: LabelledEpisode, picture: Picture, file: str) -> dict[str, Any]:
    entry = asdict(
        PictureFile(file=file, name=picture.name, sha256=picture.sha256, original_sha256=picture.original_sha256)
    )
    captions = labelled.captions.get(picture.sha256, ())
    return {**entry, "captions": [asdict(described) for described in captions]} if captions else entry


def _file(entry: dict[str, Any]) -> PictureFile:
    return PictureFile(**{field: _text(entry[field]) for field in ("file", "name", "sha256", "original_sha256")})


def _run(run: Run) -> dict[str, object]:
    scores = run.scores
    return {
        "method": scores.method,
        "checkpoint": scores.checkpoint,
        "settings": dict(scores.settings),
        "note": dict(scores.note),
        "device": run.device,
        "seconds": scores.seconds,
        "none_below": scores.none_below if np.isfinite(scores.none_below) else str(scores.none_below),
        "similarities": scores.similarities.tolist(),
        "probabilities": scores.probabilities.tolist(),
        "pairs": None if scores.pairs is None else scores.pairs.tolist(),
    }


def _load(document: dict[str, Any], picture: Callable[[PictureFile], Picture]) -> LabelledEpisode:
    if document["kind"] != _KIND:
        raise ValueError(f"kind: {_KIND!r} expected, got {document['kind']!r}")
    classes = tuple(
        ClassSpec(_text(spec["name"]), tuple(_text(text) for text in spec["descriptions"]))
        for spec in document["classes"]
    )
    for spec in classes:
        check_texts(spec)
    captions: dict[str, tuple[Described, ...]] = {}

    def described(entry: dict[str, Any]) -> Picture:
        read = picture(_file(entry))
        captions[read.sha256] = tuple(map(_load_described, entry.get("captions", ())))
        return read

    support = tuple(Example(described(entry), _index(entry["class"], len(classes))) for entry in document["support"])
    queries = tuple(described(entry) for entry in document["queries"])
    labels = {
        _index(int(position), len(queries)): _load_label(entry, len(classes))
        for position, entry in document["labels"].items()
    }
    runs = tuple(_load_run(entry, len(queries), len(classes)) for entry in document["runs"])
    return LabelledEpisode(
        episode=Episode(classes, support, queries),
        title=_text(document["title"]),
        runs=runs,
        labels=labels,
        captions={sha256: descriptions for sha256, descriptions in captions.items() if descriptions},
    )


def _load_described(entry: dict[str, Any]) -> Described:
    captions = tuple(
        Caption(
            text=_text(caption["text"]),
            score=_number(caption["score"]),
            fit=_number(caption["fit"]),
            doubtful=bool(caption["doubtful"]),
        )
        for caption in entry["captions"]
    )
    if not captions:
        raise ValueError("captions: at least one expected")
    return Described(_text(entry["captioner"]), _text(entry["weights"]), captions)


def _load_label(entry: dict[str, Any], classes: int) -> Label:
    if entry["source"] not in ("blind", "accepted", "corrected", "bulk"):
        raise ValueError(f"source: {entry['source']!r}")
    class_index, suggestion = (
        None if entry[field] is None else _index(entry[field], classes) for field in ("class_index", "suggestion")
    )
    return Label(
        class_index=class_index,
        annotator=_text(entry["annotator"]),
        source=entry["source"],
        suggestion=suggestion,
        seconds=_seconds(entry["seconds"]),
    )


def _load_run(entry: dict[str, Any], queries: int, classes: int) -> Run:
    def array(values: list[Any], columns: int) -> np.ndarray:
        return np.array(values, dtype=np.float32).reshape(len(values), columns)

    pairs = entry["pairs"]
    scores = Scores(
        method=_text(entry["method"]),
        checkpoint=_text(entry["checkpoint"]),
        settings=dict(entry["settings"]),
        note=dict(entry.get("note", {})),
        seconds=_seconds(entry["seconds"]),
        similarities=array(entry["similarities"], classes),
        probabilities=array(entry["probabilities"], classes),
        none_below=float(entry["none_below"]),
        pairs=None if pairs is None else array(pairs, len(pairs[0]) if pairs else 0),
    )
    if len(scores.similarities) > queries:
        raise ValueError(f"scores of {len(scores.similarities)} queries, {queries} in all")
    return Run(scores, _text(entry["device"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text expected, got {value!r:.40}")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"a number expected, got {value!r:.40}")
    return float(value)


def _seconds(value: object) -> float:
    if _number(value) < 0:
        raise ValueError(f"seconds expected, got {value!r:.40}")
    return _number(value)


def _index(value: object, count: int) -> int:
    if not isinstance(value, int) or not 0 <= value < count:
        raise ValueError(f"a number below {count} expected, got {value!r:.40}")
    return value
