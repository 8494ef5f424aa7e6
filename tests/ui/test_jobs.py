"""Jobs: two at once, the others in line with their place, stopped one by one; whatever goes wrong is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
import torch

from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.ui import jobs as jobs_module
from fsl_demo.ui.jobs import AT_ONCE, Job, Jobs, Outcome
from fsl_demo.ui.live import Live
from fsl_demo.ui.tabs import TABS
from fsl_demo.ui.tabs.collection import Episodes
from fsl_demo.ui.tabs.workbench import Predict
from tests.ui.conftest import PATIENCE, Browser, Paint, until


class Work:
    """Work that waits for its gate.

    Attributes:
        begun: set when it is being done.
    """

    def __init__(self, gate: threading.Event) -> None:
        self.gate, self.begun = gate, threading.Event()

    def __call__(self, job: Job) -> None:
        self.begun.set()
        assert self.gate.wait(PATIENCE)
        job.progress("it")("write", 1, 1)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def job(work: Callable[[Job], None], kind: str = "work", draft: str = "d", report: Callable[[], None] = int) -> Job:
    return Job(kind, draft, title="predict", work=work, report=report)


class Batches:
    """Work of two batches that gives way between them; each batch waits for its gate."""

    def __init__(self) -> None:
        self.gates = threading.Event(), threading.Event()
        self.begun = threading.Event(), threading.Event()

    def __call__(self, job: Job) -> None:
        for gate, begun in zip(self.gates, self.begun, strict=True):
            begun.set()
            assert gate.wait(PATIENCE)
            job.progress("it")("embed", 1, 2)
            if not self.begun[1].is_set():
                job.give_way()


def over(*jobs: Job) -> None:
    for job in jobs:
        until(lambda job=job: job.is_over, f"end of {job.kind}")  # type: ignore[misc]


def test_jobs_wait_in_line_and_know_their_place(gate: threading.Event) -> None:
    jobs, works = Jobs(), [Work(gate) for _ in range(AT_ONCE + 3)]
    started = [jobs.start(job(work, f"kind {n}")) for n, work in enumerate(works)]
    for work in works[:AT_ONCE]:
        assert work.begun.wait(PATIENCE)
    until(lambda: [item.place for item in started[AT_ONCE:]] == [1, 2, 3], "places in line")
    assert [item.state for item in started] == ["running"] * AT_ONCE + ["waiting"] * 3
    jobs.stop("d", started[AT_ONCE].id)
    assert started[AT_ONCE].state == "stopped" and [item.place for item in started[AT_ONCE + 1 :]] == [1, 2]
    gate.set()
    over(*started)
    assert [item.state for item in started] == ["done", "done", "stopped", "done", "done"]
    assert not works[AT_ONCE].begun.is_set()


def test_long_jobs_leave_a_place_free(gate: threading.Event) -> None:
    jobs, works = Jobs(), [Work(gate) for _ in range(4)]
    started = [job(work, f"kind {n}") for n, work in enumerate(works)]
    started[0].long = started[1].long = True
    for item in started:
        jobs.start(item)
    assert works[0].begun.wait(PATIENCE) and works[2].begun.wait(PATIENCE)
    assert [item.state for item in started] == ["running", "waiting", "running", "waiting"]
    assert (started[1].place, started[3].place) == (1, 2)
    gate.set()
    over(*started)
    assert {item.state for item in started} == {"done"}


def test_a_job_that_had_its_turn_lets_the_others_go_first(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "TURN", 0.0)
    jobs, large, small = Jobs(), Batches(), [Work(gate), Work(gate), Work(gate)]
    blocking = jobs.start(job(small[0], "blocking"))
    first = jobs.start(job(large, "large"))
    assert large.begun[0].wait(PATIENCE)
    later = [jobs.start(job(work, f"small {n}")) for n, work in enumerate(small[1:])]
    assert [item.state for item in (blocking, first, *later)] == ["running", "running", "waiting", "waiting"]
    large.gates[0].set()
    assert small[1].begun.wait(PATIENCE)
    until(lambda: (first.state, first.place, later[1].place) == ("waiting", 2, 1), "the large one in line")
    assert not large.begun[1].is_set()
    gate.set()
    assert large.begun[1].wait(PATIENCE)
    large.gates[1].set()
    over(blocking, first, *later)
    assert {item.state for item in (blocking, first, *later)} == {"done"}


def test_a_job_keeps_its_turn_where_nobody_waits_and_for_a_while(gate: threading.Event) -> None:
    jobs, large = Jobs(), Batches()
    first, other = jobs.start(job(large, "large")), jobs.start(job(Work(gate), "other"))
    waiting = jobs.start(job(Work(gate), "waiting"))
    large.gates[0].set()
    assert large.begun[1].wait(PATIENCE)
    assert (first.state, waiting.state) == ("running", "waiting")
    large.gates[1].set()
    gate.set()
    over(first, other, waiting)


def test_a_job_that_gave_way_is_stopped_without_waiting_for_its_turn(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "TURN", 0.0)
    jobs, large, works = Jobs(), Batches(), [Work(gate) for _ in range(2)]
    jobs.start(job(works[0], "blocking"))
    first = jobs.start(job(large, "large"))
    assert large.begun[0].wait(PATIENCE)
    jobs.start(job(works[1], "small"))
    large.gates[0].set()
    until(lambda: first.state == "waiting", "the large one in line")
    large.gates[1].set()
    jobs.stop("d", first.id)
    over(first)
    assert first.state == "stopped" and not gate.is_set()


def test_one_job_after_the_other_runs_in_the_same_thread() -> None:
    jobs, threads = Jobs(), list[int]()
    for n in range(3):
        over(jobs.start(job(lambda _: threads.append(threading.get_ident()), f"kind {n}")))
        until(lambda: jobs._idle == 1, "the thread to be free")
    assert len(threads) == 3 and len(set(threads)) == 1


def test_a_running_job_is_stopped_where_it_tells_how_far_it_is(gate: threading.Event) -> None:
    jobs, work = Jobs(), Work(gate)
    started = jobs.start(job(work))
    assert work.begun.wait(PATIENCE)
    jobs.stop("another draft", started.id)
    assert not started.is_stopped
    jobs.stop("d", started.id)
    jobs.stop("d", "no such job")
    gate.set()
    over(started)
    assert started.state == "stopped"


def test_the_same_work_asked_for_again_takes_the_place_of_the_first(gate: threading.Event) -> None:
    jobs, works = Jobs(), [Work(gate) for _ in range(4)]
    other = jobs.start(job(works[3], draft="other"))
    first = jobs.start(job(works[0]))
    for work in (works[3], works[0]):
        assert work.begun.wait(PATIENCE)
    second = jobs.start(job(works[1]))
    assert first.is_stopped
    third = jobs.start(job(works[2]))
    assert second.state == "stopped" and not other.is_stopped
    gate.set()
    over(first, third, other)
    assert (third.state, other.state) == ("done", "done")
    fourth = jobs.start(job(lambda _: None))
    over(fourth)
    assert third not in jobs.of("d") and fourth in jobs.of("d")


def test_only_a_job_that_is_over_is_dismissed(gate: threading.Event) -> None:
    jobs = Jobs()
    started = jobs.start(job(Work(gate)))
    jobs.dismiss("d", started.id)
    assert jobs.of("d") == [started]
    gate.set()
    over(started)
    jobs.dismiss("another draft", started.id)
    assert jobs.of("d") == [started]
    jobs.dismiss("d", started.id)
    assert jobs.of("d") == []


def _cancelled(job: Job) -> None:
    raise Cancelled


def _refused(job: Job) -> None:
    raise UserError("no_queries")


def _broken(job: Job) -> None:
    raise ZeroDivisionError("oh")


def _full(*_: object, **__: object) -> NoReturn:
    raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.mark.parametrize(
    ("work", "state", "errors", "trouble"),
    [
        (_cancelled, "stopped", [], ""),
        (_refused, "failed", ["no_queries"], ""),
        (_full, "failed", ["memory_short"], ""),
        (_broken, "failed", [], "ZeroDivisionError: oh"),
    ],
)
def test_how_a_job_ends(work: Any, state: str, errors: list[str], trouble: str) -> None:
    started = Jobs().start(job(work))
    over(started)
    assert (started.state, [error.code for error in started.errors], started.trouble) == (state, errors, trouble)


def test_jobs_go_on_when_a_page_cannot_be_told() -> None:
    def broken() -> None:
        raise ZeroDivisionError("oh")

    jobs = Jobs()
    for n in range(AT_ONCE + 1):
        jobs.start(job(lambda _: None, f"kind {n}", report=broken))
    over(*jobs.of("d"))
    last = jobs.start(job(lambda _: None, "last"))
    over(last)
    assert {item.state for item in jobs.of("d")} == {"done"}


# --- on the page ---------------------------------------------------------------------------------------------------


def test_where_the_memory_does_not_suffice_the_page_says_so_and_goes_on(
    filled: Browser, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "There is not enough memory for this (cpu)."
    with monkeypatch.context() as patch:
        patch.setattr(filled.page.registry.methods["prototype"], "fit", _full)
        assert filled.predict()["state"] == "done" and told in filled.notice  # the other method has answered
    with monkeypatch.context() as patch:
        patch.setattr(Predict, "work", _full)
        assert filled.predict() == {} and told in filled.notice
    with monkeypatch.context() as patch:
        patch.setattr(Episodes, "html", _full)
        assert filled.panel("episodes") == "" and told in filled.notice
    live = Live(filled.page)
    monkeypatch.setattr(live, "_classifier", _full)
    with pytest.raises(UserError, match="not enough memory"):
        live.answer(filled.context, paint("frame.png", (5, 5, 205)).read_bytes())


def test_a_job_in_line_says_its_place_and_outlives_a_reload(filled: Browser, gate: threading.Event) -> None:
    works = [Work(gate) for _ in range(AT_ONCE)]
    for n, work in enumerate(works):
        filled.page.jobs.start(job(work, f"kind {n}", "another draft"))
        assert work.begun.wait(PATIENCE)
    started = filled.start("predict")
    assert started is not None
    assert filled.shown_job(started.id)["text"] == "waits in line, place 1"
    reloaded = Browser(filled.page, draft=filled.draft, language="zh-TW")
    assert reloaded.shown_job(started.id)["state"] == "waiting"
    gate.set()
    assert reloaded.ended(started)["state"] == "done" and filled.ended(started)["title"] == "Predict"
    filled.page.jobs.dismiss(filled.draft, started.id)
    filled.look()
    assert filled.parts["data:jobs"] == []


def test_progress_says_how_far_it_is(filled: Browser) -> None:
    begun, gate = threading.Event(), threading.Event()

    def work(job: Job) -> None:
        job.progress("Prototype")("embed", 3, 12)
        begun.set()
        assert gate.wait(PATIENCE)
        job.outcome = Outcome("exported", 2, "file.zip")

    context = filled.context
    started = filled.page.jobs.start(
        Job("export", filled.draft, title="export", work=work, report=lambda: context.page.refresh_jobs(context.draft))
    )
    assert begun.wait(PATIENCE)
    shown = filled.shown_job(started.id)
    assert (shown["text"], shown["share"], shown["state"]) == (
        "Prototype · embedding pictures: 3 of 12",
        0.25,
        "running",
    )
    gate.set()
    shown = filled.ended(started)
    assert (shown["text"], shown["file"]) == ("Exported episodes: 2. Download:", "file.zip")


def test_an_unexpected_error_of_a_job_is_a_sentence_and_the_page_stays_usable(
    filled: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    with monkeypatch.context() as patch:
        patch.setattr(filled.page.registry.methods["prototype"], "fit", broken)
        assert filled.predict()["state"] == "failed"
    assert filled.notice == "Something went wrong, and nothing was lost: ZeroDivisionError: oh"
    with monkeypatch.context() as patch:
        patch.setattr(Predict, "work", broken)
        assert filled.predict() == {}
    assert "ZeroDivisionError: oh" in filled.notice
    assert filled.predict()["state"] == "done" and filled.answers == ["red", "blue", "red"]


def test_an_unexpected_error_of_a_panel_or_an_opening_is_a_sentence(
    filled: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> str:
        raise ZeroDivisionError("oh")

    draft = filled.draft
    for kind, asked in (
        *((request, request.request_name()) for tab in TABS for request in tab.requests if hasattr(request, "html")),
        *((request, request.request_name()) for tab in TABS for request in tab.requests if hasattr(request, "open")),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(kind, "html" if hasattr(kind, "html") else "open", broken)
            values = _values(filled, kind.model_fields)
            if hasattr(kind, "html"):
                assert filled.panel(asked, **values) == "", asked
            else:
                filled.open(asked, **values)
        assert filled.notice == "Something went wrong, and nothing was lost: ZeroDivisionError: oh", asked
        assert filled.draft == draft
    assert filled.predict()["state"] == "done"


def _values(browser: Browser, fields: dict[str, Any]) -> dict[str, Any]:
    """Something for each field that must be given."""
    first, query = browser.document.classes[0], browser.document.queries[0]
    known = {"query": query, "picture": query, "key": first.key, "box": (0, 0, 1, 1), "number": 2}
    return {name: known.get(name, "prototype") for name, spec in fields.items() if spec.is_required()}


def test_what_is_not_understood_is_told(filled: Browser) -> None:
    for ask in (filled.panel, filled.open, filled.start):
        ask("no_such_thing")
        assert "not understood (no_such_thing: unknown)" in filled.notice
    filled.panel("details", query="not a hash")
    assert "not understood (details: query" in filled.notice
    assert filled.job("sorted_pictures", minimum=2) == {} and "not understood (sorted_pictures" in filled.notice
