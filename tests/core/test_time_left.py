"""How long work takes from here."""

from __future__ import annotations

import pytest

from fsl_demo.core import time_left
from fsl_demo.core.time_left import TimeLeft


def test_the_time_left_follows_the_pace_of_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time_left.time, "monotonic", lambda: now[0])
    left = TimeLeft()

    def after(seconds: float, stage: str, done: int, total: int) -> float | None:
        now[0] += seconds
        return left.seconds(stage, done, total)

    assert after(0, "embed", done=0, total=12) is None
    assert after(60, "embed", done=2, total=12) is None, "weights were loaded before"
    assert after(1, "embed", done=4, total=12) is None, "too early to say"
    assert after(9, "embed", done=7, total=12) == pytest.approx(10)
    assert after(10, "embed", done=12, total=12) == 0
    assert after(50, "score", done=1, total=11) is None, "another stage begins anew"
    assert after(5, "score", done=6, total=11) == pytest.approx(5)
    assert after(5, "score", done=1, total=11) is None, "and so does the same one"
    assert after(60, "score", done=1, total=11) is None, "nothing more is done"
