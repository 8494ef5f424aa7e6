"""Figures of a running server in Prometheus' text form: how much, how fast, how large; never whose, nor what of."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fsl_demo.ui.jobs import Job

if TYPE_CHECKING:
    from fsl_demo.ui.page import Page

REQUEST_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
JOB_SECONDS = (0.1, 0.2, 0.5, 1, 2, 4, 6, 10, 30, 60, 300, 1_800)
METHODS = ("GET", "HEAD", "POST")
OTHER = "other"
"""Stands for methods and addresses that the server does not know, so that nobody can make up labels."""


class Metrics:
    """The figures of one page: of requests and jobs that are over, and what is the case when they are asked for."""

    def __init__(self, page: Page) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fsl_demo_requests", "Requests answered", ("method", "route", "status"), registry=self._registry
        )
        self._request_seconds = Histogram(
            "fsl_demo_request_seconds",
            "From a request to the beginning of its answer",
            ("route",),
            buckets=REQUEST_SECONDS,
            registry=self._registry,
        )
        self._jobs = Counter("fsl_demo_jobs_over", "Jobs that are over", ("kind", "state"), registry=self._registry)
        self._waited, self._ran = (
            Histogram(name, text, ("kind",), buckets=JOB_SECONDS, registry=self._registry)
            for name, text in (
                ("fsl_demo_job_wait_seconds", "Jobs that began: how long they waited in line"),
                ("fsl_demo_job_seconds", "Jobs that began and are over: how long they ran"),
            )
        )
        self._registry.register(_Present(page))
        ProcessCollector(registry=self._registry)
        page.jobs.observers.append(self.note_job)

    def text(self) -> bytes:
        """All figures in Prometheus' text form, version 0.0.4."""
        return generate_latest(self._registry)

    def note_job(self, job: Job) -> None:
        """Count a job that is over."""
        self._jobs.labels(job.kind, job.state).inc()
        if job.begun is not None:
            self._waited.labels(job.kind).observe(job.begun - job.asked)
            self._ran.labels(job.kind).observe(time.monotonic() - job.begun)

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request whose answer begins."""
        self._requests.labels(method if method in METHODS else OTHER, route, status).inc()
        self._request_seconds.labels(route).observe(seconds)


class _Present(Collector):
    """What is the case now."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def collect(self) -> Iterator[Metric]:
        jobs = Tally((job.kind, job.state) for job in self._page.jobs.pending())
        shown = GaugeMetricFamily("fsl_demo_jobs", "Jobs that run or wait", labels=("kind", "state"))
        for labels, count in sorted(jobs.items()):
            shown.add_metric(labels, count)
        yield shown
        waiting = sum(count for (_, state), count in jobs.items() if state == "waiting")
        yield GaugeMetricFamily("fsl_demo_jobs_waiting", "Jobs in line", value=waiting)
        yield GaugeMetricFamily("fsl_demo_drafts_open", "Drafts in memory", value=len(self._page.drafts.all()))
        yield GaugeMetricFamily("fsl_demo_ready", "Whether the networks are loaded", value=self._page.ready.is_set())
        features = self._page.features
        for name, text, counts in (
            ("fsl_demo_embedded", "Pictures and texts that went through a network", features.embedded),
            ("fsl_demo_reused", "Pictures and texts whose vectors were kept from before", features.reused),
        ):
            family = CounterMetricFamily(name, text, labels=("network",))
            for network, count in sorted(counts.copy().items()):
                family.add_metric((network,), count)
            yield family


class Measured:
    """Counts what an application answers, by the pattern of its address.

    Args:
        routes: whose addresses are told apart.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Sequence[Route]) -> None:
        self.app, self.metrics = app, metrics
        self._patterns = {route.path: route.path_regex for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds, route = time.monotonic() - began, self._route(scope["path"])
                self.metrics.note_request(scope["method"], route, status=message["status"], seconds=seconds)
            await send(message)

        await self.app(scope, receive, answer)

    def _route(self, path: str) -> str:
        return next((name for name, pattern in self._patterns.items() if pattern.match(path)), OTHER)
