"""What a fine-tuning bought: the version before and the one after on the same episodes of a frozen test part."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Checkpoint, Source
from fsl_demo.core.capabilities import Method
from fsl_demo.core.collections import FrozenCollection
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.parts import Classes
from fsl_demo.evaluation.episodes import Opened, episode_of
from fsl_demo.evaluation.outcomes import scores
from fsl_demo.evaluation.receipts import Answer, Asked, Comparison, asked_pictures, comparison, frozen_sampling
from fsl_demo.evaluation.sampling import Sampling
from fsl_demo.methods import of_checkpoint
from fsl_demo.services.elsewhere import Elsewhere, elsewhere
from fsl_demo.services.overlays import overlay

SIDE, OPACITY, QUALITY = 128, 0.5, 80
"""Of the pictures in a receipt: their longest side, how strongly a heat map covers them, and their JPEG quality."""
EXPLAINED = 40
"""Answers that are explained, at most."""
CHUNK = 10
"""Episodes between two signs of life."""


@dataclass(frozen=True)
class VersionName:
    """A version of a checkpoint."""

    name: str
    version: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class Flip:
    """A query to which the versions give different answers.

    Attributes:
        picture: JPEG.
        before, after: heat maps of what each version's own answer rests on, the query first, JPEG; empty where it is
            not explained.
    """

    asked: Asked
    picture: bytes
    before: tuple[bytes, ...] = ()
    after: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """A comparison, and what it was made of.

    Attributes:
        figures: None where the test part has too few pictures for any episode.
        elsewhere: figures on other data sets, to tell what was forgotten; None while that is not measured.
    """

    method: str
    before: VersionName
    after: VersionName
    collection: FrozenCollection
    command: str
    sampling: Sampling | None
    figures: Comparison | None
    flips: tuple[Flip, ...]
    elsewhere: tuple[Elsewhere, ...] | None = None

    @property
    def verdict(self) -> str:
        """As of `Comparison`; "none" where nothing could be asked."""
        return self.figures.verdict if self.figures else "none"

    def as_dict(self) -> dict[str, Any]:
        """Plain values; pictures by their hashes."""
        frozen = self.collection
        return {
            "method": self.method,
            "before": asdict(self.before),
            "after": asdict(self.after),
            "collection": {"name": frozen.name, "number": frozen.number, "digest": frozen.digest},
            "command": self.command,
            "verdict": self.verdict,
            "more_pictures": self.figures.more_pictures if self.figures else None,
            "episodes": asdict(self.sampling) if self.sampling else None,
            "figures": asdict(self.figures) if self.figures else None,
            "flips": [_plain(flip.asked) for flip in self.flips],
            "elsewhere": None if self.elsewhere is None else [asdict(figure) for figure in self.elsewhere],
        }


OnVerdict = Callable[[Receipt], None]


def receipt(
    source: Source,
    collection: FrozenCollection,
    networks: Networks,
    root: Path,
    command: str = "",
    progress: Progress = quiet,
    on_verdict: OnVerdict = lambda made: None,
) -> Receipt:
    """Compare a fine-tuned version with the one that it began with.

    Args:
        source: the fine-tuned one.
        root: holds the data sets on which forgetting is measured, those that are there.
        command: makes the receipt again.
        progress: told "versions", "explain" and "forget".
        on_verdict: handed the receipt before it is measured what was forgotten, which takes the longest.

    Raises:
        UserError: `receipt_start` for a version that was not fine-tuned; what is wrong with either version.
    """
    after = checkpoints.load(source)
    before = started_with(after)
    methods = [of_checkpoint(checkpoints.source_of(each.home, each.version), networks) for each in (before, after)]
    sampling = frozen_sampling(collection)
    asked, episodes = _asked(methods, collection, sampling=sampling, progress=progress) if sampling else ([], [])
    made = Receipt(
        method=str(after.card.method),
        before=VersionName(before.home.name, before.version, before.sha256),
        after=VersionName(after.home.name, after.version, after.sha256),
        collection=collection,
        command=command,
        sampling=sampling,
        figures=comparison(asked) if asked else None,
        flips=tuple(_flips(asked, episodes, methods=methods, progress=progress)),
    )
    on_verdict(made)
    return replace(made, elsewhere=tuple(elsewhere(methods, after, root=root, progress=progress)))


def receipt_command(source: str, collection: str) -> str:
    """Makes a receipt on the command line."""
    words = ["python", "-m", "fsl_demo", "receipt", source, "--collection", collection, "--out", "receipt.html"]
    return shlex.join(words)


def started_with(after: Checkpoint) -> Checkpoint:
    """The version that a fine-tuned one began with.

    Raises:
        UserError: `receipt_start` where its card names none; `card_differs` where that is not here.
    """
    if after.card.start is None:
        raise UserError("receipt_start", name=f"{after.home.name}@{after.version}")
    return checkpoints.refer(after.card.start, after)


def _asked(
    methods: Sequence[Method], collection: FrozenCollection, sampling: Sampling, progress: Progress
) -> tuple[list[Asked], list[Episode]]:
    """Each query of each episode, and the episodes."""
    classes: Classes = asked_pictures(collection)
    opened = Opened()
    drawn = [episode_of(each, opened) for each in sampling.sampler(classes).draw(sampling.episodes)]
    episodes = [episode for episode, _ in drawn]
    before, after = _scores(methods, episodes, progress)
    asked = []
    for number, (episode, truth) in enumerate(drawn):
        names = tuple(spec.name for spec in episode.classes)
        for query, picture in enumerate(episode.queries):
            was, now = (
                Answer(scored.best(query), float(scored.probabilities[query].max()), scored.unlike(query))
                for scored in (before[number], after[number])
            )
            asked.append(
                Asked(
                    episode=number,
                    query=query,
                    picture=picture,
                    classes=names,
                    truth=int(truth[query]),
                    before=was,
                    after=now,
                )
            )
    return asked, episodes


def _scores(methods: Sequence[Method], episodes: Sequence[Episode], progress: Progress) -> list[list[Scores]]:
    """What each method says of each episode's queries."""
    answered: list[list[Scores]] = []
    for number, method in enumerate(methods):
        answered.append([])
        for start in range(0, len(episodes), CHUNK):
            progress("versions", number * len(episodes) + start, len(methods) * len(episodes))
            answered[-1] += scores(method, method.Settings(), episodes[start : start + CHUNK])
    return answered


def _flips(
    asked: Iterable[Asked], episodes: Sequence[Episode], methods: Sequence[Method], progress: Progress
) -> Iterable[Flip]:
    """All answers that differ; the first of them explained."""
    flipped = [row for row in asked if row.flipped]
    for number, row in enumerate(flipped):
        picture = _jpeg(row.picture)
        if number >= EXPLAINED:
            yield Flip(row, picture)
            continue
        progress("explain", number, min(EXPLAINED, len(flipped)))
        before, after = (
            _maps(method, episodes[row.episode], query=row.picture, class_index=answer.class_index)
            for method, answer in zip(methods, (row.before, row.after), strict=True)
        )
        yield Flip(row, picture, before=before, after=after)


def _maps(method: Method, episode: Episode, query: Picture, class_index: int) -> tuple[bytes, ...]:
    classifier = method.fit(episode, method.Settings(), quiet)
    layers = classifier.explain(query, class_index).layers
    return tuple(_jpeg(layer.picture, layer.map, layer.seen) for layer in layers if layer.map is not None)


def _jpeg(picture: Picture, values: np.ndarray | None = None, seen: Any = (0.0, 0.0, 1.0, 1.0)) -> bytes:
    if values is None:
        image = picture.preview().copy()
        image.thumbnail((SIDE, SIDE))
    else:
        image = overlay(picture, values, seen=seen, opacity=OPACITY, size=SIDE)
    image.save(stream := BytesIO(), "JPEG", quality=QUALITY)
    return stream.getvalue()


def _plain(row: Asked) -> dict[str, Any]:
    def plain(answer: Answer) -> dict[str, Any]:
        name = row.classes[answer.class_index]
        return {"label": name, "probability": round(answer.probability, 6), "unlike": answer.unlike}

    return {
        "episode": row.episode,
        "picture": row.picture.sha256,
        "file": row.picture.name,
        "truth": row.classes[row.truth],
        "before": plain(row.before),
        "after": plain(row.after),
    }
