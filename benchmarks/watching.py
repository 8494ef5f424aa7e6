"""What a server and others take of the machine while something is measured, looked at every few seconds."""

from __future__ import annotations

import statistics
import threading
import time
from collections import defaultdict
from typing import Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

SAMPLE = 5.0
"""Seconds between two looks."""
SHOWN = 20
"""Values of memory that are shown."""


class Watching:
    """Looks at a server's process, its children and the processors until it is stopped."""

    def __init__(self, address: str, server: int) -> None:
        self._address, self._server = address, psutil.Process(server)
        self._ended = threading.Event()
        self._samples: list[dict[str, float]] = []
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def summary(self, start: float) -> dict[str, Any]:
        """Megabytes over time, and shares of all processors, from `start` of the monotonic clock on."""
        counted = [sample for sample in self._samples if sample["at"] >= start]
        if len(counted) < 2:
            return {}
        first, last = counted[0], counted[-1]
        capacity = (last["at"] - first["at"]) * (psutil.cpu_count() or 1)
        server, own, everything = ((last[name] - first[name]) / capacity for name in ("server", "own", "all"))
        quarter = max(1, len(counted) // 4)
        megabytes = [sample["megabytes"] for sample in counted]
        return {
            "megabytes, first quarter": round(statistics.median(megabytes[:quarter])),
            "megabytes, last quarter": round(statistics.median(megabytes[-quarter:])),
            "megabytes": [round(value) for value in megabytes[:: max(1, len(megabytes) // SHOWN)]],
            "most jobs in line": max(sample["waiting"] for sample in counted),
            "share of the processors": {
                "server": round(server, 2),
                "people": round(own, 2),
                "others": round(everything - server - own, 2),
            },
        }

    def _look(self) -> None:
        while not self._ended.wait(SAMPLE):
            family = [self._server, *self._server.children(recursive=True)]
            self._samples.append(
                {
                    "at": time.monotonic(),
                    "megabytes": sum(process.memory_full_info().pss for process in family) / 1e6,
                    "server": sum(sum(process.cpu_times()[:2]) for process in family),
                    "own": sum(psutil.Process().cpu_times()[:2]),
                    "all": _busy(),
                    "waiting": figures(self._address)["fsl_demo_jobs_waiting"],
                }
            )


def _busy() -> float:
    """Seconds that all processors worked, what other guests of the host took included."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)


def figures(address: str) -> dict[str, float]:
    """A server's own figures, those with labels summed."""
    read: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(httpx.get(f"{address}/metrics", timeout=60).text):
        for sample in family.samples:
            read[sample.name] += sample.value
    return read
