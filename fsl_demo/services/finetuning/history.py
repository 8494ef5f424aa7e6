"""Which answers of which saved episodes came from which version of a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from fsl_demo.checkpoints import Entry
from fsl_demo.store import EpisodeSummary

DIGITS = 8
"""Of a hash, at least so many are part of what a run says of its weights."""


@dataclass(frozen=True)
class VersionUse:
    """A version, and the saved episodes that it has answered, with the methods that did."""

    number: int
    sha256: str
    episodes: tuple[tuple[EpisodeSummary, tuple[str, ...]], ...]


def uses(entry: Entry, episodes: list[EpisodeSummary]) -> list[VersionUse]:
    """Of each version of a checkpoint, the newest first."""
    known = []
    for version in reversed(entry.versions):
        if version.card is None:
            continue
        start = version.card.sha256[:DIGITS]
        answered = []
        for summary in episodes:
            methods = {
                method for method, weights in summary.runs if any(part[:DIGITS] == start for part in weights.split("+"))
            }
            if methods:
                answered.append((summary, tuple(sorted(methods))))
        known.append(VersionUse(version.number, version.card.sha256, tuple(answered)))
    return known
