"""Work in a thread of its own, told to the page step by step."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Step:
    """How far something is: what is called `title` is at `stage`, `done` of `total`."""

    title: str
    stage: str
    done: int
    total: int


def run(work: Callable[[Callable[[Item], None]], None], name: str) -> Iterator[Item]:
    """Yield what `work` hands over, until it returns; what it raises is raised here."""
    handed: queue.Queue[tuple[Item] | BaseException | None] = queue.Queue()

    def target() -> None:
        try:
            work(lambda item: handed.put((item,)))
            handed.put(None)
        except BaseException as error:
            handed.put(error)

    threading.Thread(target=target, daemon=True, name=name).start()
    while (found := handed.get()) is not None:
        if isinstance(found, BaseException):
            raise found
        yield found[0]
