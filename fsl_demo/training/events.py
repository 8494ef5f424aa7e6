"""What a training tells while it runs. The command line and the page draw the same events.

`str(event)` is a line of English for those that are worth one in a log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fsl_demo.core.errors import Cancelled


@dataclass(frozen=True)
class Progressed:
    """How far a stage before or after the epochs is, as of `core.episodes.Progress`."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Stepped:
    """A step is done; both numbers count from 1.

    Attributes:
        loss: of this step's batch.
        rate: the learning rate of this step.
        seconds_left: until the last epoch's end, if the steps go on as fast.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    rate: float
    seconds_left: float

    def __str__(self) -> str:
        steps = f"step {self.step}/{self.steps}"
        return f"epoch {self.epoch}/{self.epochs}  {steps}  loss {self.loss:.4f}  {clock(self.seconds_left)} left"


@dataclass(frozen=True)
class EpochDone:
    """An epoch is done and validated.

    Attributes:
        loss: mean of its steps.
        training, validation: figures, the higher the better; what they are says the task.
        is_best: whether no earlier epoch did better in validation.
    """

    epoch: int
    epochs: int
    loss: float
    rate: float
    training: float
    validation: float
    is_best: bool
    pictures_per_second: float
    seconds_left: float

    def __str__(self) -> str:
        return (
            f"epoch {self.epoch}/{self.epochs}  loss {self.loss:.4f}  training {self.training:.2%}  validation"
            f" {self.validation:.2%}  {self.pictures_per_second:.0f} pictures/s  {clock(self.seconds_left)} left"
        )


@dataclass(frozen=True)
class Note:
    """What else a person may want to know, such as that an earlier run is taken up."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Finished:
    """The checkpoint is written; the last event of a training that was not stopped.

    Attributes:
        folder: of the checkpoint, with all its versions.
        version: the number of the one that was written.
        seconds: that the epochs took.
        best_epoch: counted from 1.
        figure: of validation, at the best epoch.
    """

    folder: Path
    version: int
    seconds: float
    best_epoch: int
    figure: float

    def __str__(self) -> str:
        return f"{self.folder}: {self.figure:.2%} in epoch {self.best_epoch}, {clock(self.seconds)} of training"


@dataclass(frozen=True)
class Stopped:
    """The training was stopped, and goes on after `epochs` whole epochs when it is started again; the last event."""

    epochs: int

    def __str__(self) -> str:
        return f"stopped after epoch {self.epochs}; the same training goes on from there"


Event = Progressed | Stepped | EpochDone | Note | Finished | Stopped
OnEvent = Callable[[Event], None]
Stop = Callable[[], bool]
"""Whether to stop, such as `threading.Event().is_set`; asked between steps and between the parts of a stage."""


def never() -> bool:
    """A `Stop` for a training that runs to its end."""
    return False


def silent(event: Event) -> None:
    """An `OnEvent` that shows nothing."""


@dataclass(frozen=True)
class Reporter:
    """Where events go, and who may stop the training."""

    on_event: OnEvent
    stop: Stop = never

    def progress(self, stage: str, done: int, total: int) -> None:
        """A `Progress`.

        Raises:
            Cancelled: the training was stopped.
        """
        if self.stop():
            raise Cancelled
        self.on_event(Progressed(stage, done, total))

    def note(self, text: str) -> None:
        self.on_event(Note(text))


def clock(seconds: float) -> str:
    """Minutes and seconds, and hours where there are some."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours}:{minutes_left:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
