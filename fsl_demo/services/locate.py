"""What is where on pictures: regions of methods that locate, and why they call them so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from fsl_demo.core.capabilities import Locates, Method, RegionClassifier
from fsl_demo.core.episodes import Episode, Progress, quiet
from fsl_demo.core.regions import Region
from fsl_demo.core.registry import Registry
from fsl_demo.core.settings import Settings
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
    return cast(RegionClassifier, _fits(method, episode, settings=settings, progress=progress).classifier)


def regions(
    method: Method, episode: Episode, settings: Settings, progress: Progress = quiet
) -> list[tuple[Region, ...]]:
    """What is where on each query of an episode.

    Raises:
        UserError: what the method raises.
    """
    return fitted(method, episode, settings=settings, progress=progress).regions(episode.queries, progress)
