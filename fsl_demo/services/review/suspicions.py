"""Labels of a collection that are likely wrong, as the doctor has them, for Review."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import CollectedPicture
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.registry import Registry
from fsl_demo.evaluation.diagnosis.findings import WrongLabel
from fsl_demo.services.diagnosis import suspected
from fsl_demo.services.predict import plans_of
from fsl_demo.services.review.queue import Suggestion, Suspicion
from fsl_demo.services.subjects import of_members
from fsl_demo.store import Workspace

KEPT = 4
"""Collections whose suspicions are kept."""


class Suspicions:
    """What the doctor said last of the labels of collections. Threads may share it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kept: OrderedDict[str, list[WrongLabel]] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, collection: str) -> Sequence[WrongLabel]:
        """What was said last."""
        with self._lock:
            return self._kept.get(collection, [])

    def look(self, collection: str, pictures: Sequence[CollectedPicture], progress: Progress = quiet) -> None:
        """Doubt the labels of a collection, with the methods that the doctor takes.

        Raises:
            UserError: `one_class`, `diagnosis_no_method`; what is wrong with the weights.
        """
        subject = of_members(pictures)
        plans = plans_of(self._registry, None, [example.picture for example in subject.episode.support])
        doubted = suspected(self._registry, subject, plans=plans, progress=progress)
        with self._lock:
            self._kept[collection] = doubted
            self._kept.move_to_end(collection)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def open(self, workspace: Workspace, collection: str) -> dict[str, Suggestion]:
        """What `open_suspicions` gives of a collection as it is now."""
        doubted, store = self.known(collection), workspace.collections
        pictures = store.members(collection, [finding.picture.sha256 for finding in doubted])
        return open_suspicions(doubted, pictures, store.settled(collection))


def open_suspicions(
    doubted: Sequence[WrongLabel], pictures: Sequence[CollectedPicture], settled: Collection[str]
) -> dict[str, Suggestion]:
    """What is suggested, by hash, in place of labels that still are as they were doubted and not marked as right."""
    labels = {known.picture: known.label.key for known in pictures if known.label is not None}
    return {
        finding.picture.sha256: Suggestion(
            finding.suspected,
            probability=finding.other,
            margin=finding.other - finding.own,
            suspicion=Suspicion(finding.key, finding.own),
        )
        for finding in doubted
        if labels.get(finding.picture) == class_key(finding.label) and finding.key not in settled
    }
