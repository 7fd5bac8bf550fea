"""Figures for Prometheus. With several workers they are added up over files that the workers share."""

import os
import time
from collections.abc import Callable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # set before this module is imported, in workers only
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}


class Metrics:
    """Of one service; labels come from the program, never from who asks."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a time beside each figure
        self._registry = of = CollectorRegistry()
        self._requests = Counter(
            "citewell_requests", "Requests answered.", ["method", "route", "status"], registry=of
        )
        self._seconds = Histogram(
            "citewell_request_seconds", "Seconds of a request.", ["route"], buckets=_SECONDS, registry=of
        )
        self._stages = Histogram(
            "citewell_stage_seconds",
            "Seconds of a question by stage.",
            ["stage"],
            buckets=_SECONDS,
            registry=of,
        )
        self._verdicts = Counter("citewell_verdicts", "Answers by verdict.", ["verdict"], registry=of)
        self._states = Counter(
            "citewell_retriever_states",
            "Answers by state of a retriever.",
            ["retriever", "state"],
            registry=of,
        )
        self._cache = Counter("citewell_cache", "Questions looked up among answers.", ["result"], registry=of)
        self._waiting = Gauge(
            "citewell_requests_waiting",
            "Requests that wait for a thread.",
            ["pool"],
            registry=of,
            multiprocess_mode="livesum",
        )
        self._age = Gauge(
            "citewell_snapshot_age_seconds",
            "Since the snapshot was published.",
            registry=of,
            multiprocess_mode="livemax",
        )
        self._jobs = Gauge(
            "citewell_jobs",
            "Jobs that are not finished.",
            ["state"],
            registry=of,
            multiprocess_mode="livemax",
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def stage(self, name: str, seconds: float) -> None:
        self._stages.labels(name).observe(seconds)

    def answered(self, verdict: str, states: Mapping[str, str]) -> None:
        self._verdicts.labels(verdict).inc()
        for retriever, state in states.items():
            self._states.labels(retriever, state).inc()

    def looked_up(self, found: bool) -> None:
        self._cache.labels("hit" if found else "miss").inc()

    def waiting(self, pool: str, requests: int) -> None:
        self._waiting.labels(pool).set(requests)

    def exposed(self, published: float | None, jobs: Mapping[str, int]) -> bytes:
        """All figures, with the age of the snapshot published at that time (seconds since 1970) and the jobs by state."""
        if published is not None:
            self._age.set(max(0.0, time.time() - published))
        for state, count in jobs.items():
            self._jobs.labels(state).set(count)
        if SHARED not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


class Timed:
    """Measures the seconds of a stage: `with Timed(metrics.stage, "embedding")`."""

    def __init__(self, observe: Callable[[str, float], None], name: str) -> None:
        self._observe, self._name = observe, name

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._observe(self._name, time.perf_counter() - self._began)


def forget_worker(process: int) -> None:
    """Leave its gauges out from now on; what it counted stays."""
    mark_process_dead(process)  # type: ignore[no-untyped-call]
