"""What a monitor gets: whether the server is well, and figures in which nobody's names are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from fsl_demo.core.errors import UserError
from fsl_demo.services import predict
from fsl_demo.services.fitted import Fits
from fsl_demo.ui import warming
from fsl_demo.ui.metrics import Measured
from fsl_demo.ui.page import Page
from fsl_demo.ui.security import guarded
from fsl_demo.ui.security.addresses import Addresses
from fsl_demo.ui.server import Reach, routes_of
from tests.ui.conftest import Browser, gated, until

OWN = "http://127.0.0.1:7860"
TOKEN = "0123456789abcdef" * 4


def served(page: Page, accounts: Any = None, token: str = "") -> TestClient:
    """The page behind its gate, as `running` puts it."""
    app = routes_of(page, accounts)
    gate = guarded(app, Addresses.of("127.0.0.1", 7860), accounts=accounts, token=token)
    return TestClient(Measured(gate, page.metrics, app.state.routes), base_url=OWN, raise_server_exceptions=False)


def figures(page: Page) -> dict[str, dict[tuple[str, ...], float]]:
    """By name, each value by those labels that are no bucket's bound."""
    read: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(page.metrics.text().decode()):
        for sample in family.samples:
            read.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return read


def test_live_at_once_and_ready_once_the_networks_are_loaded(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    client = served(page)
    assert client.get("/healthz/live").json() == {"live": True}
    assert (client.get("/healthz").status_code, client.get("/healthz").json()["ready"]) == (503, False)
    assert figures(page)["fsl_demo_ready"] == {(): 0}
    monkeypatch.setattr(warming, "proposed", lambda methods, pictures: [])
    warming.start(page).join()
    assert (client.get("/healthz").status_code, client.get("/healthz").json()["ready"]) == (200, True)

    def damaged(draft: str) -> None:
        raise UserError("workspace_damaged", folder="w", reason="r")

    monkeypatch.setattr(page.workspace.drafts, "revision", damaged)
    assert client.get("/healthz").status_code == 503


def test_requests_are_counted_by_pattern_and_what_nobody_knows_as_other(page: Page) -> None:
    client = served(page)
    client.get("/workbench/pictures/abc/thumbnail")
    client.get("/workbench/pictures/def/thumbnail")
    client.get("/workbench/a-secret-name")
    client.request("BREW", "/coffee")
    client.get("/metrics", headers={"Host": "evil.example"})
    counted = figures(page)["fsl_demo_requests_total"]
    assert counted == {
        ("GET", "/workbench/pictures/{sha256}/thumbnail", "404"): 2,
        ("GET", "other", "404"): 1,
        ("other", "other", "404"): 1,
        ("GET", "/metrics", "400"): 1,
    }
    assert figures(page)["fsl_demo_request_seconds_count"][("/workbench/pictures/{sha256}/thumbnail",)] == 2
    assert "secret" not in page.metrics.text().decode()


def test_jobs_are_counted_while_they_run_and_when_they_are_over(
    filled: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "fits", Fits())
    method = filled.page.registry.methods["prototype"]
    with gated(method) as gate:
        job = filled.start("predict")
        assert job is not None and method.at_gate.wait(30)  # type: ignore[attr-defined]
        assert figures(filled.page)["fsl_demo_jobs"] == {("predict", "running"): 1}
        gate.set()
        until(lambda: job.is_over, "the end")
    until(lambda: bool(figures(filled.page).get("fsl_demo_jobs_over_total")), "the count")
    read = figures(filled.page)
    assert read["fsl_demo_jobs_over_total"] == {("predict", "done"): 1}
    assert read["fsl_demo_job_seconds_count"] == read["fsl_demo_job_wait_seconds_count"] == {("predict",): 1}
    assert read["fsl_demo_job_seconds_sum"][("predict",)] > 0
    assert read["fsl_demo_jobs_waiting"] == {(): 0} and "fsl_demo_jobs" not in read


def test_a_job_that_never_began_is_counted_and_has_no_seconds(page: Page) -> None:
    from tests.ui.test_jobs import Work, job

    gate = threading.Event()
    running = [page.jobs.start(job(Work(gate), f"kind {number}")) for number in range(2)]
    waiting = page.jobs.start(job(Work(gate), "late"))
    until(lambda: all(other.state == "running" for other in running), "both slots")
    assert figures(page)["fsl_demo_jobs_waiting"] == {(): 1}
    page.jobs.stop("d", waiting.id)
    assert figures(page)["fsl_demo_jobs_over_total"] == {("late", "stopped"): 1}
    assert "fsl_demo_job_seconds_count" not in figures(page)
    gate.set()


def test_pictures_and_memory(page: Page) -> None:
    page.features.embedded["lite0"] += 3
    page.features.reused["lite0"] += 5
    read = figures(page)
    assert read["fsl_demo_embedded_total"] == {("lite0",): 3} and read["fsl_demo_reused_total"] == {("lite0",): 5}
    assert read["process_resident_memory_bytes"][()] > 1e6


def test_figures_are_for_accounts_and_for_whoever_has_the_token(page: Page) -> None:
    accounts = page.workspace.accounts
    client = served(page, accounts, TOKEN)
    assert client.get("/healthz/live").status_code == 200 and client.get("/healthz").status_code == 503
    assert client.get("/metrics").status_code == 401
    for sent in ("", "Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", f"Bearer {TOKEN}é"):
        assert client.get("/metrics", headers={"Authorization": sent.encode()}).status_code == 401, sent
    right = {"Authorization": f"Bearer {TOKEN}"}
    answer = client.get("/metrics", headers=right)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert client.get("/workbench/texts.js", headers=right).status_code == 401
    assert client.get("/metrics", headers={**right, "Origin": "https://evil.example"}).status_code == 403
    ada = accounts.add("Ada", "annotator", "correct horse battery")
    client.cookies.set("fsl_session", accounts.open_session(ada))
    assert client.get("/metrics").status_code == 200


def test_without_a_token_nobody_reads_figures_by_an_empty_one(page: Page) -> None:
    client = served(page, page.workspace.accounts)
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


@pytest.mark.parametrize(
    "write",
    [
        lambda file: None,
        lambda file: file.write_text("short"),
        lambda file: file.write_text("é" * 40),
        lambda file: file.write_text("two\nlines" * 8),
    ],
    ids=["none", "short", "not ASCII", "lines"],
)
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, write: Callable[[Path], Any]) -> None:
    file = tmp_path / "token"
    write(file)
    with pytest.raises(UserError, match="openssl rand") as error:
        Reach(metrics_token=file).check()
    assert error.value.code == "metrics_token"


def test_a_token_is_the_file_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert Reach(metrics_token=file).token() == TOKEN
