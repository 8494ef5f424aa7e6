"""What comes of fitting a method to an episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fsl_demo.core.episodes import Explanation, Focus, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, Region, RegionExplanation


class Classifier(Protocol):
    """A method fitted to one episode's classes and support set."""

    def predict(self, queries: Sequence[Picture], progress: Progress) -> Scores: ...

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Why the query got its score for a class, with the layers that the method's card names in `explains`."""
        ...


class RegionClassifier(Classifier, Protocol):
    """A classifier that also says what is where on a query."""

    def regions(self, queries: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        """What each query shows, without overlapping repeats, the most certain first.

        A region's `words` are class names with calibrated probabilities; its `score` is that of the first.
        """
        ...

    def explain_region(self, query: Picture, box: Box) -> RegionExplanation:
        """What a rectangle of a query is made of: words, and support regions like it."""
        ...


class MeanClassifier(Classifier, Protocol):
    """A classifier whose answer is the class whose mean vector is most like the query's.

    Attributes:
        support: unit vectors of the support pictures, [S, D].
        temperature: a softmax's over the similarities.
        usual: the mean cosine of two pictures of a class; NaN where nobody has measured it.
    """

    support: np.ndarray
    temperature: float
    usual: float

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors of other pictures, [N, D]."""
        ...
