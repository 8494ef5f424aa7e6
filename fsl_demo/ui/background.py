"""Long work beside the page: it tells how far it is, and Stop ends it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Generic, TypeVar

from fsl_demo.errors import Cancelled

Said = TypeVar("Said")
Given = TypeVar("Given")


@dataclass(frozen=True)
class _End(Generic[Given]):
    result: Given


def run(work: Callable[[Callable[[Said], None]], Given], stop: threading.Event) -> Generator[Said, None, Given]:
    """Run `work(tell)` in a thread; yields what it tells, gives what it returns and raises what it raises.

    Args:
        stop: once set, `tell` raises `Cancelled`.
    """
    steps: queue.Queue[Said | _End[Given] | BaseException] = queue.Queue()

    def tell(step: Said) -> None:
        if stop.is_set():
            raise Cancelled
        steps.put(step)

    def task() -> None:
        try:
            steps.put(_End(work(tell)))
        except BaseException as error:  # handed to the page's thread, which raises it
            steps.put(error)

    stop.clear()
    threading.Thread(target=task, daemon=True, name="background").start()
    while True:
        step = steps.get()
        if isinstance(step, _End):
            return step.result
        if isinstance(step, BaseException):
            raise step
        yield step
