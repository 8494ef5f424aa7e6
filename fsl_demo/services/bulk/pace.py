"""How far a run is, how fast, and how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fsl_demo.services.bulk.parts import Parts


@dataclass(frozen=True)
class Pace:
    """How far a run is.

    Attributes:
        done, total: pictures, those of earlier runs included.
        rate: pictures a second, in this run.
    """

    done: int
    total: int
    rate: float

    @property
    def seconds_left(self) -> float:
        """Until the end, if it goes on as fast."""
        return (self.total - self.done) / self.rate if self.rate else 0.0


OnPace = Callable[[Pace], None]


@dataclass
class Pacing:
    """Tells the pace after each part."""

    done: int
    total: int
    tell: OnPace
    _first: int = field(init=False)
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._first = self.done

    @classmethod
    def of(cls, parts: Parts, missing: Sequence[int], tell: OnPace) -> Pacing:
        """Of a run in which these parts are to be made."""
        return cls(parts.pictures - sum(map(parts.length, missing)), parts.pictures, tell)

    def add(self, pictures: int) -> None:
        """So many more are done."""
        self.done += pictures
        seconds = time.monotonic() - self._began
        self.tell(Pace(self.done, self.total, (self.done - self._first) / max(seconds, 1e-9)))
