"""Answers to frames of a camera: by the fastest proposed method, quickly where it can, and nothing of them is kept."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fsl_demo import checkpoints, methods, runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import FitsQuickly, Method
from fsl_demo.core.classifiers import Classifier
from fsl_demo.core.episodes import quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.services.close_ups import compares
from fsl_demo.store import Workspace
from fsl_demo.ui.context import Context
from fsl_demo.ui.page import Page
from fsl_demo.ui.proposals import proposed_methods
from fsl_demo.ui.settings import settings_of

FRAME_MAPS = 30_000_000
"""Bytes of feature maps that frames may take."""
CAMERAS = 8
"""Drafts whose classifiers are kept."""


class Unkept:
    """The workspace's vectors, to which nothing is added."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def get_vectors(self, space: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
        return self.workspace.get_vectors(space, keys)

    def put_vectors(self, space: str, vectors: Mapping[str, np.ndarray]) -> None:
        pass


def frame_methods(networks: Networks, workspace: Workspace) -> dict[str, Method]:
    """All methods on the same networks, which keep nothing of what they see."""
    return methods.build(replace(networks, features=FeatureCache(Unkept(workspace), FRAME_MAPS)))


class Live:
    """The classifiers of the drafts whose cameras ran last. Their answers are kept nowhere, so `Fits` does not serve."""

    def __init__(self, page: Page) -> None:
        self._methods = page.frame_methods
        self._fitted: OrderedDict[str, tuple[tuple[object, ...], Classifier]] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, context: Context, frame: bytes) -> dict[str, Any]:
        """The class of one frame, JPEG: its key, probability, whether it is unlike the examples (None where nobody can
        tell), milliseconds, and whether the whole frame was compared though the document says regions: finding those
        takes longer than a frame may.

        Raises:
            UserError: `picture_*`, `memory_short`; what is wrong with the support set.
        """
        started, picture = time.perf_counter(), ingest(frame, "camera")
        with self._lock, runtime.memory_trouble():
            method, classifier = self._classifier(context)
            scores = classifier.predict([picture], quiet)
        keys = [row.key for row in context.document.rows()]
        best = scores.best(0)
        return {
            "answer": keys[best],
            "p": round(float(scores.probabilities[0, best]), 3),
            "unlike": scores.unlike(0),
            "method": method.card.title,
            "whole": context.document.use_region and compares(method),
            "ms": round(1000 * (time.perf_counter() - started)),
        }

    def _classifier(self, context: Context) -> tuple[Method, Classifier]:
        """The fastest proposed method, fitted to the draft's support set as it is now."""
        document = context.document
        proposed = [self._methods[name] for name in proposed_methods(context) if name in self._methods]
        if not proposed:
            raise UserError("no_methods")
        method = min(proposed, key=lambda method: method.card.cost)
        wanted = (method.card.id, document.evidence(), checkpoints.in_use())
        known = self._fitted.get(context.draft.id)
        if known is None or known[0] != wanted:
            episode = document.episode(context.picture, queries=False)
            fit = method.fit_quick if isinstance(method, FitsQuickly) else method.fit
            known = self._fitted[context.draft.id] = wanted, fit(episode, settings_of(method, document), quiet)
        self._fitted.move_to_end(context.draft.id)
        while len(self._fitted) > CAMERAS:
            self._fitted.popitem(last=False)
        return method, known[1]
