"""Long work on the server: it outlives a reload, a second tab and a lost connection, waits in line, and can be stopped."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.time_left import TimeLeft

AT_ONCE = 2
PAUSE = 0.2
"""Seconds between two reports of how far a job is."""

State = Literal["waiting", "running", "done", "stopped", "failed"]


@dataclass(frozen=True)
class Step:
    """How far a job is: what is called `title` is at `stage`, `done` of `total`, `seconds_left` before its end."""

    title: str
    stage: str
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the text (by key) that says how many things, and the name of a file in the exports, if any."""

    text: str
    count: int
    file: str = ""


@dataclass
class Job:
    """Work of one draft.

    Attributes:
        kind: the name of its request.
        title: key of a text that says what it is.
        place: how many jobs are before it in line.
        errors: what went wrong or was left out, for people in any language.
        trouble: an error that nobody foresaw.
        outcome: what came of it, where that is not on view anyway.
        after: called once it is over, however it ends.
        asked, begun: when it came and when it began, of the monotonic clock; None before it begins.
    """

    kind: str
    draft: str
    title: str
    work: Callable[[Job], None]
    report: Callable[[], None]
    after: Callable[[], None] = lambda: None
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    state: State = "waiting"
    place: int = 0
    step: Step | None = None
    errors: list[UserError] = field(default_factory=list)
    trouble: str = ""
    outcome: Outcome | None = None
    asked: float = field(default_factory=time.monotonic)
    begun: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _reported: float = 0.0

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "stopped", "failed")

    @property
    def is_stopped(self) -> bool:
        return self._stop.is_set()

    def progress(self, title: str) -> Callable[[str, int, int], None]:
        """A `Progress` of what is called `title`; it raises `Cancelled` once the job was stopped."""

        left = TimeLeft()

        def tell(stage: str, done: int, total: int) -> None:
            if self._stop.is_set():
                raise Cancelled
            seconds = left.seconds(stage, done, total)
            self.step = Step(title, stage=stage, done=done, total=total, seconds_left=seconds)
            if time.monotonic() - self._reported > PAUSE:
                self._reported = time.monotonic()
                self.tell()

        return tell

    def stop(self) -> None:
        self._stop.set()

    def tell(self) -> None:
        """Let pages know how far it is; the work goes on when they cannot be told."""
        try:
            self.report()
        except Exception as error:
            logging.getLogger(__name__).exception("a job could not be shown", exc_info=error)


class Jobs:
    """The jobs of all drafts: a few at once, the others in the order in which they came.

    Attributes:
        observers: told each job that is over; they must be quick.
    """

    def __init__(self) -> None:
        self.observers: list[Callable[[Job], None]] = []
        self._jobs: dict[str, Job] = {}
        self._line: list[Job] = []
        self._changed = threading.Condition()
        for number in range(AT_ONCE):
            threading.Thread(target=self._run, daemon=True, name=f"jobs-{number}").start()

    def start(self, job: Job) -> Job:
        """Put a job in line; one of the same kind and draft that is not over yet is stopped."""
        with self._changed:
            for other in self._of(job.draft):
                if other.kind == job.kind:
                    if not other.is_over:
                        self._stop(other)
                    else:
                        del self._jobs[other.id]
            self._jobs[job.id] = job
            self._line.append(job)
            self._count()
            self._changed.notify()
        job.tell()
        return job

    def stop(self, draft: str, job_id: str) -> None:
        """Stop a job of a draft; one that still waits is over at once."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is not None and job.draft == draft:
                self._stop(job)
        if job is not None:
            job.tell()

    def dismiss(self, draft: str, job_id: str) -> None:
        """Forget a job that is over."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is not None and job.draft == draft and job.is_over:
                del self._jobs[job_id]
        if job is not None:
            job.tell()

    def of(self, draft: str) -> list[Job]:
        with self._changed:
            return self._of(draft)

    def pending(self) -> list[Job]:
        """Those that run or wait."""
        with self._changed:
            return [job for job in self._jobs.values() if not job.is_over]

    def _of(self, draft: str) -> list[Job]:
        return [job for job in self._jobs.values() if job.draft == draft]

    def _stop(self, job: Job) -> None:
        job.stop()
        if job in self._line:
            self._line.remove(job)
            job.state = "stopped"
            job.after()
            self._observe(job)
            self._count()

    def _next(self) -> Job | None:
        """The first job in line that does not have to wait for one of its own kind, which is stopped, to end."""
        running = {(job.draft, job.kind) for job in self._jobs.values() if job.state == "running"}
        return next((job for job in self._line if (job.draft, job.kind) not in running), None)

    def _count(self) -> None:
        for place, job in enumerate(self._line):
            job.place = place + sum(other.state == "running" for other in self._jobs.values()) - AT_ONCE + 1

    def _run(self) -> None:
        while True:
            with self._changed:
                while (job := self._next()) is None:
                    self._changed.wait()
                self._line.remove(job)
                job.state, job.begun = "running", time.monotonic()
                self._count()
                waiting = list(self._line)
            for other in [job, *waiting]:
                other.tell()
            self._carry_out(job)
            with self._changed:
                self._count()
                self._changed.notify_all()
            job.tell()

    def _carry_out(self, job: Job) -> None:
        state: State = "failed"
        try:
            job.work(job)
            state = "done"
        except Cancelled:
            state = "stopped"
        except UserError as error:
            job.errors.append(error)
        except Exception as error:
            logging.getLogger(__name__).exception("a job failed", exc_info=error)
            job.trouble = f"{type(error).__name__}: {error}"
        job.after()
        job.state = state
        self._observe(job)

    def _observe(self, job: Job) -> None:
        for observer in self.observers:
            observer(job)
