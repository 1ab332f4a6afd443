"""Request durations by route, collected from all web processes for `/metrics`.

With several processes each writes its counts into files of a folder that the supervisor empties at a start; the
library decides so by an environment variable when it is imported.
"""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, multiprocess, values

REGISTRY = CollectorRegistry()
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
REQUESTS = Histogram(
    "hydroml_request_seconds",
    "Time to answer a request, by route and status class.",
    ("route", "status"),
    buckets=BUCKETS,
    registry=REGISTRY,
)


def init_app(app: Flask) -> None:
    """Attach the clock."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def stop(response: Response) -> Response:
        started: float | None = g.pop("started", None)
        if started is not None:
            status = f"{response.status_code // 100}xx"
            REQUESTS.labels(request.endpoint or "none", status).observe(time.perf_counter() - started)
        return response


def registry_of_all_processes() -> CollectorRegistry:
    """Return the counts of every web process, or of this one where it is alone."""
    if not isinstance(values.ValueClass, type) or values.ValueClass is values.MutexValue:
        return REGISTRY
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # the library says no types here
    return together
