"""Leave to decode: in the order of asking, as far as pixels have room."""

from __future__ import annotations

import threading
import time

import pytest

from fsl_demo.core.pictures.budget import PixelBudget

SECONDS = 30


def asking(budget: PixelBudget, pixels: int, served: list[int]) -> threading.Thread:
    """A thread that had leave, which it then notes, or waits for it."""

    def ask() -> None:
        with budget.taken(pixels):
            served.append(pixels)

    before, until = len(budget._waiting), time.monotonic() + SECONDS
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    while thread.is_alive() and len(budget._waiting) == before and time.monotonic() < until:
        time.sleep(0.001)
    return thread


def test_pictures_have_leave_together_as_far_as_there_is_room() -> None:
    budget, served = PixelBudget(10), list[int]()
    with budget.taken(6):
        asking(budget, 4, served).join(SECONDS)
        assert served == [4]
        waiting = asking(budget, 5, served)
        assert waiting.is_alive() and served == [4]
    waiting.join(SECONDS)
    assert served == [4, 5]


def test_a_large_one_is_alone_and_gets_its_turn_before_those_that_came_later() -> None:
    budget, served = PixelBudget(10), list[int]()
    with budget.taken(6):
        threads = [asking(budget, pixels, served) for pixels in (40, 1, 2)]
        assert len(budget._waiting) == 3 and not served
    for thread in threads:
        thread.join(SECONDS)
    assert served[0] == 40 and sorted(served) == [1, 2, 40]
    with budget.taken(40):
        assert budget._left == 0


def test_what_fails_gives_its_leave_back() -> None:
    budget = PixelBudget(10)
    with pytest.raises(ZeroDivisionError), budget.taken(40):
        raise ZeroDivisionError
    assert budget._left == 10


def test_what_is_interrupted_while_it_waits_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    budget, served = PixelBudget(10), list[int]()
    with monkeypatch.context() as patch:
        patch.setattr(budget._changed, "wait_for", interrupt)
        with pytest.raises(KeyboardInterrupt), budget.taken(5):
            pytest.fail("it has leave")
    asking(budget, 10, served).join(SECONDS)
    assert served == [10]
