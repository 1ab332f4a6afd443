"""The only door to Redis and RQ, which never waits long or raises: a job is rung by dotted name, with its id only."""

from __future__ import annotations

import functools
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app

from app.domain.vocabulary import JobKind

log = logging.getLogger(__name__)

T = TypeVar("T")
# Reading files is a service of its own, with workers of its own where one wants them; short work has a queue of its
# own too, so that neither a training of hours nor a matrix of thousands of columns stands in the way of either.
ANALYSIS, QUICK, MEASURE, TRAIN = "analysis", "quick", "measure", "train"
ALL_QUEUES = (ANALYSIS, QUICK, MEASURE, TRAIN)
QUEUES = {
    JobKind.ANALYSE: ANALYSIS,
    JobKind.ASSOCIATE: QUICK,
    JobKind.CALIBRATE: QUICK,
    JobKind.CORRELATE: MEASURE,
    JobKind.RANK: MEASURE,
    JobKind.RECOMMEND: QUICK,
    JobKind.TRAIN: TRAIN,
}
FUNCTIONS = {
    JobKind.ANALYSE: "workers.jobs.analyse.analyse",
    JobKind.ASSOCIATE: "workers.jobs.measure.measure",
    JobKind.CALIBRATE: "workers.jobs.measure.measure",
    JobKind.CORRELATE: "workers.jobs.measure.measure",
    JobKind.RANK: "workers.jobs.measure.measure",
    JobKind.RECOMMEND: "workers.jobs.measure.measure",
    JobKind.TRAIN: "workers.jobs.train.train",
}
CONNECT_SECONDS = 0.5
# After a failure nobody asks again for this long, so that pages stay quick while the server is away.
REST_SECONDS = 5.0
KEEP_SECONDS = 3600
# How long a result waits to be stored while the database is busy or the disk full; RQ must not end it before.
STORE_SECONDS = 1200.0
# What Redis takes for a time; a limit beyond a month is none.
LONGEST_SECONDS = 31 * 24 * 3600
GRACE_SECONDS = int(STORE_SECONDS) + 60
LEAST_WORKERS = 3
# Between the id of a job and what tells one of its bells from another; RQ takes letters, digits, "_" and "-".
BELL = "_"


def served(workers: int) -> tuple[tuple[str, ...], ...]:
    """Return what each of so many workers serves, first things first; there are three at least.

    The last takes nothing long, so that what a page waits for never waits for a matrix or a training. The one before it
    takes no training, so that a matrix never waits for hours.
    """
    every = max(LEAST_WORKERS, workers) - 2
    return (ALL_QUEUES,) * every + ((ANALYSIS, QUICK, MEASURE), (QUICK, ANALYSIS))


@dataclass
class _Breaker:
    until: float = 0.0


_breaker = _Breaker()


@functools.lru_cache(maxsize=4)
def connection(url: str) -> Any:
    """Return a connection to the Redis-protocol server, with short patience."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # The client's own retries, with pauses of seconds between them, would hold up whoever waits for a page.
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS, retry=once)


def _url() -> str | None:
    url: str | None = current_app.extensions["hydroml_settings"].redis_url
    return url


def ring(job_id: uuid.UUID, kind: JobKind, *, seconds: int) -> bool:
    """Wake a worker for this job; False when the server is away, and the sweeper rings again later.

    `seconds` is how long it may take; RQ ends what overruns it and does not end by itself.
    """

    def enqueue(server: Any) -> bool:
        from rq import Queue
        from rq.serializers import JSONSerializer

        queue = Queue(QUEUES[kind], connection=server, serializer=JSONSerializer)
        queue.enqueue(
            FUNCTIONS[kind],
            str(job_id),
            job_id=f"{job_id}{BELL}{uuid.uuid4().hex}",
            job_timeout=max(0, min(seconds, LONGEST_SECONDS)) + GRACE_SECONDS,
            result_ttl=0,
            failure_ttl=KEEP_SECONDS,
        )
        return True

    return bool(ask(enqueue))


def waiting() -> frozenset[str] | None:
    """Return the ids of the jobs whose bell no worker has heard yet; None when the server is away."""

    def read(server: Any) -> frozenset[str]:
        from rq import Queue

        rung = (
            raw.decode()
            for name in ALL_QUEUES
            for raw in server.lrange(Queue.redis_queue_namespace_prefix + name, 0, -1)
        )
        return frozenset(bell.partition(BELL)[0] for bell in rung)

    return ask(read)


def ask(question: Callable[[Any], T]) -> T | None:
    """Put a question to the Redis-protocol server; None when it is away, and nobody asks again for a while."""
    url = _url()
    if url is None or time.monotonic() < _breaker.until:
        return None
    from redis.exceptions import RedisError

    try:
        return question(connection(url))
    except (RedisError, OSError) as fault:
        _breaker.until = time.monotonic() + REST_SECONDS
        log.warning("the queue cannot be reached: %s", fault)
        return None


def is_reachable() -> bool:
    """Say whether the Redis-protocol server answers."""
    url = _url()
    if url is None:
        return False
    from redis.exceptions import RedisError

    try:
        return bool(connection(url).ping())
    except (RedisError, OSError):
        return False


def forget_failures() -> None:
    """Ask again at once, for tests and for a fresh start."""
    _breaker.until = 0.0
