"""How a fine-tuning goes, as the page draws it: the curve so far, the rate and the time left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fsl_demo.training.events import EpochDone, Event, Stepped


@dataclass
class Curve:
    """Of one run; it grows with the run's events.

    Attributes:
        title: what is fine-tuned, on what.
        rows: epoch, loss, training and validation figure.
        rate: the learning rate of the last step.
        judged: whether the receipt has a verdict.
    """

    title: str
    rows: list[dict[str, float]] = field(default_factory=list)
    epoch: int = 0
    epochs: int = 0
    rate: float = 0.0
    pictures_per_second: float = 0.0
    seconds_left: float = 0.0
    judged: bool = False

    def take(self, event: Event) -> None:
        """Go on with what a training tells."""
        if isinstance(event, Stepped):
            self.epoch, self.epochs, self.rate = event.epoch, event.epochs, event.rate
            self.seconds_left = event.seconds_left
        elif isinstance(event, EpochDone):
            row = {"epoch": event.epoch, "loss": event.loss}
            self.rows.append(row | {"training": event.training, "validation": event.validation})
            self.epoch, self.epochs, self.rate = event.epoch, event.epochs, event.rate
            self.seconds_left, self.pictures_per_second = event.seconds_left, event.pictures_per_second

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the page's script."""
        return {
            "title": self.title,
            "rows": [{name: round(value, 5) for name, value in row.items()} for row in self.rows],
            "epoch": self.epoch,
            "epochs": self.epochs,
            "rate": self.rate,
            "pictures_per_second": round(self.pictures_per_second),
            "seconds_left": round(self.seconds_left),
            "judged": self.judged,
        }
