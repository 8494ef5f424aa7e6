"""What an annotator may change of an episode that somebody else saved: labels that are their own, or nobody's yet."""

from __future__ import annotations

from dataclasses import replace

from fsl_demo.core.accounts import Account
from fsl_demo.core.episodes import Label, LabelledEpisode
from fsl_demo.core.errors import UserError


def permitted(stored: LabelledEpisode, wanted: LabelledEpisode, account: Account) -> LabelledEpisode:
    """What is to be saved: `wanted`, with the labels that others gave since it was opened.

    Raises:
        UserError: `episode_shared` for other classes, pictures or another title; `label_of_another`.
    """
    if _shape(stored) != _shape(wanted):
        raise UserError("episode_shared", title=stored.title)
    labels: dict[int, Label] = {}
    for position, query in enumerate(stored.episode.queries):
        before, after = stored.labels.get(position), wanted.labels.get(position)
        others = before is not None and before.annotator != account.name
        if before is not None and others and after is not None and after.annotator == account.name:
            raise UserError("label_of_another", file=query.name, name=before.annotator)
        label = before if others else after
        if label is not None:
            labels[position] = label
    return replace(wanted, labels=labels)


def _shape(labelled: LabelledEpisode) -> object:
    episode = labelled.episode
    return (
        labelled.title,
        episode.classes,
        [(example.picture.sha256, example.class_index) for example in episode.support],
        [query.sha256 for query in episode.queries],
    )
