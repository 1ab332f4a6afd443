"""The `/metrics` endpoint for Prometheus, for local programs or with an admin's token."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from app.domain.errors import UnauthorizedError
from app.domain.vocabulary import Role
from app.services.system import measures
from app.services.system.measures import SystemMeasures
from app.web.request_times import registry_of_all_processes
from app.web.sessions import authenticate_token

blueprint = Blueprint("metrics", __name__)
# A proxy on this machine speaks for somebody elsewhere.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via")


@blueprint.get("/metrics")
def show() -> Response:
    """Return all metrics in the text format."""
    _refuse_strangers()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(MeasuresCollector(measures.current_measures()))
    text = generate_latest(registry_of_all_processes()) + generate_latest(registry)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _refuse_strangers() -> None:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        if authenticate_token(secret.strip()).user.role == Role.ADMIN.value:
            return
        raise UnauthorizedError("Metrics need the token of an administrator.", code="token_unusable")
    if not _is_local():
        raise UnauthorizedError("Send the token of an administrator as Authorization: Bearer hyd_…")


def _is_local() -> bool:
    try:
        is_loopback = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
    return is_loopback and not any(name in request.headers for name in FORWARDED)


class MeasuresCollector(Collector):
    """The figures of one moment as metrics."""

    def __init__(self, system_measures: SystemMeasures) -> None:
        self._measures = system_measures

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield from self._jobs()
        yield from self._machine()

    def _jobs(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("hydroml_jobs", "Jobs that wait or run.", labels=("kind", "state"))
        oldest = GaugeMetricFamily(
            "hydroml_oldest_job_seconds", "Time that the oldest job has waited or run.", labels=("kind", "state")
        )
        for current in self._measures.queue:
            depth.add_metric((current.kind, current.state), current.count)
            oldest.add_metric((current.kind, current.state), current.oldest_seconds)
        ended = SummaryMetricFamily("hydroml_job_seconds", "Time that ended jobs took.", labels=("kind", "state"))
        for total in self._measures.jobs:
            ended.add_metric((total.kind, total.state), total.count, total.seconds)
        yield from (depth, oldest, ended)
        if self._measures.workers is not None:
            workers = GaugeMetricFamily("hydroml_workers", "Workers, alive or lost.", labels=("state",))
            workers.add_metric(("alive",), self._measures.workers.alive)
            workers.add_metric(("lost",), self._measures.workers.lost)
            yield workers
        funnel = CounterMetricFamily("hydroml_usage_events", "Events of usage by kind.", labels=("kind",))
        for kind, count in self._measures.funnel.items():
            funnel.add_metric((kind,), count)
        yield funnel

    def _machine(self) -> Iterator[Metric]:
        parts = GaugeMetricFamily("hydroml_part_up", "Whether a part does its work.", labels=("part",))
        for name, is_whole in self._measures.parts.items():
            parts.add_metric((name,), float(is_whole))
        yield parts
        if self._measures.cache is not None:
            question = CounterMetricFamily("hydroml_cache_requests", "Questions to the cache.", labels=("result",))
            question.add_metric(("hit",), self._measures.cache.hits)
            question.add_metric(("miss",), self._measures.cache.misses)
            yield question
        if self._measures.disk_free_bytes is not None and self._measures.disk_total_bytes is not None:
            yield GaugeMetricFamily("hydroml_disk_free_bytes", "Room on the disk.", self._measures.disk_free_bytes)
            yield GaugeMetricFamily("hydroml_disk_bytes", "Size of the disk.", self._measures.disk_total_bytes)
