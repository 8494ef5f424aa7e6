"""Which part of a frozen version each picture comes into: near-duplicates in one, so that nothing leaks."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fsl_demo.core.collections import Part
from fsl_demo.core.errors import UserError

_KEPT: tuple[Part, ...] = ("test", "validation", "train")
"""Which part near-duplicates stay in that stood in several."""


@dataclass(frozen=True)
class Shares:
    """How much of each class each part gets, in percent.

    Raises:
        UserError: `shares_bad`.
    """

    train: int = 60
    validation: int = 20
    test: int = 20

    def __post_init__(self) -> None:
        shares = (self.train, self.validation, self.test)
        if sum(shares) != 100 or min(shares) < 0 or not self.train:
            raise UserError("shares_bad", shares=" + ".join(map(str, shares)))

    @property
    def of(self) -> dict[Part, int]:
        """Those parts that get something, in the order in which they are filled."""
        shares: dict[Part, int] = {"train": self.train, "test": self.test, "validation": self.validation}
        return {part: share for part, share in shares.items() if share}


@dataclass(frozen=True)
class Split:
    """Where pictures are put.

    Attributes:
        places: part and group of each picture, by hash.
        leaking: pictures that are left out: near-duplicates of theirs stand in another part since an earlier version.
        small: classes that have not got a picture in every part, with how many groups of near-duplicates they have.
    """

    places: dict[str, tuple[Part, str]] = field(default_factory=dict)
    leaking: list[str] = field(default_factory=list)
    small: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Group:
    """Near-duplicates that are to be frozen: hashes, the least first."""

    members: tuple[str, ...]
    class_name: str


def split(
    classes: Mapping[str, str],
    groups: Iterable[Sequence[str]],
    earlier: Mapping[str, Part],
    shares: Shares,
    seed: int,
) -> Split:
    """Put pictures into parts, class by class; near-duplicates, and what stood in a part before, stay together.

    Args:
        classes: by hash, of each picture to put somewhere.
        groups: hashes of near-duplicates, each picture in one group; those of earlier versions may be among them.
        earlier: the part of each picture of earlier versions, by hash.
        seed: of the draw; it does not matter in which order pictures and groups are given.
    """
    result, free, counts = Split(), defaultdict[str, list[_Group]](list), defaultdict[str, Counter[Part]](Counter)
    kinds: Counter[str] = Counter()
    for group in groups:
        part = _kept_part(group, earlier)
        members = sorted(sha256 for sha256 in group if sha256 in classes)
        if any(earlier.get(sha256, part) != part for sha256 in group):
            result.leaking.extend(sha256 for sha256 in members if earlier.get(sha256) != part)
            members = [sha256 for sha256 in members if earlier.get(sha256) == part]
        if not members:
            continue
        formed = _Group(tuple(members), _main_class(members, classes))
        kinds[formed.class_name] += 1
        if part is None:
            free[formed.class_name].append(formed)
        else:
            _put(result, formed, part=part)
            counts[formed.class_name][part] += len(members)
    for name in sorted(kinds):
        _draw(result, free[name], counts=counts[name], shares=shares, seed=seed)
        if any(not counts[name][part] for part in shares.of):
            result.small[name] = kinds[name]
    return result


def _draw(result: Split, groups: list[_Group], counts: Counter[Part], shares: Shares, seed: int) -> None:
    """Put the groups of a class where most is missing; a part that would stay empty comes first."""
    groups.sort(key=lambda group: group.members)
    random.Random(seed).shuffle(groups)
    groups.sort(key=lambda group: -len(group.members))
    total = counts.total() + sum(len(group.members) for group in groups)
    for number, group in enumerate(groups):
        empty = [part for part in shares.of if not counts[part]]
        if len(groups) - number <= len(empty):
            part = empty[0]
        else:
            part = max(shares.of, key=lambda part: total * shares.of[part] / 100 - counts[part])
        _put(result, group, part=part)
        counts[part] += len(group.members)


def _put(result: Split, group: _Group, part: Part) -> None:
    result.places.update(dict.fromkeys(group.members, (part, group.members[0])))


def _kept_part(group: Sequence[str], earlier: Mapping[str, Part]) -> Part | None:
    """Where a group stays."""
    known = {earlier[sha256] for sha256 in group if sha256 in earlier}
    return next((part for part in _KEPT if part in known), None)


def _main_class(members: Sequence[str], classes: Mapping[str, str]) -> str:
    """The class that most of a group have."""
    return Counter(classes[sha256] for sha256 in members).most_common(1)[0][0]
