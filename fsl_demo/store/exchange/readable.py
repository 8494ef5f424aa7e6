"""The part of an episode that can be read: pictures whose files are lost are named and left out."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from fsl_demo.core.episodes import Episode, LabelledEpisode, Run, ordered_unique
from fsl_demo.core.errors import Report, UserError
from fsl_demo.core.pictures import Picture


def readable(labelled: LabelledEpisode, report: Report) -> LabelledEpisode:
    """The episode without the pictures that cannot be read.

    Args:
        report: told of each of them.
    """
    episode = labelled.episode
    lost: set[Picture] = set()
    for picture in ordered_unique([*(example.picture for example in episode.support), *episode.queries]):
        try:
            picture.image()
        except UserError as error:
            report(error)
            lost.add(picture)
    return without(labelled, lost) if lost else labelled


def without(labelled: LabelledEpisode, lost: Set[Picture]) -> LabelledEpisode:
    """The episode without these pictures, with what is known of the others."""
    episode = labelled.episode
    support = [place for place, example in enumerate(episode.support) if example.picture not in lost]
    queries = [place for place, picture in enumerate(episode.queries) if picture not in lost]
    return replace(
        labelled,
        episode=Episode(
            episode.classes,
            tuple(episode.support[place] for place in support),
            tuple(episode.queries[place] for place in queries),
        ),
        runs=tuple(_run(run, support=support, queries=queries) for run in labelled.runs),
        labels={new: labelled.labels[old] for new, old in enumerate(queries) if old in labelled.labels},
        regions={new: labelled.regions[old] for new, old in enumerate(queries) if old in labelled.regions},
    )


def _run(run: Run, support: Sequence[int], queries: Sequence[int]) -> Run:
    scored = len(run.scores.probabilities)
    scores = run.scores.rows([place for place in queries if place < scored])
    return replace(run, scores=scores if scores.pairs is None else replace(scores, pairs=scores.pairs[:, support]))
