"""Long work on the server: it outlives a reload, a second tab and a lost connection, waits in line, and can be stopped."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from fsl_demo import runtime
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.time_left import TimeLeft

AT_ONCE = 2
TURN = 2.0
"""Seconds after which a job that can give way does so, if others wait."""
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
        long: whether it may take minutes without giving way.
        asked, begun: when it came and when it began, of the monotonic clock; None before it begins.
    """

    kind: str
    draft: str
    title: str
    work: Callable[[Job], None]
    report: Callable[[], None]
    after: Callable[[], None] = lambda: None
    long: bool = False
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
    _turn: threading.Event = field(default_factory=threading.Event)
    _turn_began: float = 0.0
    _wait_in_line: Callable[[], None] = lambda: None

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

    def give_way(self) -> None:
        """Let those in line go first where this job had its turn; called while no lock is held."""
        if time.monotonic() - self._turn_began > TURN:
            self._wait_in_line()

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

    One place is kept free of long jobs, so that the others have to wait for none.

    Attributes:
        observers: told each job that is over; they must be quick.
    """

    def __init__(self) -> None:
        self.observers: list[Callable[[Job], None]] = []
        self._jobs: dict[str, Job] = {}
        self._line: list[Job] = []
        self._lock = threading.RLock()
        self._begun: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._idle = 0  # threads that wait for a job that begins; memory that one has used is the next job's

    def start(self, job: Job) -> Job:
        """Put a job in line; one of the same kind and draft that is not over yet is stopped."""
        job._wait_in_line = lambda: self._wait_in_line(job)
        with self._lock:
            for other in self._of(job.draft):
                if other.kind == job.kind:
                    if not other.is_over:
                        self._stop(other)
                    else:
                        del self._jobs[other.id]
            self._jobs[job.id] = job
            self._line.append(job)
            changed = self._let_in()
        for other in {job.id: job, **changed}.values():
            other.tell()
        return job

    def stop(self, draft: str, job_id: str) -> None:
        """Stop a job of a draft; one that has not begun is over at once."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.draft == draft:
                self._stop(job)
        if job is not None:
            job.tell()

    def dismiss(self, draft: str, job_id: str) -> None:
        """Forget a job that is over."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.draft == draft and job.is_over:
                del self._jobs[job_id]
        if job is not None:
            job.tell()

    def of(self, draft: str) -> list[Job]:
        with self._lock:
            return self._of(draft)

    def pending(self) -> list[Job]:
        """Those that run or wait."""
        with self._lock:
            return [job for job in self._jobs.values() if not job.is_over]

    def _of(self, draft: str) -> list[Job]:
        return [job for job in self._jobs.values() if job.draft == draft]

    def _stop(self, job: Job) -> None:
        job.stop()
        if job not in self._line:
            return
        self._line.remove(job)
        if job.begun is None:
            job.state = "stopped"
            job.after()
            self._observe(job)
            self._let_in()
        else:
            self._begin(job)  # one more for a moment: it ends where it next tells how far it is

    def _let_in(self) -> dict[str, Job]:
        """Begin what there is room for; gives those of which a page shows something else now, by id."""
        begun: dict[str, Job] = {}
        while (job := self._next()) is not None:
            self._line.remove(job)
            self._begin(job)
            begun[job.id] = job
        for place, job in enumerate(self._line):
            job.place = place + len(self._running()) - AT_ONCE + 1
        return begun | {job.id: job for job in self._line} if begun else {}

    def _next(self) -> Job | None:
        """The first job in line that does not have to wait for one of its own kind, which is stopped, to end, nor, being
        long, for another long one; none where all places are taken."""
        running = self._running()
        if len(running) >= AT_ONCE:
            return None
        kinds, long = {(job.draft, job.kind) for job in running}, sum(job.long for job in running)
        return next(
            (
                job
                for job in self._line
                if (job.draft, job.kind) not in kinds and not (job.long and long >= AT_ONCE - 1)
            ),
            None,
        )

    def _running(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.state == "running"]

    def _begin(self, job: Job) -> None:
        job.state, job._turn_began = "running", time.monotonic()
        if job.begun is not None:
            job._turn.set()
            return
        job.begun = job._turn_began
        self._begun.put(job)
        if self._idle:
            self._idle -= 1
        else:
            threading.Thread(target=self._work, daemon=True, name="jobs").start()

    def _wait_in_line(self, job: Job) -> None:
        """Let the others in line go first, and come back when it is this job's turn again."""
        with self._lock:
            if job.is_stopped or not self._line:
                return
            job._turn.clear()
            job.state = "waiting"
            self._line.append(job)
            changed = self._let_in()
        for other in {job.id: job, **changed}.values():
            other.tell()
        job._turn.wait()

    def _work(self) -> None:
        while True:
            job = self._begun.get()
            job.tell()
            self._carry_out(job)
            with self._lock:
                self._idle += 1
                changed = self._let_in()
            for other in {job.id: job, **changed}.values():
                other.tell()
            del job, changed  # what they hold is let go while the thread waits

    def _carry_out(self, job: Job) -> None:
        state: State = "failed"
        try:
            with runtime.memory_trouble():
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
