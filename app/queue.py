"""The only access to Redis and RQ, with short time limits and without exceptions: queue entries and lookups."""

from __future__ import annotations

import functools
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app

log = logging.getLogger(__name__)

T = TypeVar("T")
# Reading files is a service of its own, with workers of its own where one wants them; short work has a queue of its
# own too, so that neither a training of hours nor a matrix of thousands of columns stands in the way of either.
ANALYSIS, QUICK, MEASURE, TRAIN = "analysis", "quick", "measure", "train"
ALL_QUEUES = (ANALYSIS, QUICK, MEASURE, TRAIN)
CONNECT_SECONDS = 0.5
# After a failure nobody asks again for this long, so that pages stay quick while the server is away.
REST_SECONDS = 5.0
KEEP_SECONDS = 3600
# How long a result waits to be stored while the database is busy or the disk full; RQ must not end it before.
STORE_SECONDS = 1200.0
# What Redis takes for a time; a limit beyond a month is none.
MAX_SECONDS = 31 * 24 * 3600
GRACE_SECONDS = int(STORE_SECONDS) + 60
MIN_WORKERS = 3
# Between the id of a job and what tells one of its entries from another; RQ takes letters, digits, "_" and "-".
ENTRY_SEPARATOR = "_"


def queues_of_workers(workers: int) -> tuple[tuple[str, ...], ...]:
    """Return the queues that each of so many workers serves, first things first; there are three workers at least.

    The last takes nothing long, so that what a page waits for never waits for a matrix or a training. The one before it
    takes no training, so that a matrix never waits for hours.
    """
    every = max(MIN_WORKERS, workers) - 2
    return (ALL_QUEUES,) * every + ((ANALYSIS, QUICK, MEASURE), (QUICK, ANALYSIS))


@dataclass
class _CircuitBreaker:
    until: float = 0.0


_breaker = _CircuitBreaker()


@functools.lru_cache(maxsize=4)
def connect(url: str) -> Any:
    """Return a connection to the Redis-protocol server, with short patience."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # The client's own retries, with pauses of seconds between them, would hold up whoever waits for a page.
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS, retry=once)


def _redis_url() -> str | None:
    url: str | None = current_app.extensions["hydroml_settings"].redis_url
    return url


def enqueue(job_id: uuid.UUID, *, queue: str, function: str, seconds: int) -> bool:
    """Make a queue entry, which wakes a worker; False when the server is away.

    `seconds` is how long the job may take; RQ ends what overruns it and does not end by itself.
    """

    def make_entry(server: Any) -> bool:
        from rq import Queue
        from rq.serializers import JSONSerializer

        Queue(queue, connection=server, serializer=JSONSerializer).enqueue(
            function,
            str(job_id),
            job_id=f"{job_id}{ENTRY_SEPARATOR}{uuid.uuid4().hex}",
            job_timeout=max(0, min(seconds, MAX_SECONDS)) + GRACE_SECONDS,
            result_ttl=0,
            failure_ttl=KEEP_SECONDS,
        )
        return True

    return bool(ask(make_entry))


def enqueued_ids() -> frozenset[str] | None:
    """Return the ids of the jobs that have an entry no worker has taken yet; None when the server is away."""

    def read(server: Any) -> frozenset[str]:
        from rq import Queue

        entries = (
            raw.decode()
            for name in ALL_QUEUES
            for raw in server.lrange(Queue.redis_queue_namespace_prefix + name, 0, -1)
        )
        return frozenset(entry.partition(ENTRY_SEPARATOR)[0] for entry in entries)

    return ask(read)


def ask(question: Callable[[Any], T]) -> T | None:
    """Put a question to the Redis-protocol server; None when it is away, and nobody asks again for a while."""
    url = _redis_url()
    if url is None or time.monotonic() < _breaker.until:
        return None
    from redis.exceptions import RedisError

    try:
        return question(connect(url))
    except (RedisError, OSError) as fault:
        _breaker.until = time.monotonic() + REST_SECONDS
        log.warning("the queue cannot be reached: %s", fault)
        return None


def is_reachable() -> bool:
    """Return whether the Redis-protocol server answers."""
    url = _redis_url()
    if url is None:
        return False
    from redis.exceptions import RedisError

    try:
        return bool(connect(url).ping())
    except (RedisError, OSError):
        return False


def forget_failures() -> None:
    """Ask again at once, for tests and for a fresh start."""
    _breaker.until = 0.0
