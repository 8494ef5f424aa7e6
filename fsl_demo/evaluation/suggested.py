"""What suggestions do to the words of the people who see them: agreement with and without, and mistakes let through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import hypot

from fsl_demo.evaluation.intervals import Interval, wilson

LEAST = 10
"""Words from which on a share is told; below, the interval says next to nothing."""
PERIODS = 6


@dataclass(frozen=True)
class Word:
    """A person's word on a picture.

    Attributes:
        picture: what the word is about; words on one picture check each other.
        says: key of a class, or None for "none of these".
        suggestion: key of the class that a classifier suggested; None where none did.
        shown: whether the person saw the suggestion before answering.
        settles: whether the word ended a dispute.
        time: ISO 8601; words are ordered by it.
    """

    picture: str
    annotator: str
    says: str | None
    suggestion: str | None
    shown: bool
    time: str
    settles: bool = False

    @property
    def agrees(self) -> bool:
        return self.says == self.suggestion


@dataclass(frozen=True)
class Share:
    """So many of so many; None in place of the interval (Wilson's) where these are fewer than `LEAST`."""

    part: int
    whole: int

    @property
    def interval(self) -> Interval | None:
        if self.whole < LEAST:
            return None
        return Interval(self.part / self.whole, *wilson(self.part, self.whole))


@dataclass(frozen=True)
class BlindSpots:
    """What suggestions did to some words.

    Attributes:
        shown, blind: words that agree with the suggestion, of those before which it was on view, and was hidden.
        wrong: accepted suggestions that turned out wrong, of those that somebody had a second look at.
        accepted: how many were accepted, looked at again or not.
    """

    shown: Share
    blind: Share
    wrong: Share
    accepted: int

    @property
    def gap(self) -> Interval | None:
        """How much more often people agree with a suggestion that they see (Newcombe 1998, method 10)."""
        shown, blind = self.shown.interval, self.blind.interval
        if shown is None or blind is None:
            return None
        gap = shown.mean - blind.mean
        low = gap - hypot(shown.mean - shown.low, blind.high - blind.mean)
        high = gap + hypot(shown.high - shown.mean, blind.mean - blind.low)
        return Interval(gap, low, high)


@dataclass(frozen=True)
class Group:
    """Words that belong together, with what they are called: a person, or the days from the first to the last word."""

    name: str
    spots: BlindSpots


@dataclass(frozen=True)
class Report:
    """Of all words, of each person's, and of as many words each in the order of time, at most `PERIODS` parts."""

    all: BlindSpots
    people: tuple[Group, ...]
    periods: tuple[Group, ...]


def report(words: Sequence[Word]) -> Report:
    """What suggestions did; words without a suggestion only check the others."""
    checked = [(word, verdict) for word, verdict in _judged(words) if word.suggestion is not None and not word.settles]
    people = sorted(checked, key=lambda pair: pair[0].annotator)
    parts = min(PERIODS, len(checked) // LEAST)
    ends = [round(len(checked) * part / parts) for part in range(parts + 1)] if parts > 1 else []
    periods = [checked[start:end] for start, end in pairwise(ends)]
    return Report(
        all=_spots(checked),
        people=tuple(Group(name, _spots(list(own))) for name, own in groupby(people, lambda pair: pair[0].annotator)),
        periods=tuple(Group(_days(part[0][0], part[-1][0]), _spots(part)) for part in periods),
    )


def _days(first: Word, last: Word) -> str:
    days = dict.fromkeys((first.time[:10], last.time[:10]))
    return " – ".join(days)


def _spots(checked: Sequence[tuple[Word, bool | None]]) -> BlindSpots:
    shown, blind = ([word.agrees for word, _ in checked if word.shown is on_view] for on_view in (True, False))
    verdicts = [verdict for word, verdict in checked if word.shown and word.agrees]
    known = [verdict for verdict in verdicts if verdict is not None]
    return BlindSpots(
        shown=Share(sum(shown), len(shown)),
        blind=Share(sum(blind), len(blind)),
        wrong=Share(known.count(False), len(known)),
        accepted=len(verdicts),
    )


def _judged(words: Sequence[Word]) -> list[tuple[Word, bool | None]]:
    """The words in the order of time, each with whether it is right by what was said later or by others."""
    ordered = sorted(words, key=lambda word: word.time)
    on: dict[str, list[tuple[int, Word]]] = {}
    for place, word in enumerate(ordered):
        on.setdefault(word.picture, []).append((place, word))
    return [(word, _verdict(place, word, on[word.picture])) for place, word in enumerate(ordered)]


def _verdict(place: int, word: Word, on_picture: Sequence[tuple[int, Word]]) -> bool | None:
    """Whether a word is right: by the word that settled the picture, by its own person's later change of mind, or by
    most of what others say; None where nobody else looked, or they are divided."""
    settled = [other for _, other in on_picture if other.settles]
    if settled:
        return word.says == settled[-1].says
    own = [other for at, other in on_picture if at > place and other.annotator == word.annotator]
    if own and own[-1].says != word.says:
        return False
    newest = {other.annotator: other.says for _, other in on_picture if other.annotator != word.annotator}
    votes = Counter(newest.values()).most_common(2)
    if not votes or (len(votes) == 2 and votes[0][1] == votes[1][1]):
        return None
    return word.says == votes[0][0]
