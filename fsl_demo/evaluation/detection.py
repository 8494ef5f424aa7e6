"""How well objects are detected: mean average precision by pycocotools, difficult objects as VOC has them.

Average precision is COCO's, from 101 recalls; VOC 2007 took 11. A detection of a difficult object is neither right nor
wrong, and a difficult object is never missed (Everingham et al. 2010, section 4.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from fsl_demo.evaluation.boxes import MOST, Detections, Truth
from fsl_demo.evaluation.resampling import Resampled, counts, resampled

RECALLS = np.linspace(0, 1, 101)
AT_ONCE = 20_000_000
"""Numbers of one array, at most."""


@dataclass(frozen=True)
class Matches:
    """The detections of one class on all pictures, the most certain first.

    Attributes:
        pictures: index of the picture of each, [N].
        right, ignored: by overlap from 0.5 to 0.95 in steps of 0.05, [10, N].
        objects: that can be missed, on each picture, [P].
    """

    pictures: np.ndarray
    right: np.ndarray
    ignored: np.ndarray
    objects: np.ndarray


@dataclass(frozen=True)
class Detection:
    """Mean average precision over classes.

    Attributes:
        at_half: where a box has to overlap the object by 0.5.
        coco: mean of overlaps from 0.5 to 0.95.
        of_class: `at_half` of each class; not a number for one without objects.
    """

    at_half: Resampled
    coco: Resampled
    of_class: tuple[float, ...]


def detection(truths: Sequence[Truth], detections: Sequence[Detections], classes: int) -> Detection:
    """The figures of detections on the same pictures.

    Args:
        classes: how many there are.
    """
    precisions = np.array([average_precisions(matches) for matches in matched(truths, detections, classes)])
    means = mean_over_classes(precisions)
    return Detection(
        at_half=resampled(means[0]),
        coco=resampled(means.mean(axis=0)),
        of_class=tuple(map(float, precisions[:, 0, 0])),
    )


def mean_over_classes(precisions: np.ndarray) -> np.ndarray:
    """Over the first axis, of those that are numbers; 0 where none is."""
    means: np.ndarray = np.nansum(precisions, axis=0) / np.maximum((~np.isnan(precisions)).sum(axis=0), 1)
    return means


def average_precisions(matches: Matches) -> np.ndarray:
    """By overlap, of the pictures as they are and drawn again, [10, 1 + R]; not a number where no object is drawn."""
    drawn = counts(len(matches.objects))
    rows = max(1, AT_ONCE // max(1, len(matches.pictures)))
    parts = np.split(drawn, range(rows, len(drawn), rows))
    return np.concatenate([_weighted(matches, part) for part in parts], axis=1)


def _weighted(matches: Matches, drawn: np.ndarray) -> np.ndarray:
    """As `average_precisions`, for pictures that count this often, [R, P]."""
    often, objects = drawn[:, matches.pictures], drawn @ matches.objects
    precisions = np.full((len(matches.right), len(drawn)), np.nan)
    for level, (right, ignored) in enumerate(zip(matches.right, matches.ignored, strict=True)):
        at_hits = np.flatnonzero(right)
        hits = np.cumsum(often[:, at_hits], axis=1)
        answers = np.cumsum(often * ~ignored, axis=1)[:, at_hits]
        precision = np.divide(hits, answers, out=np.zeros(hits.shape), where=answers > 0)
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        for row in np.flatnonzero(objects):
            reached = np.searchsorted(hits[row] / objects[row], RECALLS)
            precisions[level, row] = best[row][reached[reached < len(at_hits)]].sum() / len(RECALLS)
    return precisions


def matched(truths: Sequence[Truth], detections: Sequence[Detections], classes: int) -> Iterator[Matches]:
    """Which detections are right, class by class."""
    with redirect_stdout(StringIO()):
        sides = [_coco(len(truths), classes, _annotations(boxes)) for boxes in (truths, detections)]
        evaluation = _VocEval(*sides, "bbox")
        evaluation.params.imgIds, evaluation.params.catIds = range(len(truths)), range(classes)
        evaluation.params.areaRng, evaluation.params.maxDets = [[0, np.inf]], [MOST]
        evaluation.evaluate()
    for label in range(classes):
        of_class = evaluation.evalImgs[label * len(truths) : (label + 1) * len(truths)]
        results = [(number, result) for number, result in enumerate(of_class) if result is not None]
        scores = np.concatenate([[], *(result["dtScores"] for _, result in results)])
        order = np.argsort(-scores, kind="stable")
        levels = len(evaluation.params.iouThrs)
        nothing = np.zeros((levels, 0))
        ids, ignored = (
            np.concatenate([nothing, *(result[name].reshape(levels, -1) for _, result in results)], axis=1)[:, order]
            for name in ("dtMatches", "dtIgnore")
        )
        owners = [np.full(len(result["dtScores"]), number) for number, result in results]
        yield Matches(
            pictures=np.concatenate([np.zeros(0, int), *owners])[order],
            right=(ids > 0) & (ignored == 0),
            ignored=ignored > 0,
            objects=np.array([((item.labels == label) & ~item.difficult).sum() for item in truths]),
        )


class _VocEval(COCOeval):
    """COCO's matching; what COCO calls a crowd, which takes any number of detections, is a difficult object."""

    def computeIoU(self, imgId: int, catId: int) -> Any:
        """Overlaps as of any other box: COCO's of a crowd are with the part of the detection that it covers."""
        objects, detections = self._gts[imgId, catId], self._dts[imgId, catId]
        if not objects and not detections:
            return []
        order = np.argsort([-detection["score"] for detection in detections], kind="stable")[:MOST]
        return mask.iou([detections[i]["bbox"] for i in order], [item["bbox"] for item in objects], [0] * len(objects))


def _coco(pictures: int, classes: int, annotations: Iterable[dict[str, Any]]) -> COCO:
    coco = COCO()
    coco.dataset = {
        "images": [{"id": number} for number in range(pictures)],
        "categories": [{"id": label} for label in range(classes)],
        "annotations": [annotation | {"id": number} for number, annotation in enumerate(annotations, start=1)],
    }
    coco.createIndex()
    return coco


def _annotations(pictures: Sequence[Truth | Detections]) -> Iterator[dict[str, Any]]:
    """Of all boxes; sizes and crowds are as COCO's evaluation needs them."""
    for number, boxes in enumerate(pictures):
        marks = boxes.difficult if isinstance(boxes, Truth) else boxes.scores
        for box, label, mark in zip(boxes.boxes.tolist(), boxes.labels.tolist(), marks.tolist(), strict=True):
            left, top, right, bottom = box
            yield {
                "image_id": number,
                "category_id": label,
                "bbox": [left, top, right - left, bottom - top],
                "area": 1,
                "iscrowd": int(mark) if isinstance(boxes, Truth) else 0,
                "score": mark,
            }


def mean_precision(truths: Sequence[Truth], detections: Sequence[Detections], classes: int) -> float:
    """Mean average precision at an overlap of 0.5, without its interval."""
    once = np.ones((1, len(truths)))
    precisions = [_weighted(matches, once)[0, 0] for matches in matched(truths, detections, classes)]
    return float(np.nanmean(precisions))
