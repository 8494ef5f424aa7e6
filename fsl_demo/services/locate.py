"""What is where on pictures: regions of methods that locate, and why they call them so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from fsl_demo.core.capabilities import Locates, Method
from fsl_demo.core.classifiers import RegionClassifier
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.core.regions import Region
from fsl_demo.core.registry import Registry
from fsl_demo.core.settings import Settings
from fsl_demo.services import predict
from fsl_demo.services.fitted import Fits

_fits = Fits()
"""Not those of predictions: these may have the pictures of an upload that is gone, at which an explanation looks."""


def locating(registry: Registry, names: Iterable[str]) -> Method | None:
    """The first of these methods that locates; None where none does."""
    known = {method.card.id: method for method in registry.methods.values() if isinstance(method, Locates)}
    return next((known[name] for name in names if name in known), None)


def fitted(method: Method, episode: Episode, settings: Settings, progress: Progress = quiet) -> RegionClassifier:
    """A method that locates, fitted to the episode; it is kept as long as nothing changes that it depends on.

    Raises:
        UserError: what the method raises.
    """
    return _of(_fits, method, episode=episode, settings=settings, progress=progress)


def predicted_regions(
    registry: Registry, episode: Episode, scores: Sequence[Scores], settings: Mapping[str, Settings], progress: Progress
) -> dict[str, list[tuple[Region, ...]]]:
    """What is where on the queries of a prediction, by the id of each of its methods that locates.

    Args:
        settings: by id of a method; one that is left out has its defaults.

    Raises:
        UserError: what a method raises.
    """
    by_method = {}
    for name in (part.method for part in scores):
        method = registry.methods.get(name)
        if isinstance(method, Locates):
            classifier = _of(
                predict.fits, method, episode=episode, settings=settings.get(name, method.Settings()), progress=progress
            )
            by_method[name] = classifier.regions(episode.queries, progress)
    return by_method


def _of(fits: Fits, method: Method, episode: Episode, settings: Settings, progress: Progress) -> RegionClassifier:
    return cast(RegionClassifier, fits(method, episode, settings=settings, progress=progress).classifier)
