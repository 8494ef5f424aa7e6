"""An episode as a JSON document beside its picture files: everything, so that nothing is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from pydantic import ValidationError

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
)
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import folder_name
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, RegionLabel, check_box
from fsl_demo.store.exchange.document_fields import (
    KIND,
    DescribedPart,
    DocumentPart,
    LabelPart,
    PicturePart,
    RegionPart,
    RunPart,
)

FILE_NAME = "episode.json"
_OLD_FOLDER = "documents"
"""Earlier versions wrote `documents/<id>/episode.json`."""
REASON = 200
"""Characters of what a refusal says of a document."""


@dataclass(frozen=True)
class PictureFile:
    """What a document says about a picture: its file, relative to the root of the export, and its identity."""

    file: str
    name: str
    sha256: str
    original_sha256: str


def file_name(episode_id: str) -> str:
    """The name of an episode's document, at the root of an export."""
    return f"{folder_name(episode_id)}.{FILE_NAME}"


def is_document(path: PurePosixPath) -> bool:
    return path.name == FILE_NAME or path.name.endswith(f".{FILE_NAME}")


def root(path: PurePosixPath) -> PurePosixPath:
    """The root of the export that a document lies in."""
    old = path.name == FILE_NAME and path.parent.parent.name == _OLD_FOLDER
    return path.parents[2] if old else path.parent


def dump(episode_id: str, labelled: LabelledEpisode, support_files: Sequence[str], query_files: Sequence[str]) -> str:
    """The document of an episode; the files are relative to the root of the export."""
    episode = labelled.episode
    return json.dumps(
        {
            "kind": KIND,
            "id": episode_id,
            "title": labelled.title,
            "classes": [asdict(spec) for spec in episode.classes],
            "support": [
                {
                    **_entry(labelled, example.picture, file),
                    "class": example.class_index,
                    **({"boxes": example.boxes} if example.boxes else {}),
                }
                for example, file in zip(episode.support, support_files, strict=True)
            ],
            "queries": [
                _entry(labelled, picture, file) for picture, file in zip(episode.queries, query_files, strict=True)
            ],
            "labels": {str(position): asdict(label) for position, label in labelled.labels.items()},
            "runs": [_run(run) for run in labelled.runs],
            "regions": {
                str(position): [asdict(label) for label in regions] for position, regions in labelled.regions.items()
            },
        },
        ensure_ascii=False,
        indent=1,
    )


def load(text: str, picture: Callable[[PictureFile], Picture]) -> LabelledEpisode:
    """The episode of a document.

    Args:
        picture: gives the picture of a file; it is asked for the support pictures, then the queries, in order.

    Raises:
        UserError: `import_document` when the text is no such document, and whatever `picture` raises.
    """
    try:
        stored = DocumentPart.model_validate_json(text)
        labels = {int(position): label for position, label in stored.labels.items()}
        regions = {int(position): tuple(map(_region, parts)) for position, parts in stored.regions.items()}
        _check_indexes(stored, labels=labels, regions=regions)
        boxes = [tuple(map(_box, entry.boxes)) for entry in stored.support]
        runs = tuple(_run_of(run, stored) for run in stored.runs)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError("import_document", file=FILE_NAME, reason=f"{place}: {first['msg']}"[:REASON]) from error
    except (ValueError, OverflowError) as error:
        raise UserError("import_document", file=FILE_NAME, reason=str(error)[:REASON]) from error
    classes = tuple(ClassSpec(spec.name, tuple(spec.descriptions)) for spec in stored.classes)
    support = tuple(
        Example(picture(_file(entry)), entry.class_index, drawn)
        for entry, drawn in zip(stored.support, boxes, strict=True)
    )
    queries = tuple(picture(_file(entry)) for entry in stored.queries)
    pictures = [*(example.picture for example in support), *queries]
    captions = {
        read.sha256: tuple(map(_described, entry.captions))
        for read, entry in zip(pictures, [*stored.support, *stored.queries], strict=True)
        if entry.captions
    }
    return LabelledEpisode(
        episode=Episode(classes, support, queries),
        title=stored.title,
        runs=runs,
        labels={position: Label(**label.model_dump()) for position, label in labels.items()},
        captions=captions,
        regions={position: marked for position, marked in regions.items() if marked},
    )


def _entry(labelled: LabelledEpisode, picture: Picture, file: str) -> dict[str, Any]:
    entry = asdict(
        PictureFile(file=file, name=picture.name, sha256=picture.sha256, original_sha256=picture.original_sha256)
    )
    captions = labelled.captions.get(picture.sha256, ())
    return {**entry, "captions": [asdict(described) for described in captions]} if captions else entry


def _file(entry: PicturePart) -> PictureFile:
    return PictureFile(file=entry.file, name=entry.name, sha256=entry.sha256, original_sha256=entry.original_sha256)


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


def _check_indexes(stored: DocumentPart, labels: Mapping[int, LabelPart], regions: Mapping[int, object]) -> None:
    """Raise `ValueError` for the number of a class or a query that there is not."""
    numbers = [entry.class_index for entry in stored.support]
    for label in labels.values():
        numbers += [number for number in (label.class_index, label.suggestion) if number is not None]
    if max(numbers, default=-1) >= len(stored.classes):
        raise ValueError(f"class {max(numbers)}, {len(stored.classes)} in all")
    if max([*labels, *regions], default=-1) >= len(stored.queries):
        raise ValueError(f"label of query {max([*labels, *regions])}, {len(stored.queries)} in all")


def _box(edges: Sequence[float]) -> Box:
    left, top, right, bottom = edges
    check_box((left, top, right, bottom))
    return left, top, right, bottom


def _region(stored: RegionPart) -> RegionLabel:
    return RegionLabel(_box(stored.box), stored.name, annotator=stored.annotator, source=stored.source)


def _described(stored: DescribedPart) -> Described:
    captions = tuple(Caption(**caption.model_dump()) for caption in stored.captions)
    return Described(stored.captioner, stored.weights, captions)


def _run_of(stored: RunPart, document: DocumentPart) -> Run:
    def array(rows: list[list[float]], columns: int) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.array(rows, dtype=np.float32).reshape(len(stored.similarities), columns)

    pairs = None if stored.pairs is None else array(stored.pairs, len(document.support))
    if len(stored.similarities) > len(document.queries) or (pairs is not None and not np.isfinite(pairs).all()):
        raise ValueError(f"{stored.method}: scores of other pictures, or beyond all numbers")
    scores = Scores(
        method=stored.method,
        checkpoint=stored.checkpoint,
        settings=stored.settings,
        note=stored.note,
        seconds=stored.seconds,
        similarities=array(stored.similarities, len(document.classes)),
        probabilities=array(stored.probabilities, len(document.classes)),
        none_below=float(stored.none_below),
        pairs=pairs,
    )
    return Run(scores, stored.device)
