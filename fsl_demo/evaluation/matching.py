"""What a two-stream model adds: the first pictures of a search in a better order, and masked words told from pictures.

Both are measured on captions of Flickr8k. Intervals are over pictures, because a picture's five captions go together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.core.spaces import ImageTextSpace
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.methods.two_stream.model import TOP, TwoStreamModel, blended

WEIGHTS = tuple(float(weight) for weight in np.linspace(0, 1, 41))
"""Shares of the matching in the blend, to choose from."""
AT = (1, 5)
GROUP = 64
"""Captions whose masked words are guessed at once."""


@dataclass(frozen=True)
class Reranking:
    """How many captions find their picture first, in the order of a space and in the new order of its first ten.

    Attributes:
        within: how many have it among the first ten: what no order can exceed.
        gain: after - before, paired by picture.
    """

    pictures: int
    captions: int
    within: float
    before: Interval
    after: Interval
    gain: Interval


@dataclass(frozen=True)
class Words:
    """How often a masked word is among the first guesses.

    Attributes:
        words: how many were masked, one a caption; `known` of them are words that the model may guess.
        seen, unseen: by number of guesses: with the picture, and with a blank one.
        gain: seen - unseen, paired by picture.
    """

    words: int
    known: int
    seen: Mapping[int, Interval]
    unseen: Mapping[int, Interval]
    gain: Mapping[int, Interval]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Matching:
    """Both figures of a method."""

    method: str
    reranking: Reranking
    words: Words

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        order, words = self.reranking, self.words
        lines = [
            f"{self.method}, {order.captions:,} captions among {order.pictures:,} pictures, {order.within:.1%} of them"
            f" with their picture among the first {TOP}; {words.words:,} masked words, {words.known / words.words:.1%}"
            " of them known; intervals of 95 %.",
            "",
            "| what | without | with | difference |",
            "|---|---|---|---|",
            f"| R@1, the first {TOP} in a new order | {_share(order.before)} | {_share(order.after)}"
            f" | {_signed(order.gain)} |",
        ]
        for at in words.seen:
            lines.append(
                f"| masked word, top-{at}, picture | {_share(words.unseen[at])} | {_share(words.seen[at])}"
                f" | {_signed(words.gain[at])} |"
            )
        return "\n".join(lines)


def matching(
    name: str, space: ImageTextSpace, model: TwoStreamModel, data: Captioned, progress: Progress = quiet
) -> Matching:
    """Both figures on captioned pictures.

    Args:
        space: whose order is improved.

    Raises:
        UserError: what reading a picture, `space` and `model` raise.
    """
    pictures = [ingest(file) for file in data.files]
    model.streams(pictures, progress)  # first, because it leaves features for the space
    return Matching(
        method=name,
        reranking=reranking(space=space, model=model, pictures=pictures, data=data, progress=progress),
        words=masked_words(model=model, pictures=pictures, data=data, progress=progress),
    )


def reranking(
    space: ImageTextSpace, model: TwoStreamModel, pictures: list[Picture], data: Captioned, progress: Progress = quiet
) -> Reranking:
    """R@1 of all captions before and after."""
    captions = [text for five in data.captions for text in five]
    own = np.arange(len(captions)) * len(pictures) // len(captions)
    similarities = space.texts([[text] for text in captions], progress) @ space.embed(pictures, progress).T
    candidates = first(similarities)
    likeness = np.take_along_axis(similarities, candidates, axis=1)
    matches = model.match_candidates(pictures, captions, candidates, progress=progress)
    before, after = (
        first_hits(scores, candidates, own).reshape(len(pictures), -1).mean(axis=1)
        for scores in (likeness, model.blended(likeness, matches))
    )
    within = float((candidates == own[:, None]).any(axis=1).mean())
    return Reranking(
        pictures=len(pictures),
        captions=len(captions),
        within=within,
        before=intervals.share(before),
        after=intervals.share(after),
        gain=intervals.paired_shares(after, before),
    )


def masked_words(
    model: TwoStreamModel, pictures: list[Picture], data: Captioned, progress: Progress = quiet, seed: int = 0
) -> Words:
    """Of each caption one word is masked, drawn from those that are one WordPiece, and guessed twice."""
    import torch

    minilm, random = model.networks.texts, np.random.default_rng(seed)
    tokenizer, vocabulary = minilm.load()[0], {word: place for place, word in enumerate(model.whole_words())}
    asked, truths, owners = [], [], []
    for number, captions in enumerate(data.captions):
        for pieces in (tokenizer.tokenize(text) for text in captions):
            if whole := whole_words(pieces):
                place = int(random.choice(whole))
                truths.append(vocabulary.get(pieces[place], -1))
                asked.append(" ".join([*pieces[:place], "[MASK]", *pieces[place + 1 :]]).replace(" ##", ""))
                owners.append(number)
    truth, ranks = np.array(truths), np.zeros((2, len(truths)))
    streams = model.streams(pictures, progress)
    for start in range(0, len(asked), GROUP):
        progress("score", start, len(asked))
        rows = slice(start, start + GROUP)
        tokens = minilm.tokens(asked[rows])
        guessed = model.guesses([streams[torch.tensor(owners[rows])], model.blank()], *tokens)
        ranks[:, rows] = [rank(guess, truth[rows]) for guess in guessed]
    hits = {
        at: [np.array([(places[np.array(owners) == n] < at).mean() for n in np.unique(owners)]) for places in ranks]
        for at in AT
    }
    seen, unseen = ({at: intervals.share(hits[at][row]) for at in AT} for row in (0, 1))
    gain = {at: intervals.paired_shares(*hits[at]) for at in AT}
    return Words(words=len(truth), known=int((truth >= 0).sum()), seen=seen, unseen=unseen, gain=gain)


def whole_words(pieces: list[str]) -> list[int]:
    """Places of the WordPieces that are words of letters by themselves."""
    following = [*pieces[1:], ""]
    return [
        place
        for place, (piece, after) in enumerate(zip(pieces, following, strict=True))
        if piece.isalpha() and not after.startswith("##")
    ]


def rank(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How many words are likelier than the right one, [M]; infinitely many where it is -1: no word of the model's.

    Args:
        probabilities: [M, W].
        truth: the right word's number, [M].
    """
    own = probabilities[np.arange(len(truth)), truth][:, None]
    return np.where(truth < 0, np.inf, (probabilities > own).sum(axis=1))


def first(similarities: np.ndarray, top: int = TOP) -> np.ndarray:
    """The pictures most like each text, best first, [T, top], from similarities [T, N]."""
    return np.argsort(-similarities, axis=1, kind="stable")[:, :top]


def first_hits(scores: np.ndarray, candidates: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Whether each text's own picture has the best score of its candidates, [T]; equal ones share the credit.

    Args:
        scores, candidates: [T, K]; the number of each candidate's picture.
        own: the text's own picture, [T].
    """
    best = scores == scores.max(axis=1, keepdims=True)
    return np.asarray((best & (candidates == own[:, None])).sum(axis=1) / best.sum(axis=1))


def best_weight(similarities: np.ndarray, matches: np.ndarray, candidates: np.ndarray, own: np.ndarray) -> float:
    """Of `WEIGHTS`, the one under which most texts find their picture; the smallest of equals. Arguments as above."""
    return max(WEIGHTS, key=lambda weight: first_hits(blended(similarities, matches, weight), candidates, own).mean())


def _share(interval: Interval) -> str:
    return f"{interval.mean:.1%} ({interval.low:.1%} to {interval.high:.1%})"


def _signed(interval: Interval) -> str:
    return f"{100 * interval.mean:+.1f} ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})"
