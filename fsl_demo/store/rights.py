"""What an annotator may change of an episode that somebody else saved: labels and regions that are their own, or
nobody's yet."""

from __future__ import annotations

from dataclasses import replace

from sqlite_utils import Database

from fsl_demo.core.accounts import Account
from fsl_demo.core.episodes import Label, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.regions import RegionLabel
from fsl_demo.store import episodes
from fsl_demo.store.blobs import Blobs


def permitted(
    db: Database, blobs: Blobs, labelled: LabelledEpisode, episode_id: str, account: Account
) -> LabelledEpisode:
    """What an account saves of `labelled`: to an annotator's are added the labels and regions of others.

    Raises:
        UserError: `episode_shared` for other classes, pictures or another title; `label_of_another`.
    """
    if account.role != "annotator" or episodes.owner(db, episode_id) == account.id:
        return labelled
    return _merged(episodes.load(db, blobs, episode_id), labelled, account)


def _merged(stored: LabelledEpisode, wanted: LabelledEpisode, account: Account) -> LabelledEpisode:
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
    regions = {
        position: merged
        for position in range(len(stored.episode.queries))
        if (merged := _merged_regions(stored, wanted, position=position, own=account.name))
    }
    return replace(wanted, labels=labels, regions=regions)


def _merged_regions(
    stored: LabelledEpisode, wanted: LabelledEpisode, position: int, own: str
) -> tuple[RegionLabel, ...]:
    """The regions that others marked on a query as they are stored, and one's own as they are wanted."""
    others = (label for label in stored.regions.get(position, ()) if label.annotator != own)
    return (*others, *(label for label in wanted.regions.get(position, ()) if label.annotator == own))


def _shape(labelled: LabelledEpisode) -> object:
    episode = labelled.episode
    return (
        labelled.title,
        episode.classes,
        [(example.picture.sha256, example.class_index, example.boxes) for example in episode.support],
        [query.sha256 for query in episode.queries],
    )
