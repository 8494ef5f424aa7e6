"""What may be wrong with labelled pictures: one type a kind of finding."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from fsl_demo.core.class_names import class_key
from fsl_demo.core.errors import Notice
from fsl_demo.core.pictures import Picture
from fsl_demo.evaluation.diagnosis.quality import Fault
from fsl_demo.evaluation.intervals import Interval


class Finding:
    """Something that a person should look at.

    Attributes:
        kind: names it.
    """

    kind: ClassVar[str]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Those that it is about."""
        raise NotImplementedError

    @property
    def classes(self) -> tuple[str, ...]:
        """What it is about besides: names, in an order that says which is which."""
        return ()

    @property
    def weight(self) -> float:
        """How grave it is, from 0 to 1."""
        raise NotImplementedError

    @property
    def notice(self) -> Notice:
        """What it says, in any language."""
        raise NotImplementedError

    @property
    def _told_apart_by(self) -> tuple[str, ...]:
        """Names of classes in which findings of the same pictures differ."""
        return self.classes

    @property
    def key(self) -> str:
        """The same for the same finding of the same pictures and classes: 16 hexadecimal digits."""
        hashes = sorted(picture.sha256 for picture in self.pictures)
        plain = "\n".join([self.kind, *hashes, *map(class_key, self._told_apart_by)])
        return hashlib.sha256(plain.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class WrongLabel(Finding):
    """A label that is likely wrong.

    Attributes:
        label, suspected: names of its class, and of the one that the others say it is of.
        own, other: their probabilities when the picture is held out.
    """

    kind: ClassVar[str] = "wrong_label"
    picture: Picture
    label: str
    suspected: str
    own: float
    other: float

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return (self.picture,)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.label, self.suspected

    @property
    def _told_apart_by(self) -> tuple[str, ...]:
        return (self.label,)  # a label that is right is so whatever else it may seem

    @property
    def weight(self) -> float:
        return self.other - self.own

    @property
    def notice(self) -> Notice:
        return Notice("finding_wrong_label", label=self.label, suspected=self.suspected, other=self.other, own=self.own)


@dataclass(frozen=True)
class Copy:
    """One of several near-duplicates.

    Attributes:
        label: name of its class, where it has one.
        query: whether it is among the queries, or in a part that is tested.
    """

    picture: Picture
    label: str | None
    query: bool = False


@dataclass(frozen=True)
class Duplicates(Finding):
    """The same picture, or nearly, more than once.

    Attributes:
        exact: whether all are the same pixels.
    """

    kind: ClassVar[str] = "duplicates"
    copies: tuple[Copy, ...]
    exact: bool

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return tuple(dict.fromkeys(copy.picture for copy in self.copies))

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted({copy.label for copy in self.copies if copy.label is not None}))

    @property
    def leaks(self) -> bool:
        """Whether one is learned from and another is tested."""
        return len({copy.query for copy in self.copies}) > 1

    @property
    def contradicts(self) -> bool:
        """Whether they are of different classes."""
        return len(self.classes) > 1

    @property
    def weight(self) -> float:
        return 1.0 if self.contradicts else 0.6 if self.leaks else 0.3

    @property
    def notice(self) -> Notice:
        across = "contradicts" if self.contradicts else "leaks" if self.leaks else "within"
        code = f"finding_{'exact' if self.exact else 'near'}_{across}"
        return Notice(code, count=len(self.copies), classes=", ".join(self.classes))


@dataclass(frozen=True)
class PoorPicture(Finding):
    """A picture that shows little."""

    kind: ClassVar[str] = "poor"
    picture: Picture
    label: str
    fault: Fault

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return (self.picture,)

    @property
    def classes(self) -> tuple[str, ...]:
        return (self.label,)

    @property
    def weight(self) -> float:
        return 0.2 if self.fault in ("blurred", "tiny") else 0.4

    @property
    def notice(self) -> Notice:
        return Notice(f"finding_{self.fault}", label=self.label)


@dataclass(frozen=True)
class NamedFlip:
    """An answer that is another one without a picture.

    Attributes:
        query: whether the picture that is answered is a query; otherwise it is a labelled one that is held out.
        before, after: the answers, by name of the class.
        gain: 1 where it becomes right, -1 where it becomes wrong, 0 where neither or nobody knows.
    """

    picture: Picture
    query: bool
    before: str
    after: str
    gain: int


@dataclass(frozen=True)
class Influence(Finding):
    """What changes without a picture; a finding where more becomes right than wrong."""

    kind: ClassVar[str] = "influence"
    picture: Picture
    label: str
    flips: tuple[NamedFlip, ...]

    @property
    def gain(self) -> int:
        """How many more answers are right without it."""
        return sum(flip.gain for flip in self.flips)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return (self.picture,)

    @property
    def classes(self) -> tuple[str, ...]:
        return (self.label,)

    @property
    def weight(self) -> float:
        return min(0.5, 0.1 * self.gain)

    @property
    def notice(self) -> Notice:
        return Notice("finding_influence", label=self.label, flips=len(self.flips), gain=self.gain)


@dataclass(frozen=True)
class ClassScore(Finding):
    """How many pictures of a class are put into it by the others; a finding where that is worse than elsewhere.

    Attributes:
        count: its pictures.
        right, total: of those that could be held out.
        share: with its interval; None where nothing could be held out.
        taken_for: the class that takes most of the others; "" where none does.
    """

    kind: ClassVar[str] = "weak_class"
    label: str
    count: int
    right: float
    total: int
    share: Interval | None
    taken_for: str

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return ()

    @property
    def classes(self) -> tuple[str, ...]:
        return (self.label,)

    @property
    def weight(self) -> float:
        return 0.5 if self.share is None else 0.7 * (1 - self.share.mean)

    @property
    def notice(self) -> Notice:
        if self.share is None:
            return Notice("finding_alone", label=self.label, count=self.count)
        told = {"right": self.right, "total": self.total, "low": self.share.low, "high": self.share.high}
        if self.taken_for:
            return Notice("finding_taken_for", label=self.label, name=self.taken_for, **told)
        return Notice("finding_weak_class", label=self.label, **told)
